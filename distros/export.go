package distros

import (
	"encoding/csv"
	"strings"
)

// Markdown writes the comparison as a table for documents, with the systems as
// columns. Unconfirmed facts begin with a question mark.
func (c Comparison) Markdown() string {
	var b strings.Builder
	line := func(cells []string) {
		for _, text := range cells {
			b.WriteString("| ")
			b.WriteString(markdownCell(text))
			b.WriteString(" ")
		}
		b.WriteString("|\n")
	}
	line(append([]string{""}, c.Titles...))
	b.WriteString(strings.Repeat("|---", len(c.Titles)+1) + "|\n")
	for i, r := range c.Rows {
		cells := []string{r.Title}
		if i > 0 && c.Rows[i-1].Key == r.Key {
			cells[0] = "" // another fact on the same criterion
		}
		for _, cell := range r.Cells {
			cells = append(cells, cell.words())
		}
		line(cells)
	}
	return b.String()
}

// markdownCell keeps a text in its cell and as it is: what could be markup or
// HTML is escaped.
func markdownCell(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`).Replace(text)
}

// CSV writes a line for each criterion and system, with the source: a form that
// other programs can sort and join.
func (c Comparison) CSV() string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Write([]string{"group", "criterion", "system", "class", "value", "confirmed", "source", "checked"})
	for _, r := range c.Rows {
		for i, cell := range r.Cells {
			if cell.Value == "" {
				continue
			}
			confirmed := "yes"
			if cell.Unconfirmed {
				confirmed = "no"
			}
			w.Write([]string{r.Group, r.Key, c.Distros[i], cell.Class, cell.Value, confirmed, cell.Source, cell.Checked})
		}
	}
	w.Flush() // a strings.Builder takes everything
	return b.String()
}

// words are the cell in one line of text.
func (c Cell) words() string {
	if c.Unconfirmed && c.Value != "" {
		return "? " + c.Value
	}
	return c.Value
}
