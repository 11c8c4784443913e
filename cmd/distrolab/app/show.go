package app

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/distros"
)

// proseWidth bounds lines of prose, which are hard to read when longer.
const proseWidth = 110

func newShow(a *application) *cobra.Command {
	var sources bool
	cmd := &cobra.Command{
		Use:               "show NAME",
		Short:             "Show what is known of a system",
		Example:           "  distrolab show flatcar\n  distrolab show talos --sources",
		Args:              exactly(1, "one system; `distrolab list` shows what there is"),
		ValidArgsFunction: a.completeDistros,
		RunE: func(_ *cobra.Command, args []string) error {
			found, err := a.find(args)
			if err != nil {
				return err
			}
			l, err := a.listed(found[0])
			if err != nil {
				return err
			}
			if a.json() {
				return a.printJSON(l)
			}
			return a.printDistro(l, sources)
		},
	}
	cmd.Flags().BoolVar(&sources, "sources", false, "say where each fact comes from and when it was checked")
	return cmd
}

// page is a system being written out: rows of a label and a text, under
// headings.
type page struct {
	view
	label int
	lines []string
}

func (a *application) printDistro(l listed, sources bool) error {
	v := a.view()
	v.width = min(v.width, proseWidth)
	comparison := distros.Compare([]distros.Distro{l.Distro}, a.world.Now())
	p := &page{view: v, label: titleWidth(comparison.Rows)}
	p.head(l)
	p.facts(comparison.Rows, sources)
	p.lab(l)
	p.traps(l.Traps)
	if !sources {
		p.add("")
		p.prose("`distrolab show "+l.Name+" --sources` says where each fact comes from.", v.styles.FgFaint.Render)
	}
	return printLines(a.world.Out, p.lines)
}

func (p *page) head(l listed) {
	p.prose(l.Title, p.styles.Title.Render)
	names := l.Name
	if len(l.Aliases) > 0 {
		names += ", also called " + strings.Join(l.Aliases, ", ")
	}
	p.prose(names, p.styles.FgMuted.Render)
	p.add("")
	p.prose(l.Summary, p.styles.Fg.Render)
	if l.Kind != distros.KindVendor {
		p.add("")
		p.prose(p.glyphs.Warn+" "+l.Origin(), p.styles.Warn.Render)
	}
	p.add("")
	p.support(l)
	p.row("Made by", l.Vendor)
}

// support says whether the system is maintained, until when, and what to take
// in its place.
func (p *page) support(l listed) {
	state := p.state(l.Standing.State)
	mark, _, _ := strings.Cut(state.Text, " ")
	p.styled("Support", mark+" "+l.Standing.String(), state.Style.Render)
	days := []string{}
	for _, d := range []struct{ word, day string }{
		{"since", l.Support.Since}, {"standard until", l.Support.Until}, {"extended until", l.Support.ExtendedUntil},
	} {
		if d.day != "" {
			days = append(days, d.word+" "+d.day)
		}
	}
	if len(days) > 0 {
		p.row("", strings.Join(days, ", "))
	}
	if l.Support.ReplacedBy != "" {
		p.row("Replaced by", l.Support.ReplacedBy)
	}
	if l.Latest != nil {
		p.row("Latest release", latestWords(l))
	}
}

func latestWords(l listed) string {
	text := l.Latest.Version
	if l.Latest.Channel != "" {
		text += " (" + l.Latest.Channel + ")"
	}
	if l.Latest.Published != "" {
		text += " of " + l.Latest.Published
	}
	return text + ", as known on " + l.Latest.Seen
}

// facts writes the rows of a comparison with itself under their groups.
func (p *page) facts(rows []distros.Row, sources bool) {
	group, title := "", ""
	for _, r := range rows {
		if r.Key == "standing" || r.Key == "kind" {
			continue // said at the head
		}
		if r.Group != group {
			group = r.Group
			p.heading(group)
		}
		cell := r.Cells[0]
		text, look := cell.Value, p.styles.Fg
		if cell.Unconfirmed {
			text, look = text+" (unconfirmed)", p.styles.FgMuted
		}
		shown := r.Title
		if shown == title {
			shown = "" // another fact on the same criterion
		}
		title = r.Title
		p.styled(shown, text, look.Render)
		if sources && cell.Source != "" {
			p.note(strings.TrimSpace(cell.Source + " " + cell.Checked))
		}
	}
}

// lab says what the lab does with the system: where the image comes from, how
// the config gets in, which machine it needs.
func (p *page) lab(l listed) {
	p.heading("In the lab")
	p.row("Image", l.Release.Sentence())
	for i, c := range l.Configs() {
		p.config([]string{"Config", "Another config"}[min(i, 1)], c)
	}
	p.row("Machine", l.Hardware.String())
	p.row("Cluster", l.JoinSentence())
	if label, words := l.Boot.Login(); label != "" {
		p.row(label, words)
	}
}

// config writes a format and the ways in, each with what --delivery calls it.
func (p *page) config(title string, c distros.ConfigProfile) {
	text := c.Dialect()
	for _, older := range c.Older {
		text += fmt.Sprintf("; %s before release %s", older.Version, older.Before)
	}
	p.row(title, text)
	if c.Note != "" {
		p.row("", c.Note)
	}
	for _, d := range c.Deliveries {
		if d.Kind != distros.DeliverNone {
			p.row("  "+d.Call(), d.Sentence())
		}
	}
}

func (p *page) traps(traps []string) {
	if len(traps) == 0 {
		return
	}
	p.heading("Traps")
	for _, t := range traps {
		for i, part := range fold(p.glyphs.Clean(t), p.width-4) {
			p.add("  " + []string{p.glyphs.Bullet + " ", "  "}[min(i, 1)] + part)
		}
	}
}

func (p *page) add(line string) { p.lines = append(p.lines, line) }

func (p *page) heading(text string) { p.lines = append(p.lines, "", p.styles.Accent.Render(text)) }

func (p *page) prose(text string, look func(...string) string) {
	for _, line := range fold(p.glyphs.Clean(text), p.width) {
		p.add(look(line))
	}
}

func (p *page) row(title, text string) { p.styled(title, text, p.styles.Fg.Render) }

func (p *page) styled(title, text string, look func(...string) string) {
	for i, part := range fold(p.glyphs.Clean(text), p.width-p.label-2) {
		p.add(p.styles.FgMuted.Render(padded([]string{title, ""}[min(i, 1)], p.label)) + "  " + look(part))
	}
}

// note stands below a row, less important.
func (p *page) note(text string) {
	for _, part := range fold(p.glyphs.Clean(text), p.width-p.label-2) {
		p.add(strings.Repeat(" ", p.label+2) + p.styles.FgFaint.Render(part))
	}
}

func titleWidth(rows []distros.Row) int {
	width := len("Latest release")
	for _, r := range rows {
		width = max(width, cells(r.Title))
	}
	return width
}
