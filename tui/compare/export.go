package compare

import (
	"errors"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/screen"
)

// copyTable puts what is shown on the clipboard.
func (m *Model) copyTable() tea.Cmd { return screen.Send(screen.Copy{Text: m.seen().Markdown()}) }

// export writes what is shown, as `distrolab compare` does with --markdown and
// --csv.
func (m *Model) export() tea.Cmd {
	c, backend := m.seen(), m.backend
	name := "compare-" + strings.Join(c.Distros, "-")
	if len(c.Distros) > 3 {
		name = fmt.Sprintf("compare-%d-systems", len(c.Distros))
	}
	return func() tea.Msg {
		markdown, err := backend.Save(name+".md", c.Markdown())
		csv, also := backend.Save(name+".csv", c.CSV())
		if err = errors.Join(err, also); err != nil {
			return screen.Failure{Doing: "writing the table", Err: err}
		}
		return screen.News{Text: "written: " + markdown + " and " + csv}
	}
}
