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
