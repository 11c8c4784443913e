package score

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"distrolab/distros"
)

func day() time.Time { return time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC) }

// system makes an entry whose facts have the classes given.
func system(name string, classes map[string]string) distros.Distro {
	d := distros.Distro{Name: name, Title: strings.ToUpper(name), Kind: distros.KindVendor, Support: distros.Support{State: "maintained"}}
	for _, key := range slices.Sorted(maps.Keys(classes)) {
		d.Facts = append(d.Facts, distros.Fact{Key: key, Class: classes[key], Value: classes[key] + ", in words", Source: "a/b:" + key, Checked: "2026-08-21"})
		if key == supportKey {
			d.Support.State = classes[key]
		}
	}
	return d
}

// fixtures are three systems that the small profile tells apart.
func fixtures() []distros.Distro {
	return []distros.Distro{
		system("full", map[string]string{"support": "maintained", "shell": "full", "ssh": "yes", "nature": "general"}),
		system("half", map[string]string{"support": "extended", "shell": "container", "ssh": "no", "nature": "container-os"}),
		system("built", map[string]string{"support": "maintained", "shell": "full", "ssh": "yes", "nature": "kit"}),
	}
}

func fact(d *distros.Distro, key string) *distros.Fact {
	i := slices.IndexFunc(d.Facts, func(f distros.Fact) bool { return f.Key == key })
	return &d.Facts[i]
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestTotalsAreTheWeightedGrades(t *testing.T) {
	r := Rank(parse(t, small), Input{Systems: fixtures(), Day: day()})
	if len(r.Ranking) != 2 || r.Ranking[0].Distro != "full" || r.Ranking[1].Distro != "half" {
		t.Fatalf("the ranking is %+v", r.Ranking)
	}
	near(t, "the total of full", r.Ranking[0].Total, 100)
	// Of 15: support 10 × 0.5, shell two thirds of 5 × 0.5, ssh nothing.
	near(t, "the total of half", r.Ranking[1].Total, 100*(5+5.0/3)/15)
	var left []string
	for _, c := range r.Criteria {
		left = append(left, c.LeftOut)
	}
	if diff := cmp.Diff([]string{"", "", "not counted: measured of 0 of these systems, and it takes two to compare"}, left); diff != "" {
		t.Error(diff)
	}
}

func TestCostsSayWhereASystemLosesInItsOwnWords(t *testing.T) {
	r := Rank(parse(t, small), Input{Systems: fixtures(), Day: day()})
	half := r.Ranking[1]
	var got []string
	for _, c := range half.Costs {
		got = append(got, c.Criterion+"/"+c.Title+": "+c.Value)
	}
	want := []string{"support/Maintained: extended, in words", "manage/Shell: container, in words", "manage/SSH: no, in words"}
	if diff := cmp.Diff(want, got); diff != "" || half.Against != "full" {
		t.Errorf("against %q:\n%s", half.Against, diff)
	}
	near(t, "the first cost", half.Costs[0].Points, 100*5.0/15)
	if len(half.Gains) > 0 || r.Ranking[0].Against != "" || len(r.Ranking[0].Costs) > 0 {
		t.Errorf("full is the best in all: %+v, %+v", half.Gains, r.Ranking[0])
	}
}

func TestDisqualifiedSystemsAreNotRanked(t *testing.T) {
	r := Rank(parse(t, small), Input{Systems: fixtures(), Day: day()})
	if len(r.Disqualified) != 1 || r.Disqualified[0].Distro != "built" || r.Disqualified[0].Rank != 0 {
		t.Fatalf("%+v", r.Disqualified)
	}
	want := []Reason{{Reason: "It must be built first.", Key: "nature", Title: titleOf("nature"), Class: "kit", Value: "kit, in words", Source: "a/b:nature"}}
	if diff := cmp.Diff(want, r.Disqualified[0].Reasons); diff != "" {
		t.Error(diff)
	}
}

func TestUnconfirmedFactsNeitherScoreNorDisqualify(t *testing.T) {
	systems := fixtures()
	built := &systems[2]
	fact(built, "nature").Unconfirmed = true
	fact(built, "shell").Unconfirmed = true
	r := Rank(parse(t, small), Input{Systems: systems, Day: day()})
	p := placeOf(r, "built")
	if p.Rank == 0 || len(p.Doubts) != 1 {
		t.Fatalf("built must be ranked, in doubt: %+v", p)
	}
	near(t, "the total without the shell", p.Total, 100*(10+5.0/3)/15)
	if p.Unknown.Count != 1 {
		t.Errorf("unknown: %+v", p.Unknown)
	}
	near(t, "what the unknown may cost", p.Unknown.Gain, 100*(10.0/3)/15)
	shell := p.Criteria[1].Answers[0]
	if !shell.Unknown || !shell.Unconfirmed || shell.Class != "full" || shell.Grade != 0 {
		t.Errorf("the shell's answer: %+v", shell)
	}
	if diff := cmp.Diff([]string{"built"}, r.Sensitivity.CouldLead); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownHasTheGradeOfTheProfile(t *testing.T) {
	p := parse(t, strings.Replace(small, "grades: {maintained: 1, extended: 0.5}", "grades: {maintained: 1, extended: 0.5, ended: 0.2}\n    unknown: 0.6", 1))
	d := system("silent", nil)
	d.Support.State = "unconfirmed"
	place := Rank(p, Input{Systems: []distros.Distro{d}, Day: day()}).Ranking[0]
	near(t, "the total", place.Total, 100*6.0/15)
	near(t, "the possible gain", place.Unknown.Gain, 100*(4.0+5)/15)
	near(t, "the possible loss", place.Unknown.Loss, 100*4.0/15) // a class without a grade there is none but 0.2
}

func TestSupportIsJudgedOnTheDay(t *testing.T) {
	systems := fixtures()
	systems[0].Support.Until = "2026-11-25"
	now := placeOf(Rank(parse(t, small), Input{Systems: systems, Day: day()}), "full")
	support := now.Criteria[0].Answers[0]
	if support.Class != "ended" || support.Value != "ended 2026-11-25; when checked: maintained, in words" {
		t.Errorf("%+v", support)
	}
	near(t, "the total after", now.Total, 100*5.0/15)
	before := placeOf(Rank(parse(t, small), Input{Systems: systems, Day: day().AddDate(0, -1, 0)}), "full")
	near(t, "the total before", before.Total, 100)
}

func placeOf(r Result, name string) Place {
	all := slices.Concat(r.Ranking, r.Disqualified)
	return all[slices.IndexFunc(all, func(p Place) bool { return p.Distro == name })]
}

func TestEqualTotalsShareARank(t *testing.T) {
	systems := fixtures()[:2]
	systems = append(systems, systems[0], systems[1])
	systems[2].Name, systems[3].Name = "same", "last"
	r := Rank(parse(t, small), Input{Systems: systems, Day: day()})
	var got []string
	for _, p := range r.Ranking {
		got = append(got, strings.Repeat("=", map[bool]int{true: 1}[p.Tied])+string(rune('0'+p.Rank))+" "+p.Distro)
	}
	if diff := cmp.Diff([]string{"=1 full", "=1 same", "=3 half", "=3 last"}, got); diff != "" {
		t.Error(diff)
	}
	if !r.Sensitivity.Tied || len(r.Sensitivity.Flips) > 0 {
		t.Errorf("%+v", r.Sensitivity)
	}
}

func measured(values map[string]float64) Measurements {
	m := Measurements{}
	for name, v := range values {
		m[name] = map[Measure]Measurement{Boot: {Value: v, Text: "measured", Source: "session"}}
	}
	return m
}

func TestMeasurementsCountForTheirOwnSystemOnly(t *testing.T) {
	p := parse(t, small)
	in := Input{Systems: fixtures(), Day: day(), Measured: measured(map[string]float64{"full": 35, "half": 5, "built": 1, "full-standin": 1})}
	r := Rank(p, in)
	near(t, "full, halfway from 60 to 10", r.Ranking[0].Criteria[2].Grade, 0.5)
	near(t, "half, better than the best", r.Ranking[1].Criteria[2].Grade, 1)
	near(t, "the total", r.Ranking[0].Total, 100*(15+1.5)/18)

	p.Criteria[2].Best, p.Criteria[2].Worst = nil, nil
	r = Rank(p, in)
	near(t, "seven times the best of those ranked", r.Ranking[0].Criteria[2].Grade, 5.0/35)

	delete(in.Measured, "half")
	if r = Rank(p, in); r.Criteria[2].LeftOut == "" || r.Ranking[0].Criteria[2].Max != 0 {
		t.Errorf("one measured system was compared with nothing: %+v", r.Criteria[2])
	}
}

func TestMeasurementsThatNeverEndedAreUnknown(t *testing.T) {
	in := Input{Systems: fixtures(), Day: day(), Measured: measured(map[string]float64{"full": math.Inf(1), "half": math.NaN()})}
	if r := Rank(parse(t, small), in); r.Criteria[2].LeftOut == "" {
		t.Errorf("%+v", r.Criteria[2])
	}
	in.Measured = measured(map[string]float64{"full": 0, "half": 0})
	p := parse(t, small)
	p.Criteria[2].Best, p.Criteria[2].Worst = nil, nil
	near(t, "nothing against nothing", Rank(p, in).Ranking[0].Total, 100)
}

func TestSelectionKeepsWhatIsNotKnownToDiffer(t *testing.T) {
	p := parse(t, strings.Replace(small, "kind: [vendor]", "kind: [vendor]\n  nature: [kit]", 1))
	systems := append(fixtures(), system("silent", nil), system("home", map[string]string{"nature": "kit"}))
	systems[4].Kind = distros.KindLocal
	var got []string
	for _, d := range p.Select(systems, day()) {
		got = append(got, d.Name)
	}
	if diff := cmp.Diff([]string{"built", "silent"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestGuestsBuiltHereAreCalledSo(t *testing.T) {
	systems := fixtures()[:2]
	systems[0].Kind, systems[1].Kind = distros.KindStandIn, distros.KindLocal
	notes := strings.Join(Rank(parse(t, small), Input{Systems: systems, Day: day()}).Notes, "\n")
	for _, want := range []string{"FULL is a stand-in", "HALF is built on this machine"} {
		if !strings.Contains(notes, want) {
			t.Errorf("%s\ndoes not say %q", notes, want)
		}
	}
}

func TestNothingToRank(t *testing.T) {
	p := parse(t, small)
	if r := Rank(p, Input{Day: day()}); len(r.Ranking) > 0 || len(r.Sensitivity.Flips) > 0 {
		t.Errorf("%+v", r)
	}
	r := Rank(p, Input{Systems: fixtures()[2:], Day: day()})
	if len(r.Disqualified) != 1 || r.Disqualified[0].Against != "" {
		t.Errorf("%+v", r)
	}
	r = Rank(p, Input{Systems: fixtures()[:1], Day: day()})
	for _, f := range r.Sensitivity.Flips {
		if f.At != nil {
			t.Errorf("alone, yet %+v", f)
		}
	}
}

func TestFlipsAreExact(t *testing.T) {
	// a leads by 10 − 4; ssh is where b is better.
	p := parse(t, "name: mine\ntitle: a\nfor: b\ncriteria:\n- {key: shell, weight: 10, grades: {full: 1}}\n- {key: ssh, weight: 4, grades: {\"yes\": 1}}\n- {key: init, weight: 3, grades: {systemd: 1}}\n")
	r := Rank(p, Input{Day: day(), Systems: []distros.Distro{
		system("a", map[string]string{"shell": "full", "ssh": "no", "init": "systemd"}),
		system("b", map[string]string{"shell": "none", "ssh": "yes", "init": "systemd"}),
	}})
	four, ten := 4.0, 10.0
	want := []Flip{
		{Criterion: "shell", Title: "Shell", Weight: 10, At: &four, To: "b"},
		{Criterion: "ssh", Title: "SSH", Weight: 4, At: &ten, To: "b"},
		{Criterion: "init", Title: "Init", Weight: 3},
	}
	if diff := cmp.Diff(want, r.Sensitivity.Flips); diff != "" {
		t.Error(diff)
	}
}

func TestAWeightThatWouldHaveToFallBelowNothingIsNoFlip(t *testing.T) {
	p := parse(t, "name: mine\ntitle: a\nfor: b\ncriteria:\n- {key: shell, weight: 10, grades: {full: 1}}\n")
	r := Rank(p, Input{Day: day(), Systems: []distros.Distro{
		system("a", map[string]string{"shell": "full"}), system("b", map[string]string{"shell": "none"}),
	}})
	if f := r.Sensitivity.Flips[0]; f.At != nil {
		t.Errorf("%+v", f)
	}
}
