package tui

import (
	"fmt"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
)

const (
	newsFor  = 5 * time.Second // a line of news is shown this long
	newsKept = 100             // and this many can be read again
)

// news are the lines that go away by themselves, and the last of them to read
// again.
type news struct {
	shown  string // the line that is shown; "" none
	number int    // of the shown line
	past   []past
}

// past is a line of news or a failure that was shown.
type past struct {
	at     time.Time
	text   string
	failed bool
}

func (n *news) add(p past) {
	n.past = append(n.past, p)
	n.past = n.past[max(len(n.past)-newsKept, 0):]
}

// newsOld says that a line has been shown long enough.
type newsOld struct{ number int }

func (n *news) forget(number int) {
	if number == n.number {
		n.shown = ""
	}
}

// tell shows a line of news.
func (m *Model) tell(text string) tea.Cmd {
	if m.say != nil {
		m.say(text)
		return nil
	}
	m.news.number++
	m.news.shown = text
	m.news.add(past{at: m.now(), text: text})
	number := m.news.number
	return tea.Tick(newsFor, func(time.Time) tea.Msg { return newsOld{number} })
}

func (m *Model) now() time.Time {
	if m.shared == nil || m.shared.Now == nil {
		return time.Time{}
	}
	return m.shared.Now()
}

func copied(text string) string {
	if n := utf8.RuneCountInString(text); n != 1 {
		return fmt.Sprintf("copied %d characters", n)
	}
	return "copied 1 character"
}
