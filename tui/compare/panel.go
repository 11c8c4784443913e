package compare

import (
	"fmt"
	"strconv"

	"github.com/charmbracelet/x/ansi"

	"distrolab/distros/score"
	"distrolab/tui/chart"
	"distrolab/tui/layout"
	"distrolab/tui/prose"
	"distrolab/tui/screen"
)

// scorePanel is the ranking, the weights that lead to it, and how firm it is.
func (m *Model) scorePanel(width, height int, look screen.Look) []string {
	title := "Score"
	if p, known := m.profile(); known {
		title = "Score: " + look.Glyphs.Clean(p.Name)
	}
	inside := m.scoreLines(width-4, height-2, look)
	for i := range inside {
		inside[i] = " " + inside[i]
	}
	return layout.Pane(title, inside, width, height, m.inPanel, look)
}

func (m *Model) scoreLines(width, height int, look screen.Look) []string {
	s, g := look.Styles, look.Glyphs
	if !m.scored {
		text := "Ranking" + g.Ellipsis
		if m.unread != nil {
			text = "There is no score: " + g.Clean(m.unread.Error())
		}
		return styled(prose.Fold(text, width), s.FgMuted.Render)
	}
	var head []string
	if height > 20 {
		head = styled(prose.Fold(g.Clean(m.result.Profile.Title), width), s.Title.Render)
		head = append(head, styled(prose.Fold(g.Clean(m.result.Profile.For), width), s.FgMuted.Render)...)
		head = append(head, "")
	}
	weights := m.around(m.weightLines(width, look), height-len(head)-4) // three places and a space
	room := height - len(head) - len(weights) - 1
	moved := m.shifted(width, room-len(m.places), look)
	room -= len(moved)
	firm := m.firmness(width, room-len(m.places), look)
	if len(firm) > 0 {
		room -= len(firm) + 1
	}
	lines := append(head, chart.Ranking(m.result, width, max(room, 3), g, s)...)
	lines = append(lines, moved...)
	lines = append(append(lines, ""), weights...)
	if firm != nil {
		lines = append(append(lines, ""), firm...)
	}
	return lines
}

// shifted says in a line which places the moved weights changed, where there is
// room beside the whole ranking.
func (m *Model) shifted(width, room int, look screen.Look) []string {
	if len(m.shifts) == 0 || room < 2 {
		return nil
	}
	text := "Moved: " + m.shifts[0]
	for i, s := range m.shifts[1:] {
		if i > 1 {
			text += fmt.Sprintf(", and %d more", len(m.shifts)-i-1)
			break
		}
		text += ", " + s
	}
	return []string{look.Styles.Accent.Render(prose.Shorten(look.Glyphs.Clean(text), width, look.Glyphs.Ellipsis))}
}

// around cuts the weights to a height, with the selected one among them; the
// first line is their title.
func (m *Model) around(lines []string, height int) []string {
	height = max(height, 2)
	if len(lines) <= height {
		return lines
	}
	from := max(min(m.weight+1-(height-1)/2, len(lines)-(height-1)), 1)
	return append(lines[:1:1], lines[from:from+height-1]...)
}

// firmness says how firm the first place is, in as many lines as are left beside
// the whole ranking: the sentence at least, the weights that would change it
// where there is room.
func (m *Model) firmness(width, room int, look screen.Look) []string {
	for most := 3; most >= 0; most-- {
		lines := chart.Firmness(m.result, width, most, look.Glyphs, look.Styles)
		if len(lines) < room || most == 0 && len(m.places) > 8 && len(lines) < room+len(m.places)-4 {
			return lines
		}
	}
	return nil
}

// weightLines are the criteria with their weights: the number, what it is of
// the whole, and the profile's own where it was moved.
func (m *Model) weightLines(width int, look screen.Look) []string {
	s, g := look.Styles, look.Glyphs
	own, _ := m.profile()
	head := "Weights"
	if n := m.moved(); n > 0 {
		head += fmt.Sprintf(", %d moved", n)
	}
	lines := []string{s.Title.Render(prose.Shorten(head, width, g.Ellipsis))}
	title := 0
	for _, c := range m.result.Criteria {
		title = max(title, ansi.StringWidth(g.Clean(c.Title)))
	}
	const number = 10 // " 125 (20)"
	title = max(min(title, width-number-10), 8)
	for i, c := range m.result.Criteria {
		selected := m.inPanel && i == m.weight
		name, figure := s.Fg, s.Fg
		text := fmt.Sprintf("%4s", decimal(c.Weight))
		if was := ownWeight(own, c.Name); was != c.Weight {
			text += " (" + decimal(was) + ")"
			figure = s.Accent
		}
		if c.LeftOut != "" {
			name = s.FgFaint
		}
		if selected {
			name = s.Accent
		}
		line := layout.Pointer(selected, look) + " " + name.Render(layout.Fit(g.Clean(c.Title), title, g.Ellipsis)) + "  " +
			figure.Render(prose.Pad(text, number))
		room := width - title - number - 5
		switch {
		case c.LeftOut != "":
			line += s.FgFaint.Render(prose.Shorten("not measured", max(room, 0), g.Ellipsis))
		case room >= 4:
			line += chart.Share(c.Max/m.largest(), min(room, 30), g, s)
		}
		lines = append(lines, line)
	}
	return lines
}

// largest is the most points that one criterion gives, so that the bars have
// room.
func (m *Model) largest() float64 {
	most := 1.0
	for _, c := range m.result.Criteria {
		most = max(most, c.Max)
	}
	return most
}

// moved is the number of weights that differ from the profile's own.
func (m *Model) moved() int {
	own, known := m.profile()
	if !known {
		return 0
	}
	n := 0
	for _, c := range own.Criteria {
		if w, given := m.shared.Weights[c.Name]; given && w != c.Weight {
			n++
		}
	}
	return n
}

func ownWeight(p score.Profile, name string) float64 {
	for _, c := range p.Criteria {
		if c.Name == name {
			return c.Weight
		}
	}
	return 0
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func styled(lines []string, render func(...string) string) []string {
	out := make([]string, 0, len(lines))
	for _, l := range lines {
		out = append(out, render(l))
	}
	return out
}
