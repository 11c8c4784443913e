package dialog

import (
	"strings"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/layout"
	"distrolab/tui/screen"
)

// Question asks before something is done. No is chosen until the person says
// otherwise.
type Question struct {
	closer
	question screen.Question
	no       string
	yes      bool     // the button that enter presses
	alsoYes  []string // keys that mean yes besides y
}

// Ask makes the dialog of a question. alsoYes are further keys that mean yes.
func Ask(q screen.Question, no string, alsoYes ...string) *Question {
	if q.Yes == "" {
		q.Yes = "yes"
	}
	return &Question{question: q, no: no, alsoYes: alsoYes}
}

// Actions are yes, no, and moving between the buttons.
func (q *Question) Actions() []screen.Action {
	return []screen.Action{
		{ID: "dialog.yes", Keys: append([]string{"y"}, q.alsoYes...), Title: q.question.Yes, Group: groupDialog, Help: "Does it.", Run: q.accept},
		{ID: "dialog.no", Keys: []string{"n", "esc"}, Title: q.no, Group: groupDialog, Help: "Does nothing.", Run: q.close},
		{ID: "dialog.press", Keys: []string{"enter"}, Title: "press the button", Group: groupDialog, Help: "Presses the chosen button.", Run: q.press},
		{ID: "dialog.other", Keys: []string{"tab", "left", "right", "h", "l", "shift+tab"}, Title: "other button", Group: groupDialog, Hidden: true,
			Help: "Chooses the other button.", Run: func() tea.Cmd { q.yes = !q.yes; return nil }},
	}
}

func (q *Question) accept() tea.Cmd {
	q.closed = true
	return q.question.Do
}

func (q *Question) press() tea.Cmd {
	if q.yes {
		return q.accept()
	}
	return q.close()
}

// Update takes a click on a button, relative to the lines of the box.
func (q *Question) Update(tea.Msg) tea.Cmd { return nil }

// View draws the question, what it means, and the buttons.
func (q *Question) View(room screen.Size, look screen.Look) Box {
	inside := Inside(room)
	width := min(inside.Width, 64)
	clean := look.Glyphs.Clean
	lines := styled(wrap(clean(q.question.Text), width), look.Styles.Title.Render)
	more := []string{}
	for _, m := range q.question.More {
		more = append(more, wrap(clean(m), width)...)
	}
	if len(more) > 0 {
		lines = append(lines, "")
		lines = append(lines, styled(more, look.Styles.FgMuted.Render)...)
	}
	buttons := q.buttons(width, look)
	if room := inside.Height - 1 - len(lines); room > 0 {
		lines = append(lines, "")
	}
	lines = append(cut(lines, inside.Height-1, look), buttons)
	return Box{Title: "Question", Lines: lines, Width: widest(lines, width)}
}

// buttons marks the chosen one without colour too.
func (q *Question) buttons(width int, look screen.Look) string {
	button := func(text, key string, chosen bool) string {
		text = "[" + key + "] " + look.Glyphs.Clean(text)
		if chosen {
			return layout.Pointer(true, look) + look.Styles.OnAccent.Render(" "+text+" ")
		}
		return " " + look.Styles.FgMuted.Render(" "+text+" ")
	}
	line := button(q.question.Yes, "y", q.yes) + "  " + button(q.no, "n", !q.yes)
	return ansi.Truncate(line, width, look.Glyphs.Ellipsis)
}

func styled(lines []string, render func(...string) string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = render(l)
	}
	return out
}

// wrap folds clean text at words; a word that is too long is cut in pieces.
func wrap(text string, width int) []string {
	return strings.Split(ansi.Wrap(text, max(width, 1), ""), "\n")
}

// cut keeps what fits and marks that something is missing.
func cut(lines []string, height int, look screen.Look) []string {
	height = max(height, 0)
	if len(lines) <= height {
		return lines
	}
	lines = append([]string(nil), lines[:height]...)
	if height > 0 {
		lines[height-1] = look.Styles.FgMuted.Render(look.Glyphs.Ellipsis)
	}
	return lines
}

// widest is the width of the widest line, at most a limit.
func widest(lines []string, limit int) int {
	w := 1
	for _, l := range lines {
		w = max(w, ansi.StringWidth(l))
	}
	return min(w, limit)
}
