package factsheet

import (
	"fmt"
	"strings"
	"time"

	"distrolab/distros"
	"distrolab/distros/release"
	"distrolab/tui/prose"
	"distrolab/tui/style"
)

// System is what a page is about.
type System struct {
	distros.Distro
	Day    time.Time      // support is judged as of this day
	Latest *release.Known // the newest release that is known; nil: none
	Score  string         // what a score says of it, in words; empty: nothing
}

// Page writes all that the catalog knows of a system, at most width cells wide:
// what it is, whether it is maintained, its facts in groups, what the lab does
// with it, its traps. Sources say where each fact comes from and when it was
// checked.
func Page(sys System, sources bool, width int, g style.Glyphs, s style.Styles) []string {
	rows := distros.Compare([]distros.Distro{sys.Distro}, sys.Day).Rows
	p := &page{width: max(width, 1), glyphs: g, styles: s}
	p.label = min(titleWidth(rows), max(p.width*2/5, 8))
	p.head(sys)
	p.facts(rows, sources)
	p.lab(sys.Distro)
	p.traps(sys.Traps)
	return p.lines
}

// page is a system being written out: rows of a label and a text, under
// headings.
type page struct {
	width  int
	glyphs style.Glyphs
	styles style.Styles
	label  int // width of the labels
	lines  []string
}

func (p *page) head(sys System) {
	p.prose(sys.Title, p.styles.Title.Render)
	names := sys.Name
	if len(sys.Aliases) > 0 {
		names += ", also called " + strings.Join(sys.Aliases, ", ")
	}
	p.prose(names, p.styles.FgMuted.Render)
	p.add("")
	p.prose(sys.Summary, p.styles.Fg.Render)
	if origin := sys.Origin(); origin != "" {
		p.add("")
		p.prose(p.glyphs.Warn+" "+origin, p.styles.Warn.Render)
	}
	p.add("")
	p.support(sys)
	if sys.Score != "" {
		p.row("Score", sys.Score)
	}
	p.row("Made by", sys.Vendor)
}

// support says whether the system is maintained, until when, and what to take
// in its place.
func (p *page) support(sys System) {
	standing := sys.Support.On(sys.Day)
	mark, look := Standing(standing.State, p.glyphs, p.styles)
	p.styled("Support", mark+" "+standing.String(), look.Render)
	days := []string{}
	for _, d := range []struct{ word, day string }{
		{"since", sys.Support.Since}, {"standard until", sys.Support.Until}, {"extended until", sys.Support.ExtendedUntil},
	} {
		if d.day != "" {
			days = append(days, d.word+" "+d.day)
		}
	}
	if len(days) > 0 {
		p.row("", strings.Join(days, ", "))
	}
	if sys.Support.ReplacedBy != "" {
		p.row("Replaced by", sys.Support.ReplacedBy)
	}
	if sys.Latest != nil {
		p.row("Latest release", Latest(*sys.Latest))
	}
}

// Latest says a release with its channel, its day, and the day that it was seen.
func Latest(k release.Known) string {
	text := k.Version
	if k.Channel != "" {
		text += " (" + k.Channel + ")"
	}
	if k.Published != "" {
		text += " of " + k.Published
	}
	return text + ", as known on " + k.Seen
}

// Age says how long ago a release came out; empty when that is not known.
func Age(k *release.Known, now time.Time) string {
	if k == nil {
		return ""
	}
	day, err := time.Parse(time.DateOnly, k.Published)
	if err != nil || day.After(now) {
		return ""
	}
	return distros.Span(day, now)
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
func (p *page) lab(d distros.Distro) {
	p.heading("In the lab")
	p.row("Image", d.Release.Sentence())
	for i, c := range d.Configs() {
		p.config([]string{"Config", "Another config"}[min(i, 1)], c)
	}
	p.row("Machine", d.Hardware.String())
	p.row("Cluster", d.JoinSentence())
	if label, words := d.Boot.Login(); label != "" {
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
		for i, part := range prose.Fold(p.glyphs.Clean(t), p.width-4) {
			mark := "   "
			if i == 0 {
				mark = " " + p.styles.Warn.Render(p.glyphs.Warn) + " "
			}
			p.add(mark + " " + part)
		}
	}
}

func (p *page) add(line string) { p.lines = append(p.lines, line) }

func (p *page) heading(text string) {
	p.add("")
	p.prose(text, p.styles.Accent.Render)
}

func (p *page) prose(text string, look func(...string) string) {
	for _, line := range prose.Fold(p.glyphs.Clean(text), p.width) {
		p.add(look(line))
	}
}

func (p *page) row(title, text string) { p.styled(title, text, p.styles.Fg.Render) }

func (p *page) styled(title, text string, look func(...string) string) {
	labels := prose.Fold(p.glyphs.Clean(title), p.label)
	if strings.HasPrefix(title, "  ") {
		labels = []string{prose.Shorten("  "+p.glyphs.Clean(title[2:]), p.label, p.glyphs.Ellipsis)}
	}
	texts := prose.Fold(p.glyphs.Clean(text), p.width-p.label-2)
	for i := range max(len(labels), len(texts)) {
		label, part := "", ""
		if i < len(labels) {
			label = labels[i]
		}
		if i < len(texts) {
			part = texts[i]
		}
		p.add(p.styles.FgMuted.Render(prose.Pad(label, p.label)) + "  " + look(part))
	}
}

// note stands below a row, less important.
func (p *page) note(text string) {
	for _, part := range prose.Fold(p.glyphs.Clean(text), p.width-p.label-2) {
		p.add(strings.Repeat(" ", p.label+2) + p.styles.FgFaint.Render(part))
	}
}
