package factsheet

import (
	"fmt"
	"slices"
	"strings"

	"distrolab/distros"
	"distrolab/tui/prose"
)

// legend explains the marks that were used, and lists the sources.
func (s *sheet) legend() []string {
	var lines []string
	if s.marked.doubtful {
		lines = append(lines, prose.Fold("? not confirmed by a source that could be read", s.width)...)
	}
	if s.marked.unknown {
		lines = append(lines, prose.Fold(s.glyphs.Dash+" the catalog says nothing", s.width)...)
	}
	if s.notes != nil {
		for i, source := range s.notes.sources {
			mark := fmt.Sprintf("%*s ", len(fmt.Sprintf("[%d]", len(s.notes.sources))), fmt.Sprintf("[%d]", i+1))
			for j, part := range prose.Fold(s.glyphs.Clean(source.text()), s.width-len(mark)) {
				lines = append(lines, []string{mark, strings.Repeat(" ", len(mark))}[min(j, 1)]+part)
			}
		}
	}
	for i := range lines {
		lines[i] = s.styles.FgFaint.Render(lines[i])
	}
	if len(lines) > 0 {
		lines = slices.Insert(lines, 0, "")
	}
	return lines
}

// notes numbers sources; the same source keeps its number.
type notes struct{ sources []source }

// source is where a fact comes from, with the last day it was read.
type source struct{ place, checked string }

func (n *notes) mark(cell distros.Cell) string {
	i := slices.IndexFunc(n.sources, func(s source) bool { return s.place == cell.Source })
	if i < 0 {
		i = len(n.sources)
		n.sources = append(n.sources, source{place: cell.Source})
	}
	n.sources[i].checked = max(n.sources[i].checked, cell.Checked)
	return fmt.Sprintf(" [%d]", i+1)
}

func (s source) text() string {
	if s.checked == "" {
		return s.place
	}
	return s.place + ", read " + s.checked
}
