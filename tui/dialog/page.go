package dialog

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/screen"
)

// Page shows lines to read, of any number; the arrows scroll.
type Page struct {
	closer
	title   string
	text    []string // as it came; cleaned when drawn
	red     bool     // the first line says that something went wrong
	retry   tea.Cmd
	top     int
	height  int // of the last view
	lines   int
	width   int // what folded is folded for
	glyphs  string
	folded  []string
	maximum int // cells a line may have
}

// Failed makes the panel of a failure. It keeps at most the first megabyte of
// the error's text, which is more than anybody reads.
func Failed(f screen.Failure) *Page {
	text := "no reason given"
	if f.Err != nil {
		text = f.Err.Error()
	}
	if len(text) > maximumText {
		text = text[:maximumText] + "\n(cut here)"
	}
	title := strings.TrimSpace(f.Doing)
	if title == "" {
		title = "Something"
	}
	return &Page{title: "Failed", text: append([]string{title + " did not work"}, strings.Split(text, "\n")...), red: true, retry: f.Retry, maximum: 96}
}

const maximumText = 1 << 20

// Read makes a page of lines.
func Read(title string, lines []string) *Page {
	return &Page{title: title, text: lines, maximum: 100}
}

// Text is everything on the page, for the clipboard.
func (p *Page) Text() string { return strings.Join(p.text, "\n") }

// Actions are closing, trying again, copying and scrolling.
func (p *Page) Actions() []screen.Action {
	var all []screen.Action
	if p.retry != nil {
		all = append(all, screen.Action{ID: "dialog.retry", Keys: []string{"r"}, Title: "try again", Group: groupDialog,
			Help: "Does again what failed.", Run: p.again})
	}
	return append(all,
		screen.Action{ID: "dialog.copy", Keys: []string{"y"}, Title: "copy", Group: groupDialog,
			Help: "Copies the text to the clipboard of the terminal.", Run: func() tea.Cmd { return screen.Send(screen.Copy{Text: p.Text()}) }},
		p.closing("close", "esc", "enter", "q"),
		screen.Action{ID: "dialog.down", Keys: []string{"down", "j"}, Title: "down", Group: groupDialog, Hidden: p.lines <= p.height,
			Help: "Scrolls down.", Run: p.scroller(func() int { return 1 })},
		screen.Action{ID: "dialog.up", Keys: []string{"up", "k"}, Title: "up", Group: groupDialog, Hidden: p.lines <= p.height,
			Help: "Scrolls up.", Run: p.scroller(func() int { return -1 })},
		screen.Action{ID: "dialog.pagedown", Keys: []string{"pgdown", "space", "ctrl+d"}, Title: "page down", Group: groupDialog, Hidden: true,
			Help: "Scrolls down by a page.", Run: p.scroller(func() int { return max(p.height-1, 1) })},
		screen.Action{ID: "dialog.pageup", Keys: []string{"pgup", "ctrl+u"}, Title: "page up", Group: groupDialog, Hidden: true,
			Help: "Scrolls up by a page.", Run: p.scroller(func() int { return -max(p.height-1, 1) })},
		screen.Action{ID: "dialog.end", Keys: []string{"end", "G"}, Title: "end", Group: groupDialog, Hidden: true,
			Help: "Scrolls to the end.", Run: p.scroller(func() int { return p.lines })},
		screen.Action{ID: "dialog.begin", Keys: []string{"home", "g"}, Title: "begin", Group: groupDialog, Hidden: true,
			Help: "Scrolls to the beginning.", Run: p.scroller(func() int { return -p.lines })},
	)
}

func (p *Page) again() tea.Cmd {
	p.closed = true
	return p.retry
}

func (p *Page) scroller(by func() int) func() tea.Cmd {
	return func() tea.Cmd {
		p.scroll(by())
		return nil
	}
}

func (p *Page) scroll(by int) { p.top = max(min(p.top+by, p.lines-p.height), 0) }

// Update scrolls by the wheel.
func (p *Page) Update(msg tea.Msg) tea.Cmd {
	if wheel, is := msg.(tea.MouseWheelMsg); is {
		switch wheel.Button {
		case tea.MouseWheelUp:
			p.scroll(-3)
		case tea.MouseWheelDown:
			p.scroll(3)
		}
	}
	return nil
}

// View draws the part of the page that fits.
func (p *Page) View(room screen.Size, look screen.Look) Box {
	inside := Inside(room)
	p.fold(min(inside.Width, p.maximum), look)
	height := min(inside.Height, len(p.folded))
	scrolls := len(p.folded) > inside.Height && inside.Height > 1
	if scrolls {
		height = inside.Height - 1 // the last line says where we are
	}
	p.height, p.lines = height, len(p.folded)
	p.scroll(0)
	lines := append([]string(nil), p.folded[p.top:p.top+height]...)
	if p.red && p.top == 0 && len(lines) > 0 {
		lines[0] = look.Styles.Err.Render(lines[0])
	}
	if scrolls {
		lines = append(lines, look.Styles.FgMuted.Render(fmt.Sprintf("lines %d%s%d of %d", p.top+1, look.Glyphs.Dash, p.top+height, p.lines)))
	}
	width := widest(p.folded, p.width)
	if scrolls {
		width = max(width, min(28, inside.Width))
	}
	return Box{Title: p.title, Lines: lines, Width: width}
}

// fold cleans and folds the text once for a width.
func (p *Page) fold(width int, look screen.Look) {
	if p.width == width && p.glyphs == look.Glyphs.Name {
		return
	}
	p.width, p.glyphs, p.folded = width, look.Glyphs.Name, nil
	for i, t := range p.text {
		if p.red && i == 0 {
			t = look.Glyphs.Cross + " " + t
		}
		p.folded = append(p.folded, wrap(look.Glyphs.Clean(t), width)...)
	}
}
