package tui

import (
	"fmt"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/layout"
	"distrolab/tui/screen"
)

// zone is a part of a line that can be clicked, [from, to) in cells.
type zone struct {
	from, to int
	key      string // the key that a click means
}

// strip is a line that is built piece by piece.
type strip struct {
	b     strings.Builder
	cells int
	zones []zone
}

func (s *strip) add(st lipgloss.Style, text string) {
	s.b.WriteString(st.Render(text))
	s.cells += ansi.StringWidth(text)
}

func (s *strip) gap(n int) {
	s.b.WriteString(strings.Repeat(" ", max(n, 0)))
	s.cells += max(n, 0)
}

// zone makes what draw adds clickable.
func (s *strip) zone(key string, draw func()) {
	from := s.cells
	draw()
	s.zones = append(s.zones, zone{from, s.cells, key})
}

// number is the number key of a screen: its place among all that there can be,
// so that keys stay the same when one is missing.
func number(id screen.ID, i int) int {
	for n, known := range []screen.ID{screen.Catalog, screen.Compare, screen.Config, screen.Labs, screen.Bench, screen.Results} {
		if known == id {
			return n + 1
		}
	}
	return i + 1
}

// header tells where we are and, on the right, on what machine. From wide to
// narrow: everything, without the facts, without our name, numbers of the other
// screens only, the trail alone.
func (m *Model) header(width int) (string, []zone) {
	running := m.runningText()
	all := join(m.factsText(), running, "  ")
	for _, try := range []struct {
		right       string
		brand, tabs bool
	}{{all, true, true}, {running, true, true}, {running, false, true}, {"", false, true}, {all, true, false}, {running, false, false}, {"", false, false}} {
		s := m.tabs(try.brand, try.tabs)
		rest := width - s.cells
		if try.right != "" {
			rest -= ansi.StringWidth(try.right) + 2
		}
		if rest < 0 {
			continue
		}
		if try.right != "" {
			s.gap(rest + 1)
			s.add(m.look.Styles.FgMuted, try.right)
		}
		return layout.Fit(s.b.String(), width, ""), s.zones
	}
	text := " " + strings.Join(m.trail(), " "+m.separator()+" ")
	return m.look.Styles.Accent.Render(layout.Fit(text, width, m.look.Glyphs.Ellipsis)), nil
}

// tabs draws the name of the program and the screens, the shown one with its
// trail.
func (m *Model) tabs(brand, names bool) *strip {
	s := &strip{}
	if brand {
		s.gap(1)
		s.add(m.look.Styles.Title, "distrolab")
		s.gap(1)
	}
	for i, sc := range m.screens {
		key := strconv.Itoa(number(sc.ID(), i))
		s.zone(key, func() {
			switch {
			case i == m.shown:
				s.add(m.look.Styles.OnAccent, m.tabMark()+key+" "+m.here(sc)+" ")
			case names:
				s.add(m.look.Styles.FgFaint, " "+key+" ")
				s.add(m.look.Styles.FgMuted, screenTitle(sc.ID())+" ")
			default:
				s.add(m.look.Styles.FgMuted, " "+key+" ")
			}
		})
	}
	return s
}

// tabMark begins the shown tab, so that it stands out without colour too.
func (m *Model) tabMark() string {
	if m.look.Styles.Profile <= noColours {
		return ">"
	}
	return " "
}

func (m *Model) here(s screen.Screen) string {
	trail := m.trail()
	if len(trail) == 0 {
		return screenTitle(s.ID())
	}
	for i := 1; i < len(trail); i++ {
		trail[i] = ansi.Truncate(trail[i], 24, m.look.Glyphs.Ellipsis)
	}
	return strings.Join(trail, " "+m.separator()+" ")
}

// separator stands between the parts of a trail.
func (m *Model) separator() string {
	if m.look.Glyphs.Name == "unicode" {
		return "›"
	}
	return ">"
}

func (m *Model) factsText() string { return m.look.Glyphs.Clean(m.facts.Host) }

// runningText says what runs now, on whatever screen: labs, and measurements,
// which are disturbed by what is done beside them.
func (m *Model) runningText() string {
	labs, measuring := "", ""
	switch n := len(m.facts.Running); n {
	case 0:
	case 1:
		labs = m.look.Glyphs.Dot + " 1 lab"
	default:
		labs = fmt.Sprintf("%s %d labs", m.look.Glyphs.Dot, n)
	}
	if m.facts.Measuring {
		measuring = m.look.Glyphs.Dot + " measuring"
	}
	return join(labs, measuring, "  ")
}

// join joins what is not empty.
func join(a, b, with string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + with + b
}
