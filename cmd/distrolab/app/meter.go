package app

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/term"

	"distrolab/distros/image"
)

// meter shows the progress of one transfer on standard error: one line that is
// rewritten on a terminal, a line every ten seconds elsewhere.
type meter struct {
	a        *application
	name     string
	terminal bool
	last     time.Time
	width    int
	drawn    bool
}

func newMeter(a *application, name string) *meter {
	m := &meter{a: a, name: name, last: time.Now()}
	if f, ok := a.world.Err.(interface{ Fd() uintptr }); ok {
		m.terminal = term.IsTerminal(int(f.Fd()))
	}
	return m
}

func (m *meter) show(p image.Progress) {
	every := 10 * time.Second
	if m.terminal {
		every = 200 * time.Millisecond
	}
	now := time.Now()
	if now.Sub(m.last) < every {
		return
	}
	m.last = now
	line := fmt.Sprintf("%s: %s %s %s", m.name, p.Phase, p.File, bytes(p.Done))
	if p.Total > 0 {
		line += fmt.Sprintf(" of %s (%d %%)", bytes(p.Total), p.Done*100/p.Total)
	}
	if p.Rate > 0 {
		line += fmt.Sprintf(", %s/s", bytes(int64(p.Rate)))
		if p.Total > p.Done {
			line += ", " + time.Duration(float64(p.Total-p.Done)/p.Rate*float64(time.Second)).Round(time.Second).String() + " to go"
		}
	}
	if !m.terminal {
		fmt.Fprintln(m.a.world.Err, line)
		return
	}
	fmt.Fprintf(m.a.world.Err, "\r%s%s", line, strings.Repeat(" ", max(0, m.width-len(line))))
	m.width, m.drawn = len(line), true
}

func (m *meter) end() {
	if m.drawn {
		fmt.Fprintf(m.a.world.Err, "\r%s\r", strings.Repeat(" ", m.width))
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
