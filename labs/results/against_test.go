package results_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"distrolab/labs/results"
)

// scaled returns the session with every time that often as long, on one host.
func scaled(blocks int, by map[string]float64) (results.Session, []results.Run) {
	s, runs := session(blocks)
	for i := range runs {
		runs[i].Env.Fingerprint = "host"
		for j := range runs[i].Events {
			if factor, ok := by[runs[i].Subject.OS]; ok {
				runs[i].Events[j].T = time.Duration(float64(runs[i].Events[j].T) * factor)
			}
		}
	}
	return s, runs
}

func against(t *testing.T, before, after []results.Run) results.Versus {
	t.Helper()
	a, _ := session(10)
	b := a
	b.ID = "s2"
	return results.Against(a, b, results.Summarise(a, before), results.Summarise(b, after))
}

func row(t *testing.T, v results.Versus, label string) results.VersusRow {
	t.Helper()
	i := slices.IndexFunc(v.Rows, func(r results.VersusRow) bool { return r.Label == label })
	if i < 0 {
		t.Fatalf("no row of %s: %+v", label, v)
	}
	return v.Rows[i]
}

func TestRegressionsBetweenSessions(t *testing.T) {
	_, before := scaled(10, nil)
	for _, c := range []struct {
		name           string
		by             map[string]float64
		judged, debian results.Judgement
		says           string
	}{
		{"the same", nil, results.JudgedPass, results.JudgedPass, "no difference above 1.5 %"},
		{"half as slow again", map[string]float64{"debian": 1.5}, results.JudgedRegression, results.JudgedRegression, "about 50 % slower, between 4"},
		{"three times", map[string]float64{"debian": 3}, results.JudgedRegression, results.JudgedRegression, "about 3.00 times as long, between 2.9"},
		{"faster", map[string]float64{"debian": 0.8, "standin": 0.8}, results.JudgedImprovement, results.JudgedImprovement, "about 20 % faster, between "},
		{"four times as fast", map[string]float64{"debian": 0.25}, results.JudgedPass, results.JudgedImprovement, "about 4.00 times as fast, between 3.9"},
		{"certain, and too small to count", map[string]float64{"debian": 1.03}, results.JudgedPass, results.JudgedPass, "about 3 % slower, between "},
	} {
		_, after := scaled(10, c.by)
		v := against(t, before, after)
		r := row(t, v, "debian")
		if v.Judgement != c.judged || r.Judgement != c.debian || !strings.HasPrefix(r.Verdict, c.says) {
			t.Errorf("%s: judged %s, debian %s: %q", c.name, v.Judgement, r.Judgement, r.Verdict)
		}
		if r.Holm == nil || r.Detectable == nil || v.Unjudged != "" || len(v.Limits) > 0 {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}

func TestSmallChangesOfShortBootsAreNoRegressions(t *testing.T) {
	_, before := scaled(10, nil)
	_, after := scaled(10, nil)
	for _, runs := range [][]results.Run{before, after} {
		for i := range runs {
			runs[i].Events[4].T = time.Second + 500*time.Millisecond + time.Duration(runs[i].Block)*time.Millisecond
		}
	}
	for i := range after { // 15 % of half a second
		after[i].Events[4].T += 75 * time.Millisecond
	}
	if r := row(t, against(t, before, after), "debian"); r.Judgement != results.JudgedPass || !strings.HasPrefix(r.Verdict, "about 15 % slower") {
		t.Errorf("75 ms: %s, %q", r.Judgement, r.Verdict)
	}
	for i := range after {
		after[i].Events[4].T += 75 * time.Millisecond
	}
	if r := row(t, against(t, before, after), "debian"); r.Judgement != results.JudgedRegression {
		t.Errorf("150 ms: %s, %q", r.Judgement, r.Verdict)
	}
}

func TestASystemThatNoLongerFinishesRegressed(t *testing.T) {
	_, before := scaled(10, nil)
	_, after := scaled(10, nil)
	for i := range after {
		if after[i].Subject.OS == "standin" {
			after[i].Outcome, after[i].Events = results.OutcomeTimeout, after[i].Events[:3]
		}
	}
	r := row(t, against(t, before, after), "standin")
	if r.Judgement != results.JudgedRegression || r.Verdict != "slower: at least half of the runs did not finish" {
		t.Errorf("%s: %q", r.Judgement, r.Verdict)
	}
	if back := row(t, against(t, after, before), "standin"); back.Judgement != results.JudgedImprovement {
		t.Errorf("mended: %s: %q", back.Judgement, back.Verdict)
	}
}

func TestFewRunsAreOpen(t *testing.T) {
	_, before := scaled(10, nil)
	_, after := scaled(2, map[string]float64{"debian": 3})
	v := against(t, before, after)
	if r := row(t, v, "debian"); r.Judgement != results.JudgedOpen || r.Verdict != "cannot tell yet: an interval needs 6 runs of each, there are 2" {
		t.Errorf("two runs: %s, %q", r.Judgement, r.Verdict)
	}
	// 7 blocks: the interval excludes 1, the smallest p-value is 2/C(14,7), above 0.01 by blocks only.
	s, runs := scaled(7, map[string]float64{"standin": 2})
	within, err := results.Within(s, runs, "debian")
	if err != nil || within.Judgement != results.JudgedOpen {
		t.Errorf("7 blocks: %s, %v", within.Judgement, err)
	}
	s, runs = scaled(8, map[string]float64{"standin": 2})
	if within, err = results.Within(s, runs, "debian"); err != nil || within.Judgement != results.JudgedRegression {
		t.Errorf("8 blocks: %s, %v", within.Judgement, err)
	}
}

func TestOtherHostsAndConditionsAreNotJudged(t *testing.T) {
	_, before := scaled(10, nil)
	for name, change := range map[string]func(*results.Run){
		"The hosts differ":                    func(r *results.Run) { r.Env.Fingerprint = "other" },
		"The host of a session is not known":  func(r *results.Run) { r.Env.Fingerprint = "" },
		"The conditions differ":               func(r *results.Run) { r.VM.Accel = "kvm" },
		"They measure different things":       func(r *results.Run) { r.Scenario = results.SecondBoot },
		"The conditions differ: a ratio tell": func(r *results.Run) { r.Cache.State = "cold" },
	} {
		_, after := scaled(10, map[string]float64{"debian": 2})
		for i := range after {
			change(&after[i])
		}
		v := against(t, before, after)
		r := row(t, v, "debian")
		if !strings.HasPrefix(v.Unjudged, name) || v.Judgement != results.JudgedNot || r.Judgement != results.JudgedNot || len(v.Limits) != 1 {
			t.Errorf("%s: %q, %s", name, v.Unjudged, v.Judgement)
		}
		if strings.Contains(r.Verdict, "slower") || strings.Contains(r.Verdict, "faster") {
			t.Errorf("%s: %q ranks", name, r.Verdict)
		}
	}
	ci, _ := session(10)
	ci.Mode = results.ModeCI
	c := results.Summarise(ci, before)
	if v := results.Against(ci, ci, c, c); !strings.HasPrefix(v.Unjudged, "A session of mode ci") {
		t.Errorf("mode ci: %q", v.Unjudged)
	}
	if v, err := results.Within(ci, before, ""); err != nil || v.Judgement != results.JudgedRegression {
		t.Errorf("mode ci, within: %+v, %v", v.Judgement, err)
	}
	none := against(t, before, nil)
	if len(none.Rows) != 0 || len(none.Limits) != 1 || none.Judgement != results.JudgedNot {
		t.Errorf("no runs: %+v", none)
	}
}

func TestWhatDiffersIsNamed(t *testing.T) {
	a, before := scaled(10, nil)
	b, after := scaled(10, nil)
	a.Env = results.Environment{CPUModel: "old", Kernel: "6.1", Cores: new(2)}
	b.Env = results.Environment{CPUModel: "new", Kernel: "6.1", Cores: new(4)}
	b.Env.Volatile.Load1 = new(3.0)
	for i := range after {
		after[i].Subject.Version = "14"
	}
	v := results.Against(a, b, results.Summarise(a, before), results.Summarise(b, after))
	want := []results.Difference{{Name: "CPU", A: "old", B: "new"}, {Name: "cores", A: "2", B: "4"}, {Name: "debian: version", A: "13", B: "14"}, {Name: "standin: version", A: "13", B: "14"}}
	if !slices.Equal(v.Differs, want) {
		t.Errorf("differs %+v, want %+v", v.Differs, want)
	}
}

func TestSystemsOfOneSessionAgainstItsBaseline(t *testing.T) {
	s, runs := scaled(10, nil) // the stand-in takes 1.4 times as long
	v, err := results.Within(s, runs, "")
	if err != nil || v.Baseline != "debian" || len(v.Rows) != 1 {
		t.Fatalf("%+v, %v", v, err)
	}
	if r := v.Rows[0]; r.Judgement != results.JudgedRegression || r.Verdict != "about 40 % slower" || r.Ratio.N != 10 {
		t.Errorf("stand-in: %s, %q", r.Judgement, r.Verdict)
	}
	v, err = results.Within(s, runs, "standin")
	if err != nil || v.Baseline != "standin" || v.Rows[0].Judgement != results.JudgedImprovement || v.Rows[0].Verdict != "about 29 % faster" {
		t.Errorf("against the stand-in: %+v, %v", v.Rows, err)
	}
	for _, name := range []string{"flatcar", "Debian"} {
		if _, err := results.Within(s, runs, name); err == nil || !strings.Contains(err.Error(), "debian, standin") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := results.Within(s, nil, ""); err == nil {
		t.Error("a session without runs was compared")
	}
	alone := slices.DeleteFunc(slices.Clone(runs), func(r results.Run) bool { return r.Subject.OS != "debian" })
	if _, err := results.Within(s, alone, ""); err == nil {
		t.Error("a system was compared with itself")
	}
	data, err := json.Marshal(v)
	if err != nil || !strings.Contains(string(data), `"schema":"distrolab.versus/1"`) {
		t.Errorf("JSON: %v", err)
	}
}

// noisy returns blocks of equal systems, whose times vary by the given share and
// which share the moods of their block.
func noisy(rng *rand.Rand, systems, blocks int, cv float64) (results.Session, []results.Run) {
	s := results.Session{ID: "s1"}
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h"}[:systems]
	var runs []results.Run
	for _, name := range names {
		s.Subjects = append(s.Subjects, results.Subject{OS: name})
	}
	for block := 1; block <= blocks; block++ {
		mood := 1 + 0.05*rng.NormFloat64()
		for _, i := range rng.Perm(systems) {
			r := boot(names[i], block, time.Duration(20*mood*(1+cv*rng.NormFloat64())*float64(time.Second)))
			r.Env.Fingerprint = "host"
			runs = append(runs, r)
		}
	}
	return s, runs
}

// TestEqualImagesUnderTwoNames is T7 of the specification: 20 sessions of 20
// blocks, of which at most 3 may call the two different, while the interval of
// the ratio holds 1 in at least 17. Its seed is fixed; the rates behind it are
// in docs/statistics.md.
func TestEqualImagesUnderTwoNames(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	different, holds, regressions := 0, 0, 0
	for range 20 {
		s, runs := noisy(rng, 2, 20, 0.03)
		v, err := results.Within(s, runs, "a")
		if err != nil {
			t.Fatal(err)
		}
		r := v.Rows[0]
		if strings.HasPrefix(r.Verdict, "about") {
			different++
		}
		if r.Ratio.Low <= 1 && 1 <= r.Ratio.High {
			holds++
		}
		if v.Judgement == results.JudgedRegression {
			regressions++
		}
	}
	t.Logf("called different: %d of 20; interval holds 1: %d of 20; regressions: %d", different, holds, regressions)
	if different > 3 || holds < 17 || regressions > 0 {
		t.Errorf("called different %d, interval holds 1 in %d, regressions %d", different, holds, regressions)
	}
}

// TestSeveralEqualSystemsAreSeldomDifferent counts sessions of eight equal
// systems in which one is said to differ from the baseline.
func TestSeveralEqualSystemsAreSeldomDifferent(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 34))
	sessions, wrong := 60, 0
	for range sessions {
		s, runs := noisy(rng, 8, 12, 0.03)
		for _, r := range results.Summarise(s, runs).Tables[0].Rows {
			if strings.HasPrefix(r.Verdict, "about") && !strings.Contains(r.Verdict, "not certain among 7 comparisons") {
				wrong++
				break
			}
		}
	}
	if wrong > 8 { // 5 % are 3; 9 or more happen once in 300 such tests
		t.Errorf("%d of %d sessions call an equal system different", wrong, sessions)
	}
}

func TestWhatMoreBlocksWouldShowIsSaid(t *testing.T) {
	s, runs := noisy(rand.New(rand.NewPCG(35, 36)), 2, 10, 0.08)
	c := results.Summarise(s, runs)
	var says string
	for _, r := range c.Tables[0].Rows {
		says += r.Verdict
	}
	if !strings.HasPrefix(says, "cannot tell at this size: ") || !strings.HasSuffix(says, " more blocks would show 5 %") {
		t.Errorf("verdict %q", says)
	}
	if !strings.Contains(c.Answer, " more blocks would show a difference of 5 %.") {
		t.Errorf("answer %q", c.Answer)
	}
}

func TestTheTailIsGivenFromTwentyNineRuns(t *testing.T) {
	for blocks, want := range map[int]bool{28: false, 29: true} {
		s, runs := session(blocks)
		for _, r := range results.Summarise(s, runs).Tables[0].Rows {
			if got := r.Tail != nil; got != want {
				t.Errorf("%d blocks: tail %+v", blocks, r.Tail)
			}
		}
	}
}

// TestUnfinishedRunsLeaveAnIntervalOpen has a stand-in that does not finish in
// two of ten blocks: how slow it may be is then not known.
func TestUnfinishedRunsLeaveAnIntervalOpen(t *testing.T) {
	for says, by := range map[string]float64{
		"about 40 % slower, at least 40 %": 1, "about 2.80 times as long, at least 2.80": 2,
		"not shown to differ: at most 0.5 % faster and how much slower is open": 1 / 1.4,
	} {
		s, runs := scaled(10, nil)
		for i := range runs {
			r := &runs[i]
			if r.Subject.OS != "standin" {
				continue
			}
			r.Events[4].T = time.Second + time.Duration(float64(r.Events[4].T-time.Second)*by)
			if by < 1 { // equal but for the noise
				r.Events[4].T += time.Duration(r.Block%3-1) * 200 * time.Millisecond
			}
			if r.Block <= 2 {
				r.Outcome, r.Events = results.OutcomeTimeout, r.Events[:4]
			}
		}
		v, err := results.Within(s, runs, "debian")
		if err != nil || v.Rows[0].Verdict != says {
			t.Errorf("%+v, %v, want %q", v.Rows[0].Verdict, err, says)
		}
		if by < 1 && v.Judgement != results.JudgedOpen {
			t.Errorf("judged %s", v.Judgement)
		}
	}
}
