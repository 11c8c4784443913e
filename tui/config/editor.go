package config

import (
	"slices"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/layout"
	"distrolab/tui/style"
)

// editor edits a text of one line or several. Its cursor is between runes: what
// the house cannot draw as one cell or two is drawn as a mark anyway. Bubbles'
// text area is not used: it makes spaces of tabs, and what is edited here may be a
// file's content.
type editor struct {
	runes     []rune
	cursor    int
	lines     bool // several lines
	top, left int  // of the window: first line, first cell
	height    int  // of the window, as last drawn
}

func newEditor(value string, lines bool) *editor {
	e := &editor{runes: []rune(value), lines: lines, height: 1}
	if !lines {
		e.cursor = len(e.runes)
	}
	return e
}

func (e *editor) value() string { return string(e.runes) }

// insert puts text at the cursor. Control characters have no place in an
// intent; line ends become spaces where there is one line.
func (e *editor) insert(text string) {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	if !e.lines {
		text = strings.ReplaceAll(strings.Trim(text, "\n"), "\n", " ")
	}
	runes := slices.DeleteFunc([]rune(text), func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' })
	e.runes = slices.Insert(e.runes, e.cursor, runes...)
	e.cursor += len(runes)
}

// key does what a key means in a text, and says whether it meant something.
func (e *editor) key(msg tea.KeyPressMsg) bool {
	switch key := msg.String(); key {
	case "left", "ctrl+b":
		e.cursor = max(e.cursor-1, 0)
	case "right", "ctrl+f":
		e.cursor = min(e.cursor+1, len(e.runes))
	case "home", "ctrl+a":
		e.cursor = e.lineStart(e.cursor)
	case "end", "ctrl+e":
		e.cursor = e.lineEnd(e.cursor)
	case "alt+left", "ctrl+left":
		e.cursor = e.wordStart()
	case "alt+right", "ctrl+right":
		e.cursor = e.wordEnd()
	case "backspace":
		e.remove(e.cursor-1, e.cursor)
	case "delete", "ctrl+d":
		e.remove(e.cursor, e.cursor+1)
	case "ctrl+w", "alt+backspace":
		e.remove(e.wordStart(), e.cursor)
	case "ctrl+u":
		e.remove(e.lineStart(e.cursor), e.cursor)
	default:
		return e.vertical(key) || e.typed(msg)
	}
	return true
}

func (e *editor) typed(msg tea.KeyPressMsg) bool {
	if msg.Text == "" {
		return false
	}
	e.insert(msg.Text)
	return true
}

// vertical moves between lines.
func (e *editor) vertical(key string) bool {
	if !e.lines {
		return false
	}
	switch key {
	case "up":
		e.move(-1)
	case "down":
		e.move(1)
	case "pgup":
		e.move(-max(e.height-1, 1))
	case "pgdown":
		e.move(max(e.height-1, 1))
	case "enter":
		e.insert("\n")
	default:
		return false
	}
	return true
}

// move goes by lines, keeping the column where the line has it.
func (e *editor) move(by int) {
	column := e.cursor - e.lineStart(e.cursor)
	for ; by < 0 && e.lineStart(e.cursor) > 0; by++ {
		e.cursor = e.lineStart(e.cursor) - 1
	}
	for ; by > 0 && e.lineEnd(e.cursor) < len(e.runes); by-- {
		e.cursor = e.lineEnd(e.cursor) + 1
	}
	start := e.lineStart(e.cursor)
	e.cursor = min(start+column, e.lineEnd(start))
}

func (e *editor) remove(from, to int) {
	from, to = max(from, 0), min(to, len(e.runes))
	if from >= to {
		return
	}
	e.runes = slices.Delete(e.runes, from, to)
	e.cursor = from
}

func (e *editor) lineStart(at int) int {
	for at > 0 && e.runes[at-1] != '\n' {
		at--
	}
	return at
}

func (e *editor) lineEnd(at int) int {
	for at < len(e.runes) && e.runes[at] != '\n' {
		at++
	}
	return at
}

func (e *editor) wordStart() int {
	at := e.cursor
	for at > 0 && unicode.IsSpace(e.runes[at-1]) {
		at--
	}
	for at > 0 && !unicode.IsSpace(e.runes[at-1]) {
		at--
	}
	return at
}

func (e *editor) wordEnd() int {
	at := e.cursor
	for at < len(e.runes) && unicode.IsSpace(e.runes[at]) {
		at++
	}
	for at < len(e.runes) && !unicode.IsSpace(e.runes[at]) {
		at++
	}
	return at
}

// view draws the window with the cursor in it: lines of exactly width cells, and
// where the cursor stands in them. Hidden text is drawn as bullets.
func (e *editor) view(width, height int, hide bool, g style.Glyphs) (lines []string, x, y int) {
	width, e.height = max(width, 1), max(height, 1)
	start := e.lineStart(e.cursor)
	row := 0
	for _, r := range e.runes[:start] {
		if r == '\n' {
			row++
		}
	}
	e.top = max(min(e.top, row), row-e.height+1)
	x = ansi.StringWidth(e.shown(e.runes[start:e.cursor], hide, g))
	if e.left = max(min(e.left, x), x-width+1); x < width {
		e.left = 0
	}
	n := 0
	for from := 0; from <= len(e.runes) && n < e.top+e.height; n++ {
		end := e.lineEnd(from)
		if n >= e.top {
			lines = append(lines, layout.Fit(ansi.Cut(e.shown(e.runes[from:end], hide, g), e.left, e.left+width), width, ""))
		}
		from = end + 1
	}
	for len(lines) < e.height {
		lines = append(lines, strings.Repeat(" ", width))
	}
	return lines, x - e.left, row - e.top
}

// shown is a part of a line as it is drawn, rune by rune, so that the width of
// what is before the cursor is the cursor's place.
func (e *editor) shown(runes []rune, hide bool, g style.Glyphs) string {
	if hide {
		return strings.Repeat(g.Bullet, len(runes))
	}
	return g.Clean(strings.ReplaceAll(string(runes), "\t", "    "))
}
