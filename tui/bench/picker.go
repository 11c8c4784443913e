package bench

import (
	"fmt"
	"slices"

	"distrolab/distros"
	"distrolab/tui/layout"
	"distrolab/tui/rows"
	"distrolab/tui/screen"
)

// picker chooses systems in place.
type picker struct {
	all    []distros.Distro
	list   rows.List
	chosen []string // in the order of choosing
}

func newPicker(c *distros.Catalog, chosen []string) *picker {
	p := &picker{all: c.All(), chosen: slices.Clone(chosen)}
	p.list.SetCount(len(p.all))
	if len(chosen) > 0 {
		p.list.Select(slices.IndexFunc(p.all, func(d distros.Distro) bool { return d.Name == chosen[0] }))
	}
	return p
}

func (p *picker) toggle() {
	i := p.list.Selected()
	if i < 0 {
		return
	}
	name := p.all[i].Name
	if at := slices.Index(p.chosen, name); at >= 0 {
		p.chosen = slices.Delete(p.chosen, at, at+1)
		return
	}
	p.chosen = append(p.chosen, name)
}

func (p *picker) lines(width, height int, look screen.Look) []string {
	g, s := look.Glyphs, look.Styles
	from, to := p.list.Window(height)
	name := 0
	for i := from; i < to; i++ {
		name = max(name, len([]rune(p.all[i].Name)))
	}
	name = min(name, max(width/2, 8))
	var out []string
	for i := from; i < to; i++ {
		d := p.all[i]
		selected := i == p.list.Selected()
		box, st := "[ ]", s.Fg
		if at := slices.Index(p.chosen, d.Name); at >= 0 {
			box, st = "["+g.Check+"]", s.Of(at+1)
		}
		text := layout.Fit(g.Clean(d.Name), name, g.Ellipsis)
		if selected {
			text = s.Sel.Render(text)
		} else {
			text = st.Render(text)
		}
		line := layout.Pointer(selected, look) + st.Render(box) + " " + text + "  " + s.FgMuted.Render(g.Clean(d.Title))
		out = append(out, layout.Fit(line, width, g.Ellipsis))
	}
	return out
}

func (p *picker) title() string {
	return fmt.Sprintf("Systems: %d chosen of %d", len(p.chosen), len(p.all))
}
