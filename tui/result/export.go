package result

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/labs/report"
	"distrolab/labs/results"
	"distrolab/tui/layout"
	"distrolab/tui/screen"
)

// export is the question in which form a session is written, and where.
type export struct {
	of     results.Listed
	format report.Format
	path   prompt
	own    bool // the path was typed: it does not follow the format
}

func newExport(l results.Listed) *export {
	e := &export{of: l, format: report.HTML, path: newPrompt()}
	e.name()
	return e
}

// name proposes a path for the format.
func (e *export) name() {
	if !e.own {
		e.path.Set(e.of.ID + e.format.Extension())
		return
	}
	for _, f := range report.Formats() {
		if stem, ok := strings.CutSuffix(e.path.Text(), f.Extension()); ok {
			e.path.Set(stem + e.format.Extension())
			return
		}
	}
}

func (e *export) turn(by int) {
	all := report.Formats()
	for i, f := range all {
		if f == e.format {
			e.format = all[(i+by+len(all))%len(all)]
			break
		}
	}
	e.name()
}

// exported is what became of an export.
type exported struct {
	of     results.Listed
	format report.Format
	path   string
	err    error
}

func (m *Model) write(e export, overwrite bool) tea.Cmd {
	backend, of, format, path := m.backend, e.of, e.format, strings.TrimSpace(e.path.Text())
	return func() tea.Msg {
		where, err := backend.Export(context.Background(), of.ID, format, path, overwrite)
		if err != nil {
			where = path
		}
		return exported{of, format, where, err}
	}
}

// exported tells where it is, or asks whether what is there may go.
func (m *Model) exported(msg exported) tea.Cmd {
	m.version++
	if errors.Is(msg.err, fs.ErrExist) {
		e := export{of: msg.of, format: msg.format, path: newPrompt()}
		e.path.Set(msg.path)
		return screen.Send(screen.Question{Text: "Overwrite " + msg.path + "?", More: []string{"There is a file of that name."}, Yes: "overwrite", Do: m.write(e, true)})
	}
	if msg.err != nil {
		return screen.Fail("exporting session "+msg.of.ID, msg.err, nil)
	}
	return screen.Tell("written: " + msg.path)
}

// lines draw the question, with the place of the cursor.
func (e *export) lines(width int, look screen.Look) (lines []string, x, y int) {
	s, g := look.Styles, look.Glyphs
	var parts []string
	for _, f := range report.Formats() {
		if f == e.format {
			parts = append(parts, s.Accent.Render("["+string(f)+"]"))
		} else {
			parts = append(parts, s.FgMuted.Render(" "+string(f)+" "))
		}
	}
	text, x := e.path.View(max(width-6, 1), look)
	return []string{
		layout.Fit(s.FgMuted.Render("as  ")+strings.Join(parts, " ")+"  "+s.FgMuted.Render(e.format.Words()), width, g.Ellipsis),
		layout.Fit(s.FgMuted.Render("to  ")+text, width, g.Ellipsis),
	}, 4 + x, 1
}

func (e *export) plain() []string {
	return []string{fmt.Sprintf("Export of %s as %s (%s)", e.of.ID, e.format, e.format.Words()), "Path: " + e.path.Text()}
}
