package result

import (
	"fmt"
	"strings"

	"distrolab/labs/results"
	"distrolab/tui/layout"
	"distrolab/tui/screen"
)

// tab is one way to look at a session.
type tab int

const (
	tabSummary tab = iota
	tabPhases
	tabRuns
	tabBox
	tabCurve
	tabTimeline
	tabConditions
	tabs // their number
	// tabAgainst is there when two sessions are marked.
	tabAgainst tab = -1
)

func (t tab) title() string {
	switch t {
	case tabAgainst:
		return "A/B"
	case tabSummary:
		return "Summary"
	case tabPhases:
		return "Phases"
	case tabRuns:
		return "Runs"
	case tabBox:
		return "Boxes"
	case tabCurve:
		return "Curves"
	case tabTimeline:
		return "Timeline"
	}
	return "Conditions"
}

// shown are the tabs that there are now.
func (m *Model) shown() []tab {
	var list []tab
	if m.pair() {
		list = append(list, tabAgainst)
	}
	for t := range tabs {
		list = append(list, t)
	}
	return list
}

// turn shows the next tab, or the one before.
func (m *Model) turn(by int) {
	list := m.shown()
	at := 0
	for i, t := range list {
		if t == m.tab {
			at = i
		}
	}
	m.tab = list[(at+by+len(list))%len(list)]
	m.offset = 0
}

// tabLine names the tabs, the shown one in brackets.
func (m *Model) tabLine(width int, look screen.Look) string {
	s := look.Styles
	var parts []string
	cells := 0
	for _, t := range m.shown() {
		title := t.title()
		cells += len(title) + 3
		if t == m.tab {
			parts = append(parts, s.Accent.Render("["+title+"]"))
		} else {
			parts = append(parts, s.FgMuted.Render(" "+title+" "))
		}
	}
	if cells <= width {
		return layout.Fit(strings.Join(parts, " "), width, look.Glyphs.Ellipsis)
	}
	list, at := m.shown(), 0
	for i, t := range list {
		if t == m.tab {
			at = i
		}
	}
	text := s.Accent.Render("["+m.tab.title()+"]") + s.FgMuted.Render(fmt.Sprintf(" %d of %d, arrows turn", at+1, len(list)))
	return layout.Fit(text, width, look.Glyphs.Ellipsis)
}

// kind is what a session measured, in two words.
func kind(s results.Scenario) string {
	switch s {
	case results.JoinCold:
		return "cold join"
	case results.JoinWarm:
		return "warm join"
	case results.SecondBoot:
		return "later boot"
	}
	return "boot"
}

// systems names what a session measured.
func systems(l results.Listed) string { return strings.Join(l.Systems, ", ") }
