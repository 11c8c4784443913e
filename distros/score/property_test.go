package score

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"distrolab/distros"
)

// profiles draws any profile over the catalog's criteria.
func profiles() *rapid.Generator[Profile] {
	return rapid.Custom(func(t *rapid.T) Profile {
		p := Profile{Name: "drawn", Title: "Drawn", For: "A test."}
		for i := range rapid.IntRange(1, 8).Draw(t, "criteria") {
			c := Criterion{Name: fmt.Sprint("c", i), Weight: float64(rapid.IntRange(0, 40).Draw(t, "weight"))}
			if rapid.IntRange(0, 5).Draw(t, "measured") == 0 {
				c.Measure = rapid.SampledFrom(Measures()).Draw(t, "measure")
			} else if rapid.Bool().Draw(t, "single") {
				part := drawPart(t)
				c.Key, c.Grades, c.Unknown = part.Key, part.Grades, part.Unknown
			} else {
				c.Parts = rapid.SliceOfN(rapid.Custom(drawPart), 1, 3).Draw(t, "parts")
			}
			p.Criteria = append(p.Criteria, c)
		}
		if p.sum() == 0 {
			p.Criteria[0].Weight = 1
		}
		if rapid.Bool().Draw(t, "rule") {
			c := rapid.SampledFrom(classed()).Draw(t, "rule's key")
			p.Disqualify = []Rule{{Key: c.Key, Is: c.Classes[:1], Reason: "It is so."}}
		}
		return p.named()
	})
}

func drawPart(t *rapid.T) Part {
	c := rapid.SampledFrom(classed()).Draw(t, "key")
	p := Part{Key: c.Key, Grades: map[string]float64{}, Unknown: drawGrade(t, "unknown")}
	for _, class := range c.Classes {
		p.Grades[class] = drawGrade(t, class)
	}
	if rapid.Bool().Draw(t, "has a share") {
		share := float64(rapid.IntRange(1, 5).Draw(t, "share"))
		p.Share = &share
	}
	return p
}

func drawGrade(t *rapid.T, what string) float64 {
	return float64(rapid.IntRange(0, 20).Draw(t, what)) / 20
}

// inputs draws systems of which some facts are missing or unconfirmed.
func inputs(least int) *rapid.Generator[Input] {
	return rapid.Custom(func(t *rapid.T) Input {
		in := Input{Day: day(), Measured: Measurements{}}
		for i := range rapid.IntRange(least, 8).Draw(t, "systems") {
			d := distros.Distro{Name: fmt.Sprint("s", i), Kind: distros.KindVendor}
			d.Support.State = rapid.SampledFrom([]string{"maintained", "extended", "ended", "unconfirmed"}).Draw(t, "state")
			for _, c := range classed() {
				if n := rapid.IntRange(0, 9).Draw(t, "given"); n > 0 {
					d.Facts = append(d.Facts, distros.Fact{Key: c.Key, Class: rapid.SampledFrom(c.Classes).Draw(t, c.Key), Unconfirmed: n == 1})
				}
			}
			in.Systems = append(in.Systems, d)
			for _, m := range Measures() {
				if rapid.Bool().Draw(t, "measured") {
					if in.Measured[d.Name] == nil {
						in.Measured[d.Name] = map[Measure]Measurement{}
					}
					in.Measured[d.Name][m] = Measurement{Value: float64(rapid.IntRange(0, 500).Draw(t, "value")) / 10}
				}
			}
		}
		return in
	})
}

func TestTotalsStayWithinTheirBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := inputs(0).Draw(t, "in")
		r := Rank(profiles().Draw(t, "profile"), in)
		if len(r.Ranking)+len(r.Disqualified) != len(in.Systems) {
			t.Fatalf("%d + %d systems of %d", len(r.Ranking), len(r.Disqualified), len(in.Systems))
		}
		for _, p := range slices.Concat(r.Ranking, r.Disqualified) {
			sum := 0.0
			for _, c := range p.Criteria {
				if c.Points < 0 || c.Points > c.Max+level {
					t.Fatalf("%s: %v points of %v", c.Name, c.Points, c.Max)
				}
				sum += c.Points
			}
			if diff := sum - p.Total; p.Total < 0 || p.Total > 100+level || diff > level || diff < -level {
				t.Fatalf("total %v of points %v", p.Total, sum)
			}
			if p.Total+p.Unknown.Gain > 100+level || p.Total-p.Unknown.Loss < -level {
				t.Fatalf("total %v with unknown %+v", p.Total, p.Unknown)
			}
		}
	})
}

func TestOrderOfSystemsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in := profiles().Draw(t, "profile"), inputs(0).Draw(t, "in")
		want := Rank(p, in)
		in.Systems = rapid.Permutation(in.Systems).Draw(t, "shuffled")
		if diff := cmp.Diff(want, Rank(p, in), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestMoreWeightNeverHurtsTheBestOnIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := profiles().Draw(t, "profile")
		in := inputs(2).Draw(t, "in")
		before := Rank(p, in)
		if len(before.Ranking) == 0 {
			return
		}
		i := rapid.IntRange(0, len(p.Criteria)-1).Draw(t, "criterion")
		best := slices.MaxFunc(before.Ranking, func(a, b Place) int {
			return int(1e6*a.Criteria[i].Grade) - int(1e6*b.Criteria[i].Grade)
		}).Distro
		raised, err := p.WithWeight(p.Criteria[i].Name, p.Criteria[i].Weight+float64(rapid.IntRange(1, 100).Draw(t, "more")))
		if err != nil {
			t.Fatal(err)
		}
		if was, is := placeOf(before, best).Rank, placeOf(Rank(raised, in), best).Rank; is > was {
			t.Fatalf("%s was %d and is %d", best, was, is)
		}
	})
}

// A flip is recomputed: just short of it the first is first as before, just
// beyond it the system named is.
func TestFlipsFlipAndNothingShortOfThemDoes(t *testing.T) {
	flipped := 0
	rapid.Check(t, func(t *rapid.T) {
		p, in := profiles().Draw(t, "profile"), inputs(2).Draw(t, "in")
		r := Rank(p, in)
		for _, f := range r.Sensitivity.Flips {
			if f.At == nil {
				holdsAnyway(t, p, in, f, r.Ranking[0].Distro)
				continue
			}
			step := (*f.At - f.Weight) * 1e-3
			short, beyond := *f.At-step, *f.At+step
			if beyond <= 0 || beyond > maxWeight || step*step < 1e-10 {
				continue // a tie that is nearly one now, or beyond what a profile may say
			}
			if got := firstWith(t, p, in, f.Criterion, short); got[0] != r.Ranking[0].Distro {
				t.Fatalf("%s at %v, short of %v: first is %v", f.Criterion, short, *f.At, got)
			}
			if got := firstWith(t, p, in, f.Criterion, beyond); !slices.Contains(got, f.To) || slices.Contains(got, r.Ranking[0].Distro) {
				t.Fatalf("%s at %v, beyond %v: first is %v, not %s", f.Criterion, beyond, *f.At, got, f.To)
			}
			flipped++
		}
	})
	if flipped == 0 {
		t.Error("no flip was tried")
	}
}

// holdsAnyway tries weights where none is said to change the first place.
func holdsAnyway(t *rapid.T, p Profile, in Input, f Flip, first string) {
	for _, w := range []float64{0, f.Weight / 2, f.Weight * 3, 10_000} {
		if q, err := p.WithWeight(f.Criterion, w); err == nil && placeOf(Rank(q, in), first).Rank != 1 {
			t.Fatalf("%s at %v changes the first place after all", f.Criterion, w)
		}
	}
}

// firstWith returns who is first with another weight, equals together.
func firstWith(t *rapid.T, p Profile, in Input, name string, weight float64) []string {
	q, err := p.WithWeight(name, weight)
	if err != nil {
		t.Fatal(err)
	}
	var first []string
	for _, place := range Rank(q, in).Ranking {
		if place.Rank == 1 {
			first = append(first, place.Distro)
		}
	}
	return first
}

// BenchmarkRank ranks 1,000 systems of which every fact is known, with the
// sensitivity of every weight. The bound is 100 ms.
func BenchmarkRank(b *testing.B) {
	p := builtin(b, Default)
	in := Input{Day: day()}
	for i := range 1000 {
		classes := map[string]string{}
		for k, c := range classed() {
			classes[c.Key] = c.Classes[(i*7+k*13)%len(c.Classes)]
		}
		delete(classes, supportKey) // maintained, so that all stay in the ranking
		classes["nature"], classes["kubeadm"] = "container-os", []string{"packages", "extension", "own-join"}[i%3]
		in.Systems = append(in.Systems, system(fmt.Sprintf("s%d", i), classes))
	}
	if got := len(Rank(p, in).Ranking); got != 1000 {
		b.Fatalf("%d systems are ranked", got)
	}
	for b.Loop() {
		Rank(p, in)
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/1000-systems")
}
