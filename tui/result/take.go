package result

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/layout"
	"distrolab/tui/screen"
)

// take is the question which exported session comes into the store.
type take struct{ path prompt }

// taken is what became of it.
type taken struct {
	from string
	id   string
	runs int
	err  error
}

func (m *Model) askTake() {
	m.take = &take{newPrompt()}
}

func (m *Model) takeActions() []screen.Action {
	return []screen.Action{
		{ID: "results.take", Keys: []string{"enter"}, Title: "take in", Group: groupList, Help: "Takes the session into the store; runs that are there stay as they are.",
			Run: func() tea.Cmd {
				m.version++
				from, backend := strings.TrimSpace(m.take.path.Text()), m.backend
				m.take = nil
				if from == "" {
					return nil
				}
				return func() tea.Msg {
					id, runs, err := backend.Import(context.Background(), from)
					return taken{from, id, runs, err}
				}
			}},
		{ID: "results.leave", Keys: []string{"esc"}, Title: "cancel", Group: groupList, Help: "Takes nothing in.", Run: m.do(func() { m.take = nil })},
	}
}

// taken shows the session that came in.
func (m *Model) taken(msg taken) tea.Cmd {
	m.version++
	if msg.err != nil {
		return screen.Fail("taking in "+msg.from, msg.err, nil)
	}
	m.want = msg.id
	m.clearFilter()
	news := fmt.Sprintf("took in session %s, %d runs", msg.id, msg.runs)
	if msg.runs == 0 {
		news = "session " + msg.id + " was here already, with all its runs"
	}
	m.listing = false // what was being listed does not have it
	return tea.Batch(screen.Tell(news), m.reload())
}

func (t *take) lines(width int, look screen.Look) (lines []string, x, y int) {
	text, x := t.path.View(max(width-7, 1), look)
	return []string{
		layout.Fit(look.Styles.FgMuted.Render("from  ")+text, width, look.Glyphs.Ellipsis),
		layout.Fit(look.Styles.FgMuted.Render("a directory or .tar file that distrolab results export has written"), width, look.Glyphs.Ellipsis),
	}, 6 + x, 0
}
