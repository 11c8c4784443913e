package distros

import (
	"fmt"
	"slices"
	"strings"
)

// Cell is what is known of one system on one criterion.
type Cell struct {
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

// Compare sets systems side by side: first what the entries themselves say,
// then the facts in the order of [Criteria]. Criteria of which no system has a
// fact are left out.
func Compare(systems []Distro) Comparison {
	c := Comparison{Distros: []string{}, Titles: []string{}, Rows: []Row{}}
	for _, d := range systems {
		c.Distros = append(c.Distros, d.Name)
		c.Titles = append(c.Titles, d.Title)
	}
	for _, f := range entryCriteria() {
		c.add(systems, f.Criterion, f.cell)
	}
	for _, criterion := range Criteria() {
		c.add(systems, criterion, func(d Distro) Cell { return d.cell(criterion.Key) })
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

func (d Distro) cell(key string) Cell {
	f, ok := d.Fact(key)
	if !ok {
		return Cell{}
	}
	return Cell{Value: f.Value, Source: f.Source, Checked: f.Checked, Unconfirmed: f.Unconfirmed}
}

// entryCriterion is a row read from the fields of an entry, not from its facts.
type entryCriterion struct {
	Criterion
	value func(Distro) string
}

func (e entryCriterion) cell(d Distro) Cell {
	return Cell{Value: e.value(d), Source: "catalog"}
}

func entryCriteria() []entryCriterion {
	return []entryCriterion{
		{Criterion{"kind", "Image made by"}, describeKind},
		{Criterion{"delivery", "Config arrives by"}, func(d Distro) string { return d.Config.Delivery.String() }},
		{Criterion{"memory", "Least memory"}, func(d Distro) string { return fmt.Sprintf("%d MiB", d.Hardware.MemoryMiB) }},
		{Criterion{"firmware", "Firmware"}, describeFirmware},
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

// String says the delivery in a few words, such as "fw_cfg opt/com.coreos/config".
func (d Delivery) String() string {
	return strings.TrimSpace(strings.Join([]string{string(d.Kind), d.Key + d.Label}, " "))
}
