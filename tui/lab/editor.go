package lab

import (
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/x/ansi"
)

// maxText bounds what can be typed into one field, in characters.
const maxText = 500

// editor is one line of text that is being typed.
type editor struct {
	text []rune
	at   int // where the next character goes
}

func (e *editor) set(text string) { e.text, e.at = []rune(text), len([]rune(text)) }

func (e *editor) value() string { return strings.TrimSpace(string(e.text)) }

// insert adds what can be seen; control characters are read over.
func (e *editor) insert(text string) {
	for _, r := range text {
		if unicode.IsPrint(r) && len(e.text) < maxText {
			e.text = append(e.text[:e.at], append([]rune{r}, e.text[e.at:]...)...)
			e.at++
		}
	}
}

// key edits, and says whether it was a key for that.
func (e *editor) key(key tea.Key) bool {
	switch {
	case key.Text != "":
		e.insert(key.Text)
	case key.Code == tea.KeyBackspace && e.at > 0:
		e.text = append(e.text[:e.at-1], e.text[e.at:]...)
		e.at--
	case key.Code == tea.KeyDelete && e.at < len(e.text):
		e.text = append(e.text[:e.at], e.text[e.at+1:]...)
	case key.Code == tea.KeyLeft:
		e.at = max(e.at-1, 0)
	case key.Code == tea.KeyRight:
		e.at = min(e.at+1, len(e.text))
	case key.Code == tea.KeyHome:
		e.at = 0
	case key.Code == tea.KeyEnd:
		e.at = len(e.text)
	case key.Code == 'u' && key.Mod == tea.ModCtrl:
		e.text, e.at = e.text[e.at:], 0
	default:
		return false
	}
	return true
}

// window is the part of the text around the cursor that fits, and the cursor's
// place in it, in cells.
func (e *editor) window(width int) (text string, cursor int) {
	if width <= 1 {
		return "", 0
	}
	from := 0
	for ansi.StringWidth(string(e.text[from:e.at])) > width-1 {
		from++
	}
	return ansi.Truncate(string(e.text[from:]), width, ""), ansi.StringWidth(string(e.text[from:e.at]))
}
