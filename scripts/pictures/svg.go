package main

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"image/color"
	"io"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
)

// The size of a cell in the picture's units. Its height is that of the usual
// monospaced fonts, so that lines drawn by characters meet.
const (
	cellWidth  = 8.4
	cellHeight = 16.4
	fontSize   = 14
	baseline   = 12.6 // from the top of a cell
	margin     = 10
)

// The colours where the program sets none.
const (
	background = "#14161b"
	foreground = "#d8dbe2"
)

// look is how a run of cells is drawn.
type look struct {
	fg, bg                          string // "" is the default
	bold, faint, italic, underlined bool
}

// writeSVG draws the first rows of what a terminal shows, with the text as text.
func writeSVG(w io.Writer, screen *vt.SafeEmulator, rows int, title string) error {
	b := bufio.NewWriter(w)
	cols := screen.Width()
	width, height := float64(cols)*cellWidth+2*margin, float64(rows)*cellHeight+2*margin
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.1f %.1f" width="%.0f" height="%.0f" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(b, "<title>%s</title>\n", escape(title))
	fmt.Fprintf(b, `<rect width="100%%" height="100%%" rx="6" fill="%s"/>`+"\n", background)
	fmt.Fprintf(b, `<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="%d" fill="%s" xml:space="preserve">`+"\n", fontSize, foreground)
	for y := range rows {
		writeRow(b, screen, y, cols)
	}
	fmt.Fprint(b, "</g>\n</svg>\n")
	return b.Flush()
}

// writeRow draws runs of cells that look alike.
func writeRow(w io.Writer, screen *vt.SafeEmulator, y, cols int) {
	for x := 0; x < cols; {
		start, style := x, lookOf(screen.CellAt(x, y))
		var text strings.Builder
		for x < cols {
			cell := screen.CellAt(x, y)
			if lookOf(cell) != style {
				break
			}
			content, width := " ", 1
			if cell != nil && cell.Content != "" {
				content, width = cell.Content, max(1, cell.Width)
			}
			text.WriteString(content)
			x += width
		}
		writeRun(w, start, y, x-start, text.String(), style)
	}
}

func writeRun(w io.Writer, x, y, cells int, text string, style look) {
	left, top, width := margin+float64(x)*cellWidth, margin+float64(y)*cellHeight, float64(cells)*cellWidth
	if style.bg != "" {
		fmt.Fprintf(w, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", left, top, width, cellHeight, style.bg)
	}
	if strings.TrimSpace(text) == "" {
		return
	}
	fmt.Fprintf(w, `<text x="%.1f" y="%.1f" textLength="%.1f"%s>%s</text>`+"\n", left, top+baseline, width, style.attributes(), escape(text))
}

func (l look) attributes() string {
	var all string
	add := func(is bool, text string) {
		if is {
			all += " " + text
		}
	}
	add(l.fg != "", `fill="`+l.fg+`"`)
	add(l.bold, `font-weight="bold"`)
	add(l.italic, `font-style="italic"`)
	add(l.underlined, `text-decoration="underline"`)
	add(l.faint, `opacity="0.6"`)
	return all
}

func lookOf(cell *uv.Cell) look {
	if cell == nil {
		return look{}
	}
	s := cell.Style
	l := look{fg: hex(s.Fg), bg: hex(s.Bg), bold: s.Attrs&uv.AttrBold != 0, faint: s.Attrs&uv.AttrFaint != 0,
		italic: s.Attrs&uv.AttrItalic != 0, underlined: s.Underline != 0}
	if s.Attrs&uv.AttrReverse != 0 {
		l.fg, l.bg = l.bg, l.fg
		if l.fg == "" {
			l.fg = background
		}
		if l.bg == "" {
			l.bg = foreground
		}
	}
	return l
}

func hex(c color.Color) string {
	if c == nil {
		return ""
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

func escape(text string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		return ""
	}
	return b.String()
}
