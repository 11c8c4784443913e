package chart_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"distrolab/distros"
	"distrolab/distros/score"
	"distrolab/tui/chart"
	"distrolab/tui/style"
)

// profile has a criterion of each kind, and a rule.
const profile = `name: nodes
title: Nodes for a test
for: A test, which decides by what can be drawn.
criteria:
  - {key: support, weight: 20, grades: {maintained: 1, extended: 0.5}}
  - name: manage
    title: Cost of moving
    weight: 15
    parts:
      - {key: shell, share: 2, grades: {full: 1, container: 0.5}}
      - {key: ssh, grades: {"yes": 1}}
  - {key: read_only, weight: 10, grades: {root: 1, usr: 0.8}}
  - {measure: boot, weight: 5}
disqualify:
  - {key: nature, is: [kit], reason: It must be built before it can be used.}
`

// ranked ranks a number of made-up systems; every fifth is ruled out, and some
// facts are missing or unconfirmed.
func ranked(t *testing.T, n int) score.Result {
	t.Helper()
	p, err := score.Parse("nodes.yaml", []byte(profile))
	if err != nil {
		t.Fatal(err)
	}
	in := score.Input{Day: time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC), Measured: score.Measurements{}}
	pick := func(i int, of ...string) string { return of[i%len(of)] }
	for i := range n {
		d := distros.Distro{Name: fmt.Sprintf("system-%d", i), Title: fmt.Sprintf("Système %d – \x1b[31mred", i), Kind: distros.KindVendor,
			Support: distros.Support{State: pick(i, "maintained", "maintained", "extended")}}
		for key, class := range map[string]string{
			"shell": pick(i, "full", "container", "none"), "ssh": pick(i, "yes", "no"), "read_only": pick(i, "usr", "root", "root", "none"),
			"nature": pick(i, "general", "general", "general", "container-os", "kit"),
		} {
			d.Facts = append(d.Facts, distros.Fact{Key: key, Class: class, Value: class + "; said in a sentence that is long enough to be cut or broken on a narrow terminal",
				Source: "owner/repository:path/to/a/file.md", Checked: "2026-08-21", Unconfirmed: key == "ssh" && i%3 == 2 || key == "nature" && i == 9})
		}
		in.Systems = append(in.Systems, d)
		if i < 3 {
			in.Measured[d.Name] = map[score.Measure]score.Measurement{score.Boot: {Value: 10 + float64(i), Text: fmt.Sprintf("%d s, 10 runs", 10+i), Source: "session 1"}}
		}
	}
	r := score.Rank(p, in)
	r.Notes = append(r.Notes, "Boot times are medians of session 1.")
	return r
}

func TestScoreLooksAsReviewed(t *testing.T) {
	for _, c := range []struct {
		name           string
		systems, width int
		glyphs         style.Glyphs
		profile        colorprofile.Profile
	}{
		{"score-80-unicode", 5, 80, style.Unicode(), colorprofile.NoTTY},
		{"score-many-120-unicode", 24, 120, style.Unicode(), colorprofile.NoTTY},
		{"score-60-ascii", 5, 60, style.ASCII(), colorprofile.NoTTY},
		{"score-100-16-colours", 5, 100, style.Block(), colorprofile.ANSI},
	} {
		t.Run(c.name, func(t *testing.T) {
			golden(t, c.name, chart.Score(ranked(t, c.systems), c.width, c.glyphs, style.NewStyles(true, c.profile)))
		})
	}
}

func TestWhyLooksAsReviewed(t *testing.T) {
	r := ranked(t, 5)
	golden(t, "why-80-unicode", chart.ScoreWhy(r, r.Ranking[2], 80, style.Unicode(), plain()))
	golden(t, "why-ruled-out-60-ascii", chart.ScoreWhy(r, r.Disqualified[0], 60, style.ASCII(), plain()))
}

func TestScoreKeepsToItsWidth(t *testing.T) {
	results := []score.Result{ranked(t, 0), ranked(t, 1), ranked(t, 2), ranked(t, 5), ranked(t, 24)}
	for _, r := range results {
		for width := 24; width <= 220; width += 7 {
			for _, g := range glyphSets() {
				lines := chart.Score(r, width, g, plain())
				for _, p := range slices.Concat(r.Ranking[:min(1, len(r.Ranking))], r.Disqualified[:min(1, len(r.Disqualified))]) {
					lines = append(lines, chart.ScoreWhy(r, p, width, g, plain())...)
				}
				for _, l := range lines {
					if ansi.StringWidth(l) > width || strings.HasSuffix(l, " ") {
						t.Fatalf("%s at %d: %q", g.Name, width, l)
					}
					if strings.Contains(l, "\x1b") {
						t.Fatalf("%q drives the terminal", l)
					}
				}
			}
		}
	}
}

func TestScoreSaysTiesAndFirmness(t *testing.T) {
	r := ranked(t, 1)
	twin := r.Ranking[0]
	twin.Title = "Twin"
	twin.Criteria = slices.Clone(twin.Criteria)
	twin.Criteria[0].Grade /= 2
	r.Ranking = append(r.Ranking, twin)
	r.Ranking[0].Tied, r.Ranking[1].Tied, r.Sensitivity.Tied = true, true, true
	text := strings.Join(chart.Score(r, 100, style.Unicode(), plain()), "\n")
	for _, want := range []string{"and Twin share the first place", "1=", "It is shared: any change"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s\ndoes not say %q", text, want)
		}
	}
	r.Ranking[1].Criteria = r.Ranking[0].Criteria
	if text := strings.Join(chart.Score(r, 100, style.Unicode(), plain()), "\n"); !strings.Contains(text, "alike in everything") {
		t.Errorf("%s\ndoes not say that they are alike", text)
	}

	at := func(v float64) *float64 { return &v }
	for want, flip := range map[string]score.Flip{
		"Firm: no single weight, however": {Weight: 10},
		"Firm: no single weight changes":  {Weight: 10, At: at(20.1), To: "system-0"},
		"Fairly firm":                     {Weight: 10, At: at(7), To: "system-0"},
		"Not firm":                        {Weight: 10, At: at(11), To: "system-0"},
	} {
		r.Sensitivity = score.Sensitivity{Flips: []score.Flip{flip}}
		if text := strings.Join(chart.Score(r, 100, style.Unicode(), plain()), "\n"); !strings.Contains(text, want) {
			t.Errorf("%+v: %s\ndoes not say %q", flip, text, want)
		}
	}
}
