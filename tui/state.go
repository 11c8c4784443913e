package tui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/distros"
	"distrolab/tui/screen"
)

// schema is the number of the form of what is kept. It rises when an older
// program would misread a newer one's.
const schema = 1

// MaximumState is how many bytes of what was kept are read at most.
const MaximumState = 1 << 20

// Bounds of what is kept, far above what a person makes.
const (
	mostMarks   = 100
	mostWeights = 200
	mostRecent  = 20
	longestName = 100
	heaviest    = 1000
)

// State is what is kept between starts. The zero value is a first start.
type State struct {
	Schema  int                `json:"schema"`
	Screen  screen.ID          `json:"screen,omitempty"`
	Marks   []string           `json:"marks,omitempty"`
	Profile string             `json:"profile,omitempty"`
	Weights map[string]float64 `json:"weights,omitempty"`
	NoMouse bool               `json:"no_mouse,omitempty"`
	Recent  []string           `json:"recent,omitempty"`
}

// Decode reads what was kept. It comes from a file that anything may have
// written: what cannot be used is left out, and news says so. Nothing kept
// gives the zero state.
func Decode(data []byte, catalog *distros.Catalog) (s State, news []string) {
	if len(bytes.TrimSpace(data)) == 0 {
		return State{}, nil
	}
	if len(data) > MaximumState {
		return State{}, []string{"what was kept from the last time is too large and was left out"}
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return State{}, []string{"what was kept from the last time cannot be read and was left out"}
	}
	if s.Schema != schema {
		return State{}, []string{fmt.Sprintf("what was kept from the last time has form %d, and this program reads %d: it was left out", s.Schema, schema)}
	}
	left := 0
	s.Marks = kept(s.Marks, mostMarks, &left, func(name string) bool {
		if catalog == nil {
			return true
		}
		_, err := catalog.Find(name)
		return err == nil
	})
	s.Recent = kept(s.Recent, mostRecent, &left, func(string) bool { return true })
	maps.DeleteFunc(s.Weights, func(name string, w float64) bool {
		bad := name == "" || len(name) > longestName || math.IsNaN(w) || w < 0 || w > heaviest
		if bad {
			left++
		}
		return bad
	})
	if len(s.Weights) > mostWeights {
		s.Weights, left = nil, left+len(s.Weights)
	}
	if len(s.Profile) > longestName {
		s.Profile, left = "", left+1
	}
	if left > 0 {
		news = append(news, fmt.Sprintf("%d of the things kept from the last time are not known any more and were left out", left))
	}
	return s, news
}

// kept keeps the first names that are good, each once.
func kept(names []string, most int, left *int, good func(string) bool) []string {
	var out []string
	for _, n := range names {
		if len(out) >= most || n == "" || len(n) > longestName || !good(n) || slices.Contains(out, n) {
			*left++
			continue
		}
		out = append(out, n)
	}
	return out
}

func (m *Model) restore(s State) {
	if i := m.index(s.Screen); i >= 0 {
		m.shown = i
	}
	m.mouse, m.recent = !s.NoMouse, slices.Clone(s.Recent)
	if m.shared == nil {
		return
	}
	m.shared.Marks = slices.Clone(s.Marks)
	if s.Profile != "" {
		m.shared.Profile = s.Profile
	}
	if len(s.Weights) > 0 {
		m.shared.Weights = maps.Clone(s.Weights)
	}
}

// state is what would be kept now.
func (m *Model) state() State {
	s := State{Schema: schema, NoMouse: !m.mouse, Recent: m.recent}
	if c := m.current(); c != nil {
		s.Screen = c.ID()
	}
	if m.shared != nil {
		s.Marks, s.Profile, s.Weights = m.shared.Marks, m.shared.Profile, m.shared.Weights
	}
	return s
}

// encoded is the file of what would be kept now. Numbers that JSON cannot hold
// make it nil: then nothing is stored.
func (m *Model) encoded() []byte {
	data, err := json.MarshalIndent(m.state(), "", "  ")
	if err != nil {
		return nil
	}
	return append(data, '\n')
}

// keeping is the storing of the state: one at a time, the latest wins.
type keeping struct {
	memory Memory
	stored []byte // what the file holds, or will
	busy   bool
	again  bool
	silent bool // it failed once, which was said
}

// stored says how the storing ended.
type stored struct{ err error }

// store keeps the state if it has changed.
func (m *Model) store() tea.Cmd {
	if m.keep.memory == nil {
		return nil
	}
	if m.keep.busy {
		m.keep.again = true
		return nil
	}
	data := m.encoded()
	if data == nil || bytes.Equal(data, m.keep.stored) {
		return nil
	}
	m.keep.stored, m.keep.busy = data, true
	memory := m.keep.memory
	return func() tea.Msg { return stored{memory.Store(data)} }
}

func (m *Model) storeAgain(done stored) tea.Cmd {
	m.keep.busy = false
	if done.err != nil {
		m.keep.stored = nil
		if m.keep.silent {
			return nil
		}
		m.keep.silent = true
		return m.tell("marks and weights cannot be kept for the next time: " + done.err.Error())
	}
	if !m.keep.again {
		return nil
	}
	m.keep.again = false
	return m.store()
}

// storeLast keeps the state when the loop has ended; a storing that was under
// way may still run, so the memory orders its calls.
func (m *Model) storeLast() error {
	data := m.encoded()
	if m.keep.memory == nil || data == nil || bytes.Equal(data, m.keep.stored) && !m.keep.busy {
		return nil
	}
	return m.keep.memory.Store(data)
}
