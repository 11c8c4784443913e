package bench

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"distrolab/labs/results"
	"distrolab/labs/session"
	"distrolab/tui/layout"
	"distrolab/tui/screen"
)

// letters are how many systems the map of blocks can tell apart.
const letters = 26

// letter names a system on the map and in the plots.
func letter(i int) string { return string(rune('A' + i%letters)) }

// square is one run on the map of blocks.
type square struct {
	system int
	known  bool // it has begun
	cell   cell
}

// plannedMap draws the order in which a design will run.
func plannedMap(d Design, width, height int, look screen.Look) []string {
	return blockMap(d, nil, 0, width, height, look)
}

// blockMap draws the runs of a session block by block, each as the letter of its
// system and a mark of how it ended. The block at is among the drawn ones.
func blockMap(d Design, done [][]cell, at, width, height int, look screen.Look) []string {
	n := len(d.Systems)
	if height < 2 || width < 8 || n == 0 {
		return nil
	}
	lines := mapLegend(d, width, look)
	if n > letters {
		return lines
	}
	blocks := d.most()
	label := len(fmt.Sprint(blocks))
	each := label + 1 + 2*n + 2
	across := max((width+2)/each, 1)
	if d.Warmups > 0 && len(lines) < height {
		lines = append(lines, layout.Fit(look.Styles.FgMuted.Render("warm-up ")+squares(warmups(d, done), look), width, look.Glyphs.Ellipsis))
	}
	down := max(height-len(lines), 0)
	first := 0
	if at > across*down {
		first = (at - 1) / across * across
		first -= max(down-1, 0) / 2 * across
	}
	last := min(first+across*down, blocks)
	order := session.Order(d.Seed, n, max(last, 0))
	for b := max(first, 0); b < last; b += across {
		var parts []string
		for i := b; i < min(b+across, last); i++ {
			number := look.Styles.FgMuted.Render(fmt.Sprintf("%*d ", label, i+1))
			if i+1 == at {
				number = look.Styles.Accent.Render(fmt.Sprintf("%*d ", label, i+1))
			}
			parts = append(parts, number+squares(blockOf(order[i], cellsOf(done, i+1)), look))
		}
		lines = append(lines, strings.Join(parts, "  "))
	}
	if rest := blocks - last; rest > 0 && len(lines) > 1 {
		lines[0] = layout.Fit(lines[0], max(width-16, 0), look.Glyphs.Ellipsis) + look.Styles.FgMuted.Render(fmt.Sprintf(" %d more blocks", rest))
	}
	return lines
}

func cellsOf(done [][]cell, block int) []cell {
	if block < len(done) {
		return done[block]
	}
	return nil
}

// blockOf puts what has run into the planned order.
func blockOf(order []int, ran []cell) []square {
	var list []square
	for _, system := range order {
		sq := square{system: system}
		for _, c := range ran {
			if c.system == system {
				sq.known, sq.cell = true, c
			}
		}
		list = append(list, sq)
	}
	return list
}

func warmups(d Design, done [][]cell) []square {
	var list []square
	ran := map[int][]cell{}
	for _, c := range cellsOf(done, 0) {
		ran[c.system] = append(ran[c.system], c)
	}
	for n := range d.Warmups {
		for i := range d.Systems {
			sq := square{system: i}
			if n < len(ran[i]) {
				sq.known, sq.cell = true, ran[i][n]
			}
			list = append(list, sq)
		}
	}
	return list
}

func squares(list []square, look screen.Look) string {
	g, s := look.Glyphs, look.Styles
	var b strings.Builder
	for _, sq := range list {
		st, mark := s.Of(sq.system+1), " "
		switch {
		case !sq.known:
			st = s.FgFaint
		case sq.cell.running:
			st, mark = s.Accent, g.Dot
		case sq.cell.outcome == results.OutcomeOK:
			mark = g.Check
		case sq.cell.outcome == results.OutcomeTainted:
			mark = s.Warn.Render(g.Warn)
		default:
			mark = s.Err.Render(g.Cross)
		}
		b.WriteString(st.Render(letter(sq.system)))
		if sq.known && (sq.cell.running || sq.cell.outcome == results.OutcomeOK) {
			mark = st.Render(mark)
		}
		b.WriteString(mark)
	}
	return b.String()
}

// mapLegend names the letters, in as many lines as that takes.
func mapLegend(d Design, width int, look screen.Look) []string {
	if len(d.Systems) > letters {
		return []string{look.Styles.FgMuted.Render(layout.Fit(fmt.Sprintf("%d systems, shuffled anew in each block", len(d.Systems)), width, look.Glyphs.Ellipsis))}
	}
	var lines []string
	line, used := "", 0
	for i, name := range d.Systems {
		name = ansi.Truncate(look.Glyphs.Clean(name), max(width-2, 1), look.Glyphs.Ellipsis)
		need := 2 + ansi.StringWidth(name)
		if used > 0 && used+2+need > width {
			lines, line, used = append(lines, line), "", 0
		}
		if used > 0 {
			line += "  "
			used += 2
		}
		line += look.Styles.Of(i+1).Render(letter(i)) + " " + look.Styles.FgMuted.Render(name)
		used += need
	}
	return append(lines, line)
}
