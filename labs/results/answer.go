package results

import (
	"fmt"
	"math"
	"slices"
	"time"

	"distrolab/distros"
	"distrolab/labs/stats"
)

// answer says in one or two sentences what the session found.
func answer(c Comparison) string {
	if len(c.Tables) == 0 {
		return "No measured run was recorded."
	}
	if len(c.Tables) > 1 {
		return fmt.Sprintf("The runs were made under %d different conditions; each has a table of its own and they do not compare.", len(c.Tables))
	}
	t := c.Tables[0]
	first := t.Rows[0]
	switch {
	case !finished(first):
		return fmt.Sprintf("No %s time can be given: %s.", t.Words().Noun, noTimes(t))
	case len(t.Rows) == 1:
		return fmt.Sprintf("%s %s in %s (%s).", first.Label, verb(first), Seconds(first.Primary().Median), precision(first.Primary()))
	}
	return fmt.Sprintf("%s %s in %s (%s). %s", first.Label, verb(first), Seconds(first.Primary().Median),
		precision(first.Primary()), against(t, t.Rows[1]))
}

func finished(r Row) bool {
	m := r.Primary().Median
	return !math.IsNaN(m) && !math.IsInf(m, 0)
}

func noTimes(t Table) string {
	var total, unfinished, tainted int
	for _, r := range t.Rows {
		total, unfinished, tainted = total+r.Total, unfinished+r.Unfinished, tainted+r.Tainted
	}
	return fmt.Sprintf("of %s, %d did not finish and %d are not valid", count(total, "run"), unfinished, tainted)
}

func verb(r Row) string {
	switch {
	case r.Join != nil:
		return "joins"
	case r.Boot.N == 0:
		return "answers on its management port"
	}
	return "boots"
}

func precision(iv stats.Interval) string {
	if !iv.Bounded() {
		return fmt.Sprintf("median of %s, no interval: that needs %d", count(iv.N, "run"), stats.MinimumRuns(stats.Confidence95))
	}
	return fmt.Sprintf("95 %% interval %s s, %s", Range(iv.Low, iv.High), count(iv.N, "run"))
}

// against compares the second row with the first.
func against(t Table, second Row) string {
	if !finished(second) {
		return second.Label + " did not finish often enough to be compared."
	}
	lead := *t.Lead
	text := ""
	switch {
	case !lead.Bounded():
		text = fmt.Sprintf("%s took %s, which is %s times as long; with %s that is not yet certain.", second.Label,
			Seconds(second.Primary().Median), Digits(second.Primary().Median/t.Rows[0].Primary().Median), count(lead.N, "block"))
	case !lead.Differs():
		text = fmt.Sprintf("%s was not shown to differ: it takes %s times as long (95 %% interval %s).",
			second.Label, Digits(lead.Ratio), Range(lead.Low, lead.High))
		if more := lead.RunsFor(worthTelling) - lead.N; more > 0 {
			text += fmt.Sprintf(" %s would show a difference of %s %%.", count(more, "more block"), percent(worthTelling))
		}
	default:
		text = fmt.Sprintf("%s takes %s times as long (95 %% interval %s).",
			second.Label, Digits(lead.Ratio), Range(lead.Low, lead.High))
	}
	if n := len(t.Rows) - 2; n > 0 {
		text += fmt.Sprintf(" The table has %s.", count(n, "more system"))
	}
	return text
}

// banners are the limits that must be read with the numbers.
func banners(c Comparison) []string {
	var list []string
	add := func(text string) {
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	least := stats.MinimumRuns(stats.Confidence95)
	for _, t := range c.Tables {
		if c.Mode == ModeDemo || t.Blocks < least {
			add(fmt.Sprintf("Not a benchmark: %s, and an interval needs %d. Read the timelines, do not rank the systems.", count(t.Blocks, "complete block"), least))
		}
	}
	for _, t := range c.Tables {
		switch t.Accel {
		case "tcg":
			how := "boot many times faster"
			if t.Scenario.Joins() {
				how = "join faster"
			}
			add("Emulated CPU (TCG): these times compare only with each other, on this machine and in this session. With KVM the same systems " + how + ", and not in the same proportion.")
		case "":
			add("The accelerator is not known: these times compare only with each other.")
		}
	}
	return list
}

// steps explains the look of a join's times.
const steps = "Parts of a join wait for what kubeadm and the kubelet look at every 0.1 to 10 s, so that its times may lie in groups: look at every run, not at the median alone."

// notes say what the times are, and name the subjects that are not a vendor's
// image.
func notes(c Comparison) []string {
	var list []string
	add := func(text string) {
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	for _, t := range c.Tables {
		if t.Scenario.Joins() {
			add(t.Words().Means)
			add(steps)
		}
		for _, r := range t.Rows {
			if n := note(r); n != "" && !slices.Contains(list, n) {
				list = append(list, n)
			}
		}
	}
	return list
}

func note(r Row) string {
	switch r.Subject.Kind {
	case distros.KindStandIn:
		what := "another system"
		if r.Subject.StandsFor != "" {
			what = r.Subject.StandsFor
		}
		return fmt.Sprintf("%s is a stand-in for %s, built on this machine; its times are not those of the system it stands for.", r.Label, what)
	case distros.KindLocal:
		return fmt.Sprintf("%s was built on this machine from a distribution's packages; it is not a vendor's image.", r.Label)
	case distros.KindProbe:
		return fmt.Sprintf("%s is a probe guest, not an operating system.", r.Label)
	}
	return ""
}

// held says that somebody paused the session: what the machine did meanwhile is
// not known, and caches may have cooled.
func held(runs []Run) []string {
	times, whole := 0, time.Duration(0)
	for _, r := range runs {
		if r.Held > 0 {
			times++
			whole += r.Held
		}
	}
	if times == 0 {
		return nil
	}
	return []string{fmt.Sprintf("The session was paused %s, for %s in all; the run after a pause may differ from the others.",
		count(times, "time"), max(whole.Round(time.Second), time.Second))}
}

// warnings say why a session may not be sound.
func warnings(c Comparison) []string {
	var list []string
	prints := make(map[string]bool)
	for _, t := range c.Tables {
		prints[t.Fingerprint] = true
		for _, r := range t.Rows {
			if r.Drift.Suspicious && r.Primary().Bounded() {
				list = append(list, r.Label+": the runs drifted while the session went on; repeat it on a quieter machine.")
			}
			if r.Tainted > 0 {
				list = append(list, fmt.Sprintf("%s: %d of %s not valid and in no statistic.", r.Label, r.Tainted, are(r.Total, "run")))
			}
			if r.Unfinished > 0 {
				list = append(list, fmt.Sprintf("%s: %d of %s did not finish; they count as infinitely slow.", r.Label, r.Unfinished, count(r.Total, "run")))
			}
		}
	}
	if len(prints) > 1 {
		list = append(list, "The host changed during the session (its fingerprints differ).")
	}
	return list
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func are(n int, what string) string {
	if n == 1 {
		return "1 " + what + " is"
	}
	return fmt.Sprintf("%d %ss are", n, what)
}
