package tui

import (
	"reflect"
	"time"
	"unsafe"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
)

// Bubble Tea looks for a changed frame at a fixed rate for as long as it runs.
// Often enough for keys, this keeps a processor from sleeping for nothing: on
// the machines where distrolab is built 75 looks a second take 2 % of a core. So
// the frame sets the pace: quick while something happens, slow when nothing has
// for a while.
const (
	first     = time.Millisecond     // until it is quiet for the first time: people wait for the first frame
	quick     = 6 * time.Millisecond // from a key to its frame at most, besides drawing
	slow      = time.Second          // insurance: every message makes it quick
	quietFor  = 400 * time.Millisecond
	framerate = 120 // where the pace cannot be set
)

// pace is the rate at which frames are written. The zero value sets nothing.
// It is used in the loop only.
type pace struct {
	ticker  func() *time.Ticker // nil, or gives nil: cannot be set
	begun   bool
	slow    bool
	waiting bool // for quiet
	news    bool // a message came since the wait began
}

// paceOf sets the pace of a program. Its ticker is not exported, and there is
// none before it runs.
func paceOf(p *tea.Program) pace {
	return pace{ticker: func() *time.Ticker {
		f := reflect.ValueOf(p).Elem().FieldByName("ticker")
		if !f.IsValid() || f.Type() != reflect.TypeFor[*time.Ticker]() {
			return nil
		}
		return *(**time.Ticker)(unsafe.Pointer(f.UnsafeAddr()))
	}}
}

// becameQuiet says that the wait is over.
type becameQuiet struct{}

// message makes the pace quick, and gives the command that waits for quiet.
func (p *pace) message() tea.Cmd {
	if p.ticker == nil {
		return nil
	}
	p.news = true
	switch {
	case !p.begun:
		p.begun = true
		p.set(first)
	case p.slow:
		p.set(quick)
	}
	if p.waiting {
		return nil
	}
	return p.wait()
}

func (p *pace) wait() tea.Cmd {
	p.waiting, p.news = true, false
	return tea.Tick(quietFor, func(time.Time) tea.Msg { return becameQuiet{} })
}

// quiet ends a wait: with the slow pace, or with another wait.
func (p *pace) quiet() tea.Cmd {
	p.waiting = false
	if p.news {
		if !p.slow {
			p.set(quick) // also after another program had the terminal
		}
		return p.wait()
	}
	p.set(slow)
	return nil
}

func (p *pace) set(every time.Duration) {
	if t := p.ticker(); t != nil {
		t.Reset(every)
		p.slow = every == slow
	}
}
