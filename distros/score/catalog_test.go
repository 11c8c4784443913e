package score

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"distrolab/distros"
)

func loadCatalog(t *testing.T) *distros.Catalog {
	t.Helper()
	c, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// article are the systems that the article looked at.
func article(t *testing.T) []distros.Distro {
	t.Helper()
	var systems []distros.Distro
	for _, name := range []string{"rancheros", "k3os", "bottlerocket", "talos", "linuxkit", "fedora-coreos", "flatcar"} {
		d, err := loadCatalog(t).Find(name)
		if err != nil {
			t.Fatal(err)
		}
		systems = append(systems, d)
	}
	return systems
}

func names(places []Place) []string {
	var all []string
	for _, p := range places {
		all = append(all, p.Distro)
	}
	return all
}

// keys are what a list of differences or reasons is about.
func keys(place Place) (costs, reasons []string) {
	for _, c := range place.Costs {
		costs = append(costs, c.Key)
	}
	for _, r := range place.Reasons {
		reasons = append(reasons, r.Key+"="+r.Class)
	}
	return costs, reasons
}

// The article's ranking with the article's reasons, from the catalog's facts.
func TestTheArticlesRankingComesOutOfTheFacts(t *testing.T) {
	r := Rank(builtin(t, Default), Input{Systems: article(t), Day: day()})
	if diff := cmp.Diff([]string{"flatcar", "fedora-coreos", "bottlerocket", "talos"}, names(r.Ranking)); diff != "" {
		t.Fatal(diff)
	}
	if lead, next := r.Ranking[0].Total-r.Ranking[1].Total, r.Ranking[1].Total-r.Ranking[2].Total; lead > next {
		t.Errorf("Fedora CoreOS should be close behind: %.1f behind the first, %.1f before the third", lead, next)
	}
	for name, want := range map[string][]string{
		"bottlerocket": {"cloud_coupling", "kubeadm"}, // tied to AWS, joins in a way of its own
		"talos":        {"kubeadm", "kernel_modules", "shell"},
	} {
		costs, _ := keys(placeOf(r, name))
		for _, key := range want {
			if !slices.Contains(costs, key) {
				t.Errorf("%s does not lose by %s, only by %v", name, key, costs)
			}
		}
	}
	for name, want := range map[string][]string{
		"rancheros": {"support=ended", "kubeadm=own-kubernetes"},
		"k3os":      {"support=ended", "kubeadm=own-kubernetes"},
		"linuxkit":  {"kubeadm=none", "nature=kit"},
	} {
		_, reasons := keys(placeOf(r, name))
		if diff := cmp.Diff(want, reasons); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Whoever keeps the article's order of criteria gets its first place, whatever
// the weights are: the choice of numbers decides nothing.
func TestAnyWeightsInTheArticlesOrderGiveItsFirstPlace(t *testing.T) {
	systems := article(t)
	p := builtin(t, Default)
	rapid.Check(t, func(t *rapid.T) {
		weight := 0.0
		q := p
		for _, c := range slices.Backward(p.Criteria) {
			weight += float64(rapid.IntRange(0, 20).Draw(t, c.Name)) + 1
			var err error
			if q, err = q.WithWeight(c.Name, weight); err != nil {
				t.Fatal(err)
			}
		}
		if r := Rank(q, Input{Systems: systems, Day: day()}); r.Ranking[0].Distro != "flatcar" {
			t.Fatalf("first is %s", r.Ranking[0].Distro)
		}
	})
}

func TestWeightsFollowTheArticlesOrder(t *testing.T) {
	var order []string
	last := 101.0
	for _, c := range builtin(t, Default).Criteria {
		order = append(order, c.Name)
		if c.Weight >= last {
			t.Errorf("%s has %v, not less than what comes before it", c.Name, c.Weight)
		}
		last = c.Weight
	}
	want := []string{"support", "kubeadm", "moving", "cloud", "modules", "read-only", "updates", "documentation", "security"}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Error(diff)
	}
}

func TestTheArticlesChoiceLeadsTheWholeCatalog(t *testing.T) {
	p := builtin(t, Default)
	systems := p.Select(loadCatalog(t).All(), day())
	r := Rank(p, Input{Systems: systems, Day: day()})
	if len(r.Ranking) < 5 || r.Ranking[0].Distro != "flatcar" || r.Ranking[0].Tied {
		t.Errorf("the ranking is %v", names(r.Ranking))
	}
	for _, d := range systems {
		if d.Kind != distros.KindVendor {
			t.Errorf("%s is of kind %s and no candidate", d.Name, d.Kind)
		}
	}
}

// Systems under other names, in another order, fare the same.
func TestNamesDecideNothing(t *testing.T) {
	all := loadCatalog(t).All()
	for _, profile := range builtins(t) {
		p := builtin(t, profile)
		want := Rank(p, Input{Systems: p.Select(all, day()), Day: day()})
		if len(want.Ranking) < 3 {
			t.Fatalf("%s ranks %d systems", profile, len(want.Ranking))
		}
		for seed := range uint64(3) {
			masked, was := mask(all, rand.New(rand.NewPCG(seed, 1)))
			got := Rank(p, Input{Systems: p.Select(masked, day()), Day: day()})
			if diff := cmp.Diff(fares(want, nil), fares(got, was)); diff != "" {
				t.Fatalf("%s: %s", profile, diff)
			}
		}
	}
}

// mask takes from systems all that could tell who they are, and their order.
func mask(all []distros.Distro, rng *rand.Rand) (masked []distros.Distro, was map[string]distros.Distro) {
	was = map[string]distros.Distro{}
	number := rng.Perm(len(all))
	for i, d := range all {
		name := fmt.Sprint("x", number[i])
		was[name] = d
		d.Name, d.Title, d.Vendor, d.Summary, d.Aliases = name, "X", "X", "X", nil
		masked = append(masked, d)
	}
	rng.Shuffle(len(masked), func(i, j int) { masked[i], masked[j] = masked[j], masked[i] })
	return masked, was
}

// fares says how each system fares, and how firm the first place is. Who of
// equals is listed first, or compared with, is left out: that a name may decide.
func fares(r Result, was map[string]distros.Distro) map[string]string {
	real := func(name string) string {
		if d, ok := was[name]; ok {
			return d.Name
		}
		return name
	}
	all := map[string]string{}
	for _, p := range slices.Concat(r.Ranking, r.Disqualified) {
		text := fmt.Sprintf("%d %v %.9f %v", p.Rank, p.Tied, p.Total, p.Unknown)
		for _, c := range p.Criteria {
			text += fmt.Sprintf(" %s=%.9f", c.Name, c.Points)
		}
		_, reasons := keys(p)
		all[real(p.Distro)] = text + fmt.Sprint(reasons)
	}
	for _, f := range r.Sensitivity.Flips {
		text := "never"
		if f.At != nil {
			text = fmt.Sprintf("at %.9f, to one with %.9f", *f.At, placeOf(r, f.To).Total)
		}
		all["flip of "+f.Criterion] = text
	}
	for _, name := range r.Sensitivity.CouldLead {
		all[real(name)] += " could lead"
	}
	return all
}

func TestNeitherCodeNorProfilesNameASystem(t *testing.T) {
	texts := map[string]string{}
	for _, pattern := range []string{"*.go", "profiles/*.yaml"} {
		files, err := fs.Glob(os.DirFS("."), pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			texts[f] = strings.ToLower(string(text))
		}
	}
	if len(texts) < 8 {
		t.Fatalf("only %d files were read", len(texts))
	}
	for _, d := range loadCatalog(t).All() {
		for f, text := range texts {
			for _, name := range append([]string{d.Name, strings.ToLower(d.Title)}, d.Aliases...) {
				if name != string(distros.KindProbe) && regexp.MustCompile(`(^|[^a-z])`+regexp.QuoteMeta(name)+`($|[^a-z])`).MatchString(text) {
					t.Errorf("%s names %s", f, name)
				}
			}
		}
	}
}
