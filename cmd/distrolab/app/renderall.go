package app

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"distrolab/provision"
	"distrolab/provision/render"
	"distrolab/tui/chart"
)

// attempt is the rendering for one system of all.
type attempt struct {
	rendition
	failed string // why there is none
}

// renderedOrNot is the JSON shape of one system of `render --all -o json`.
type renderedOrNot struct {
	rendered
	Error string `json:"error,omitempty"`
}

// renderAll renders the intent for every system of the catalog. One that cannot
// be rendered, such as a wrong entry of the person's own, is told at the end.
func (a *application) renderAll(opt renderOptions) error {
	attempts, err := a.attempts(opt)
	if err != nil {
		return err
	}
	if opt.strict {
		if err := strictly(attempts); err != nil {
			return err
		}
	}
	switch {
	case opt.out != "":
		err = a.writeAll(attempts, opt)
	case a.json():
		list := []renderedOrNot{}
		for _, t := range attempts {
			list = append(list, renderedOrNot{t.shown(opt.reveal).json(), t.failed})
		}
		err = a.printJSON(list)
	default:
		err = a.printAll(attempts)
	}
	if err != nil {
		return err
	}
	return failedOnes(attempts)
}

// failedOnes is the error of the systems that could not be rendered.
func failedOnes(attempts []attempt) error {
	var lines []string
	for _, t := range attempts {
		if t.failed != "" {
			lines = append(lines, t.failed)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return errors.New(strings.Join(lines, "\n"))
}

func (a *application) attempts(opt renderOptions) ([]attempt, error) {
	catalog, err := a.catalog()
	if err != nil {
		return nil, err
	}
	intentOf, err := a.readIntent(opt.intent, exampleKey)
	if err != nil {
		return nil, err
	}
	var attempts []attempt
	for _, d := range catalog.All() {
		c := choice{}
		if takesSecrets(d, "") {
			c.secrets = opt.secrets
		}
		r, err := a.rendition(intentOf(d), d, c)
		var coded codeError
		switch {
		case errors.As(err, &coded):
			return nil, err // what was asked for is wrong, for any system
		case err != nil:
			attempts = append(attempts, attempt{rendition: rendition{distro: d, intent: intentOf(d)}, failed: err.Error()})
		default:
			attempts = append(attempts, attempt{rendition: r})
		}
	}
	return attempts, nil
}

// strictly makes every gap of every system one error.
func strictly(attempts []attempt) error {
	var lines []string
	for _, t := range attempts {
		if err := gapsError(t.rendition); err != nil {
			lines = append(lines, err.Error())
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return codeError{ExitCheck, errors.New(strings.Join(lines, "\n"))}
}

func (a *application) writeAll(attempts []attempt, opt renderOptions) error {
	for _, t := range attempts {
		if len(t.config.Documents) == 0 {
			continue // it takes no config, or could not be rendered
		}
		if err := a.writeConfig(filepath.Join(opt.out, t.distro.Name), t.rendition, opt.force); err != nil {
			return err
		}
	}
	return nil
}

// printAll is a line for each system: how it gets the intent, and what of it
// the system cannot do.
func (a *application) printAll(attempts []attempt) error {
	v := a.view()
	columns := []chart.Column{{Title: "NAME"}, {Title: "FORMAT"}, {Title: "DELIVERED BY", Drop: 2},
		{Title: "BYTES", Right: true, Drop: 3}, {Title: "GAPS", Right: true}, {Title: "WHAT IT CANNOT DO", Drop: 1}}
	var rows [][]chart.Cell
	for _, t := range attempts {
		rows = append(rows, v.attemptRow(t))
	}
	lines := chart.Table(columns, rows, v.width, v.glyphs, v.styles)
	lines = append(lines, "")
	lines = append(lines, fold("`distrolab render NAME` shows a config, `distrolab explain NAME` what happens and why something cannot be done.", v.width)...)
	return printLines(a.world.Out, lines)
}

func (v view) attemptRow(t attempt) []chart.Cell {
	const others = 64 // columns that the cells before the last one take at most
	last := func(text string) chart.Cell {
		return chart.Cell{Text: v.shorten(v.glyphs.Clean(text), max(24, min(v.width-others, 80))), Style: v.styles.FgMuted}
	}
	name := chart.Cell{Text: t.distro.Name, Style: v.styles.Title}
	format := chart.Cell{Text: t.distro.Config.Format, Style: v.styles.Fg}
	if t.failed != "" {
		return []chart.Cell{name, format, {}, {}, {}, last("cannot be rendered, see below")}
	}
	gaps := chart.Cell{Text: fmt.Sprint(len(t.config.Gaps)), Style: v.styles.FgMuted}
	if t.config.Format == render.FormatNone {
		return []chart.Cell{name, format, {}, {}, gaps, last("anything: it takes no config")}
	}
	if len(t.config.Gaps) > 0 {
		gaps.Style = v.styles.Warn
	}
	size := 0
	for _, doc := range t.config.Documents {
		size += len(doc.Content)
	}
	return []chart.Cell{name, format, {Text: t.config.Delivery.Call(), Style: v.styles.FgMuted},
		{Text: fmt.Sprint(size), Style: v.styles.FgMuted}, gaps, last(gapWords(t.config.Gaps))}
}

// gapWords names the parts of an intent that have gaps, with how many of each.
func gapWords(gaps []provision.Gap) string {
	var parts []string
	count := map[string]int{}
	for _, g := range gaps {
		part, _, _ := strings.Cut(g.Field, "[")
		if count[part]++; count[part] == 1 {
			parts = append(parts, part)
		}
	}
	for i, part := range parts {
		if count[part] > 1 {
			parts[i] = fmt.Sprintf("%d %s", count[part], part)
		}
	}
	return strings.Join(parts, ", ")
}
