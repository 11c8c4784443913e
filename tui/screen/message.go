package screen

import (
	"os/exec"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
)

// The messages below go from screens to the frame.

// News is a line that goes away by itself.
type News struct{ Text string }

// Failure stays until the person has read it: what was tried, why it failed,
// and what to do. Its error may hold several lines and bytes from outside.
type Failure struct {
	Doing string  // "starting lab trial"
	Err   error   // why it failed
	Retry tea.Cmd // does it again; nil: cannot
}

// Question asks before something that cannot be undone.
type Question struct {
	Text string   // "Destroy lab trial with 3 machines?"
	More []string // what that means
	Yes  string   // the word on the button: "destroy"
	Do   tea.Cmd
}

// Go shows another screen.
type Go struct {
	Screen   ID
	Argument string
}

// Suspend gives the terminal to a program until it ends, then sends what After
// makes of its error.
type Suspend struct {
	Command *exec.Cmd
	After   func(error) tea.Msg
}

// Copy puts text on the clipboard of the terminal.
type Copy struct{ Text string }

// Marked says that the marks of Shared have changed.
type Marked struct{}

// Changed says that something that is kept between starts has changed, so that
// the frame stores it.
type Changed struct{}

// Send is the command that says only this message.
func Send(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }

// Tell is the command for a line of news.
func Tell(text string) tea.Cmd { return Send(News{Text: text}) }

// Fail is the command for a failure; without an error it is none.
func Fail(doing string, err error, retry tea.Cmd) tea.Cmd {
	if err == nil {
		return nil
	}
	return Send(Failure{Doing: doing, Err: err, Retry: retry})
}
