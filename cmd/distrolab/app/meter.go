package app

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/term"

	"distrolab/distros/image"
)

// meter shows the progress of one transfer on standard error: a bar that is
// redrawn on a terminal, a line every ten seconds elsewhere.
type meter struct {
	a     *application
	name  string
	bar   bool // standard error is a terminal
	width int  // columns of that terminal
	last  time.Time
	phase string
	drawn bool
}

// How often a meter shows something: as fast as a person can follow, and
// rarely in a log.
const (
	barEvery  = 200 * time.Millisecond
	lineEvery = 10 * time.Second
)

func newMeter(a *application, name string) *meter {
	m := &meter{a: a, name: name, last: a.world.Now()}
	if f, ok := a.world.Err.(interface{ Fd() uintptr }); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			m.bar, m.width = true, width
		}
	}
	return m
}

func (m *meter) show(p image.Progress) {
	now, every := m.a.world.Now(), lineEvery
	if m.bar {
		every = barEvery
	}
	if now.Sub(m.last) < every && (!m.bar || p.Phase == m.phase) {
		return
	}
	m.last, m.phase = now, p.Phase
	if !m.bar {
		fmt.Fprintf(m.a.world.Err, "%s: %s %s %s\n", m.name, p.Phase, p.File, strings.Join(amounts(p), ", "))
		return
	}
	fmt.Fprintf(m.a.world.Err, "\r\x1b[K%s", m.line(p))
	m.drawn = true
}

// amounts says how much is done, how fast, and how long it will take.
func amounts(p image.Progress) []string {
	parts := []string{bytes(p.Done)}
	if p.Total > 0 {
		parts[0] += fmt.Sprintf(" of %s (%d %%)", bytes(p.Total), p.Done*100/p.Total)
	}
	if p.Rate > 0 {
		parts = append(parts, bytes(int64(p.Rate))+"/s")
		if p.Total > p.Done {
			left := time.Duration(float64(p.Total-p.Done) / p.Rate * float64(time.Second))
			parts = append(parts, left.Round(time.Second).String()+" to go")
		}
	}
	return parts
}

// line is the bar between what is transferred and how far it is. Where the
// terminal is too narrow the bar goes, then the last amounts.
func (m *meter) line(p image.Progress) string {
	v := m.a.view()
	head, parts := v.glyphs.Clean(m.name+"  "+p.Phase), amounts(p)
	for len(parts) > 1 && cells(head)+2+cells(strings.Join(parts, "  ")) >= m.width {
		parts = parts[:len(parts)-1]
	}
	tail := strings.Join(parts, "  ")
	room := min(40, m.width-1-cells(head)-cells(tail)-4)
	if p.Total <= 0 || room < 8 {
		return v.shorten(head+"  "+tail, m.width-1)
	}
	done := int(int64(room) * min(p.Done, p.Total) / p.Total)
	bar := v.styles.Accent.Render(strings.Repeat(v.glyphs.Fill[2], done)) + v.styles.Track.Render(strings.Repeat(v.glyphs.Line, room-done))
	return head + "  " + bar + "  " + tail
}

func (m *meter) end() {
	if m.drawn {
		fmt.Fprint(m.a.world.Err, "\r\x1b[K")
	}
}

// bytes writes a size with a binary unit.
func bytes(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, units := float64(n)/unit, "KMGT"
	for value >= unit && len(units) > 1 {
		value, units = value/unit, units[1:]
	}
	return fmt.Sprintf("%.1f %ciB", value, units[0])
}
