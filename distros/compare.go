package distros

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Cell is what is known of one system on one criterion.
type Cell struct {
	Class       string `json:"class,omitempty"`       // the short answer, where the criterion has classes
	Value       string `json:"value"`                 // empty: the catalog says nothing
	Source      string `json:"source,omitempty"`      // owner/repo:path, URL, or "catalog" for a field of the entry itself
	Checked     string `json:"checked,omitempty"`     // day the source was read, YYYY-MM-DD
	Unconfirmed bool   `json:"unconfirmed,omitempty"` // no source could be read
}

// Row is one criterion across the compared systems.
type Row struct {
	Criterion
	Cells []Cell `json:"cells"` // one per distro, in the order of [Comparison.Distros]
}

// Comparison sets systems side by side.
type Comparison struct {
	Distros []string `json:"distros"` // names, in the order asked for
	Titles  []string `json:"titles"`  // the names people use, in the same order
	Rows    []Row    `json:"rows"`
}

// Compare sets systems side by side: first who makes their images, then the
// facts in the order of [Criteria]. A criterion that allows several facts has a
// row for each; one of which no system has a fact is left out. What the facts
// say of support may be old, so its row is preceded by the standing of the day.
func Compare(systems []Distro, day time.Time) Comparison {
	c := Comparison{Distros: []string{}, Titles: []string{}, Rows: []Row{}}
	for _, d := range systems {
		c.Distros = append(c.Distros, d.Name)
		c.Titles = append(c.Titles, d.Title)
	}
	origin := inGroup(CriterionGroups()[0], Criterion{Key: kindKey, Title: "Image made by"})[0]
	c.add(systems, origin, kindCell)
	for _, criterion := range Criteria() {
		if criterion.Key == "support" {
			today := Criterion{Key: standingKey, Title: "Support today", Group: criterion.Group, Classes: supportStates()}
			c.add(systems, today, func(d Distro) Cell { return standing(d, day) })
		}
		for n := range most(systems, criterion.Key) {
			c.add(systems, criterion, func(d Distro) Cell { return d.cell(criterion.Key, n) })
		}
	}
	return c
}

// OnlyDifferences returns the rows in which at least two systems differ.
func (c Comparison) OnlyDifferences() Comparison {
	c.Rows = slices.DeleteFunc(slices.Clone(c.Rows), Row.same)
	return c
}

func (c *Comparison) add(systems []Distro, criterion Criterion, cell func(Distro) Cell) {
	row := Row{Criterion: criterion, Cells: []Cell{}}
	known := false
	for _, d := range systems {
		got := cell(d)
		known = known || got.Value != ""
		row.Cells = append(row.Cells, got)
	}
	if known {
		c.Rows = append(c.Rows, row)
	}
}

func (r Row) same() bool {
	for _, cell := range r.Cells[1:] {
		if cell.Value != r.Cells[0].Value {
			return false
		}
	}
	return true
}

// Fact returns what the entry says on a criterion.
func (d Distro) Fact(key string) (Fact, bool) {
	i := slices.IndexFunc(d.Facts, func(f Fact) bool { return f.Key == key })
	if i < 0 {
		return Fact{}, false
	}
	return d.Facts[i], true
}

// allFacts returns what the entry says on a criterion that may have several.
func (d Distro) allFacts(key string) []Fact {
	var found []Fact
	for _, f := range d.Facts {
		if f.Key == key {
			found = append(found, f)
		}
	}
	return found
}

// most is the largest number of facts that one system has on a criterion, at
// least one: each gets a row.
func most(systems []Distro, key string) int {
	n := 1
	for _, d := range systems {
		n = max(n, len(d.allFacts(key)))
	}
	return n
}

// cell is the n-th fact on a criterion, or what the fields of the entry say in
// place of a first one.
func (d Distro) cell(key string, n int) Cell {
	facts := d.allFacts(key)
	if n < len(facts) {
		return facts[n].cell()
	}
	if value := d.field(key); n == 0 && value != "" {
		return Cell{Value: value, Source: "catalog"}
	}
	return Cell{}
}

func (f Fact) cell() Cell {
	return Cell{Class: f.Class, Value: f.Value, Source: f.Source, Checked: f.Checked, Unconfirmed: f.Unconfirmed}
}

func kindCell(d Distro) Cell { return Cell{Value: describeKind(d), Source: "catalog"} }

// standing is computed, but only as sure as what it is computed from.
func standing(d Distro, day time.Time) Cell {
	now := d.Support.On(day)
	return Cell{Class: now.State, Value: now.String(), Source: firstOf(d.Support.Source, "catalog"), Unconfirmed: now.State == "unconfirmed"}
}

// field says what the entry itself holds on a criterion, for the machine that
// the lab gives it.
func (d Distro) field(key string) string {
	switch {
	case key == "delivery":
		return describeDeliveries(d.Config)
	case key == "memory" && d.Hardware.MemoryMiB > 0:
		return fmt.Sprintf("%d MiB", d.Hardware.MemoryMiB)
	case key == "disk" && d.Hardware.DiskGiB > 0:
		return fmt.Sprintf("%d GiB", d.Hardware.DiskGiB)
	case key == "firmware":
		return describeFirmware(d)
	default:
		return ""
	}
}

func describeKind(d Distro) string {
	switch d.Kind {
	case KindVendor:
		return "the vendor"
	case KindStandIn:
		return "this machine, standing in for " + d.StandsFor
	case KindProbe:
		return "this machine (probe guest)"
	default:
		return "this machine, from packages"
	}
}

func describeFirmware(d Distro) string {
	if d.Hardware.Direct {
		return "none (direct kernel)"
	}
	return strings.Join(d.Hardware.Firmware, ", ")
}

func describeDeliveries(p ConfigProfile) string {
	var ways []string
	for _, d := range p.Deliveries {
		ways = append(ways, d.String())
	}
	return strings.Join(ways, "; ")
}
