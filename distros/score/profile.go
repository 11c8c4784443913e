// Package score weighs the facts of a catalog: a profile says which criteria
// count how much for whom, and a ranking comes out with its whole derivation,
// its disqualifiers, and how firm it is. It reads the profiles embedded here
// and the YAML it is given; it knows no system by name, and touches no file,
// clock or network.
package score

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"distrolab/distros"
)

// Profile is what somebody decides by: criteria with weights, and what rules a
// system out whatever else it can do.
type Profile struct {
	Name       string              `yaml:"name"`                 // identifier; also the file name
	Title      string              `yaml:"title"`                // what is being decided
	For        string              `yaml:"for"`                  // one sentence: who decides by this
	Systems    map[string][]string `yaml:"systems,omitempty"`    // which systems are looked at: "kind" or a criterion's key, to the classes it may have
	Criteria   []Criterion         `yaml:"criteria"`             // the order is the order they are shown in
	Disqualify []Rule              `yaml:"disqualify,omitempty"` // what rules a system out
}

// Criterion is one weighted question. It is answered by one fact (Key), by
// several facts together (Parts), or by what was measured (Measure).
type Criterion struct {
	Name   string  `yaml:"name,omitempty"`  // identifier; default: the key or the measure
	Title  string  `yaml:"title,omitempty"` // default: the catalog's title of the key
	Weight float64 `yaml:"weight"`          // only the proportion to the other weights counts

	Key    string             `yaml:"key,omitempty"`    // the fact that answers it, one of [distros.Criteria]
	Grades map[string]float64 `yaml:"grades,omitempty"` // class to a grade from 0 to 1; a class left out has 0
	Parts  []Part             `yaml:"parts,omitempty"`  // the facts that answer it together

	Measure Measure  `yaml:"measure,omitempty"` // what was measured; less is better
	Best    *float64 `yaml:"best,omitempty"`    // value that has grade 1, as all below it
	Worst   *float64 `yaml:"worst,omitempty"`   // value that has grade 0, as all above it

	Unknown float64 `yaml:"unknown,omitempty"` // grade where nothing is confirmed or measured
}

// Part is one of several facts that answer a criterion together.
type Part struct {
	Key     string             `yaml:"key"`
	Share   *float64           `yaml:"share,omitempty"` // of the criterion's weight, in proportion to the other parts; default 1
	Grades  map[string]float64 `yaml:"grades"`
	Unknown float64            `yaml:"unknown,omitempty"`
}

// Rule rules out the systems whose fact has one of the classes. Only a
// confirmed fact does.
type Rule struct {
	Key    string   `yaml:"key"`
	Is     []string `yaml:"is"`
	Reason string   `yaml:"reason"` // one sentence, read after the system's name
}

// Measure is something that is measured and not looked up.
type Measure string

// The measures; less of each is better.
const (
	Boot   Measure = "boot"   // seconds of a first boot
	Join   Measure = "join"   // seconds until the node has joined and is ready
	Memory Measure = "memory" // MiB in use after the boot
	Size   Measure = "size"   // MB of the image
)

// Measures returns the measures in the order they are documented.
func Measures() []Measure { return []Measure{Boot, Join, Memory, Size} }

// Title is the measure in words.
func (m Measure) Title() string {
	switch m {
	case Boot:
		return "Boot time"
	case Join:
		return "Time to join"
	case Memory:
		return "Memory in use"
	default:
		return "Image size"
	}
}

// kindKey selects by the kind of an entry, which is no fact of the catalog.
const kindKey = "kind"

// Select returns the systems that the profile looks at. A system that is not
// known to differ is kept: what is unknown is shown, not hidden.
func (p Profile) Select(all []distros.Distro, day time.Time) []distros.Distro {
	return slices.DeleteFunc(slices.Clone(all), func(d distros.Distro) bool {
		for key, allowed := range p.Systems {
			class := string(d.Kind)
			if key != kindKey {
				class = look(d, key, day).class
			}
			if class != "" && !slices.Contains(allowed, class) {
				return true
			}
		}
		return false
	})
}

// WithWeight returns the profile with another weight of one criterion. The name
// of a measure that the profile does not count yet adds it.
func (p Profile) WithWeight(name string, weight float64) (Profile, error) {
	if message := wrongWeight(weight); message != "" {
		return Profile{}, fmt.Errorf("weight of %.64q: %s", name, message)
	}
	p.Criteria = slices.Clone(p.Criteria)
	i := slices.IndexFunc(p.Criteria, func(c Criterion) bool { return c.Name == name })
	switch {
	case i >= 0:
		p.Criteria[i].Weight = weight
	case slices.Contains(Measures(), Measure(name)):
		p.Criteria = append(p.Criteria, Criterion{Measure: Measure(name), Weight: weight})
		p = p.named()
	default:
		return Profile{}, fmt.Errorf("profile %s has no criterion %.64q; it has %s, and can measure %s",
			p.Name, name, strings.Join(p.Names(), ", "), strings.Join(measureNames(), ", "))
	}
	if !(p.sum() > 0) {
		return Profile{}, fmt.Errorf("weight of %s: all weights of profile %s would be 0; give at least one criterion a weight", name, p.Name)
	}
	return p, nil
}

// Reweighted returns the profile with the weights that are given by name. Names
// that it does not have and weights that cannot be are passed over; if none
// would count any more, the profile keeps its own.
func (p Profile) Reweighted(weights map[string]float64) Profile {
	q := p
	q.Criteria = slices.Clone(p.Criteria)
	for i, c := range q.Criteria {
		if w, given := weights[c.Name]; given && wrongWeight(w) == "" {
			q.Criteria[i].Weight = w
		}
	}
	if !(q.sum() > 0) {
		return p
	}
	return q
}

// Names returns the names of the criteria in their order.
func (p Profile) Names() []string {
	var names []string
	for _, c := range p.Criteria {
		names = append(names, c.Name)
	}
	return names
}

func (p Profile) sum() float64 {
	sum := 0.0
	for _, c := range p.Criteria {
		sum += c.Weight
	}
	return sum
}

// named fills in the names and titles that the file leaves out.
func (p Profile) named() Profile {
	p.Criteria = slices.Clone(p.Criteria)
	for i, c := range p.Criteria {
		p.Criteria[i].Name = cmp.Or(c.Name, c.Key, string(c.Measure))
		switch {
		case c.Title != "":
		case c.Measure != "":
			p.Criteria[i].Title = c.Measure.Title()
		case c.Key != "":
			p.Criteria[i].Title = titleOf(c.Key)
		default:
			p.Criteria[i].Title = c.Name
		}
	}
	return p
}

// criterion finds a classed criterion of the catalog.
func criterion(key string) (distros.Criterion, bool) {
	all := classed()
	i := slices.IndexFunc(all, func(c distros.Criterion) bool { return c.Key == key })
	if i < 0 {
		return distros.Criterion{}, false
	}
	return all[i], true
}

// classed returns the catalog's criteria that have classes to be graded.
func classed() []distros.Criterion {
	return slices.DeleteFunc(distros.Criteria(), func(c distros.Criterion) bool { return !c.Classed() })
}

func titleOf(key string) string {
	c, _ := criterion(key)
	return c.Title
}
