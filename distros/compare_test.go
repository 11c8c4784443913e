package distros

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func criterionOf(t *testing.T, key string) Criterion {
	t.Helper()
	c, ok := criterion(key)
	if !ok {
		t.Fatalf("there is no criterion %s", key)
	}
	return c
}

func TestCompareKeepsSourcesAndGaps(t *testing.T) {
	a := Distro{Name: "a", Title: "A", Kind: KindVendor, Facts: []Fact{
		{Key: "ssh", Value: "yes", Source: "a/a:ssh", Checked: "2026-01-01"},
		{Key: "shell", Value: "bash", Source: "a/a:sh", Checked: "2026-01-01"},
	}}
	b := Distro{Name: "b", Title: "B", Kind: KindVendor, Facts: []Fact{
		{Key: "shell", Value: "bash", Checked: "2026-02-02", Unconfirmed: true},
	}}
	var shell, ssh Row
	for _, row := range Compare([]Distro{a, b}, on(t, "2026-11-26")).Rows {
		switch row.Key {
		case "shell":
			shell = row
		case "ssh":
			ssh = row
		case "cli":
			t.Error("a criterion that nobody answers has a row")
		}
	}
	wantShell := Row{criterionOf(t, "shell"), []Cell{
		{Value: "bash", Source: "a/a:sh", Checked: "2026-01-01"},
		{Value: "bash", Checked: "2026-02-02", Unconfirmed: true},
	}}
	if diff := cmp.Diff(wantShell, shell); diff != "" {
		t.Error(diff)
	}
	wantSSH := Row{criterionOf(t, "ssh"), []Cell{{Value: "yes", Source: "a/a:ssh", Checked: "2026-01-01"}, {}}}
	if diff := cmp.Diff(wantSSH, ssh); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyDifferencesDropsAgreement(t *testing.T) {
	a := Distro{Name: "a", Kind: KindVendor, Facts: []Fact{{Key: "ssh", Value: "yes"}, {Key: "shell", Value: "bash"}}}
	b := Distro{Name: "b", Kind: KindLocal, Facts: []Fact{{Key: "ssh", Value: "no"}, {Key: "shell", Value: "bash"}}}
	whole := Compare([]Distro{a, b}, on(t, "2026-11-26"))
	var keys []string
	for _, row := range whole.OnlyDifferences().Rows {
		keys = append(keys, row.Key)
	}
	if diff := cmp.Diff([]string{"kind", "ssh"}, keys); diff != "" {
		t.Error(diff)
	}
	if len(whole.Rows) <= len(keys) {
		t.Error("OnlyDifferences changed the whole comparison")
	}
}

func TestEachNumberHasARow(t *testing.T) {
	a := Distro{Name: "a", Facts: []Fact{{Key: "numbers", Value: "one"}, {Key: "numbers", Value: "two"}}}
	b := Distro{Name: "b", Facts: []Fact{{Key: "numbers", Value: "three"}}}
	var got [][]string
	for _, row := range Compare([]Distro{a, b}, on(t, "2026-11-26")).Rows {
		if row.Key == "numbers" {
			got = append(got, []string{row.Cells[0].Value, row.Cells[1].Value})
		}
	}
	if diff := cmp.Diff([][]string{{"one", "three"}, {"two", ""}}, got); diff != "" {
		t.Error(diff)
	}
}

// A fact on least memory is the vendor's; without one the entry's own field,
// by which the lab makes machines, is better than nothing.
func TestFieldsAnswerWhereNoFactDoes(t *testing.T) {
	d := Distro{Name: "a", Hardware: Hardware{MemoryMiB: 512, Firmware: []string{"bios"}}, Facts: []Fact{{Key: "firmware", Value: "BIOS", Source: "a/a"}}}
	got := map[string]Cell{}
	for _, row := range Compare([]Distro{d}, on(t, "2026-11-26")).Rows {
		got[row.Key] = row.Cells[0]
	}
	want := map[string]Cell{"memory": {Value: "512 MiB", Source: "catalog"}, "firmware": {Value: "BIOS", Source: "a/a"}}
	for key, cell := range want {
		if diff := cmp.Diff(cell, got[key]); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
}

func TestStandingRowFollowsTheDay(t *testing.T) {
	d := Distro{Name: "a", Support: Support{State: "maintained", Until: "2026-11-30", Source: "a/a:eol"}}
	for day, want := range map[string]Cell{
		"2026-11-26": {Class: "maintained", Value: "maintained, ends in 4 days", Source: "a/a:eol"},
		"2026-12-01": {Class: "ended", Value: "ended 2026-11-30", Source: "a/a:eol"},
	} {
		for _, row := range Compare([]Distro{d}, on(t, day)).Rows {
			if row.Key == "standing" {
				if diff := cmp.Diff(want, row.Cells[0]); diff != "" {
					t.Errorf("on %s: %s", day, diff)
				}
			}
		}
	}
}

func TestComparingNothingIsEmptyNotNull(t *testing.T) {
	text, err := json.Marshal(Compare(nil, on(t, "2026-11-26")).OnlyDifferences())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"distros":[],"titles":[],"rows":[]}`, string(text)); diff != "" {
		t.Error(diff)
	}
}

func TestStandInIsCalledOne(t *testing.T) {
	d, err := load(t).Find("coreos-standin")
	if err != nil {
		t.Fatal(err)
	}
	got := Compare([]Distro{d}, on(t, "2026-11-26")).Rows[0].Cells[0].Value
	if want := "this machine, standing in for the CoreOS family (Flatcar, Fedora CoreOS)"; got != want {
		t.Errorf("kind is %q, want %q", got, want)
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(); err != nil {
			b.Fatal(err)
		}
	}
}
