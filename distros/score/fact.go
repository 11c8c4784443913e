package score

import (
	"time"

	"distrolab/distros"
)

// answer is what the catalog says of one system on one key.
type answer struct {
	class       string // "" unless confirmed
	unconfirmed string // the class of an unconfirmed fact
	fact        distros.Fact
	given       bool // the catalog has a fact on it
}

// look reads the answer of a system. Only a confirmed class counts. Whether a
// system is maintained depends on the day, because support ends without anybody
// editing a catalog.
func look(d distros.Distro, key string, day time.Time) answer {
	f, given := d.Fact(key)
	a := answer{class: f.Class, fact: f, given: given}
	if f.Unconfirmed {
		a.class, a.unconfirmed = "", f.Class
	}
	if key == supportKey {
		a.onDay(d, day)
	}
	return a
}

// supportKey is the criterion that the entry's days of support answer.
const supportKey = "support"

func (a *answer) onDay(d distros.Distro, day time.Time) {
	standing := d.Support.On(day)
	was := a.fact.Class
	a.class, a.unconfirmed = standing.State, ""
	if standing.State == "unconfirmed" {
		a.class = ""
		return
	}
	switch {
	case !a.given:
		a.fact = distros.Fact{Key: supportKey, Value: standing.String(), Source: d.Support.Source}
	case was != standing.State:
		a.fact.Value = standing.String() + "; when checked: " + a.fact.Value
	}
}

// Measurements are what was measured of systems: name of the catalog entry, to
// measure, to value. They count for the entry of that name and for no other: a
// stand-in's times are not those of the system it imitates.
type Measurements map[string]map[Measure]Measurement

// Measurement is one measured value with what the reader should know of it.
type Measurement struct {
	Value  float64 // in the unit of the measure, at least 0
	Text   string  // such as "61.6 s, 6 runs, TCG"
	Source string  // the session it comes from
}
