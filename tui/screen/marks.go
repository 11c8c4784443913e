package screen

import (
	"slices"
	"time"

	"distrolab/distros"
	"distrolab/provision"
)

// Shared is what the screens have in common. The frame makes one; it is read
// and changed from the loop only.
type Shared struct {
	Catalog *distros.Catalog
	Now     func() time.Time
	Marks   []string           // names of the marked distros, in the order of marking
	Profile string             // of the score, by name
	Weights map[string]float64 // moved by hand, by criterion; over those of the profile
	Intent  *provision.Intent  // what the Config screen wants a new lab to have; nil: the default. It may hold secrets: it is never stored
}

// Marked says whether a distro is marked.
func (s *Shared) Marked(name string) bool { return slices.Contains(s.Marks, name) }

// Toggle marks a distro, or takes the mark away.
func (s *Shared) Toggle(name string) {
	if i := slices.Index(s.Marks, name); i >= 0 {
		s.Marks = slices.Delete(s.Marks, i, i+1)
		return
	}
	s.Marks = append(s.Marks, name)
}
