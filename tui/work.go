package tui

import (
	"context"
	"reflect"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
)

// work runs commands where Bubble Tea does not: each in a goroutine, what they
// bring in one channel. Those that come of an action are counted apart from
// those that a screen waits for news with, which may never end.
type work struct {
	ctx             context.Context
	answers         chan answer
	acting, waiting int // commands that run
}

// answer is what a command brought.
type answer struct {
	msg    tea.Msg
	acting bool
	more   bool // its sequence goes on
}

func newWork(ctx context.Context) *work { return &work{ctx: ctx, answers: make(chan answer)} }

func (w *work) start(cmd tea.Cmd, acting bool) {
	if cmd == nil {
		return
	}
	w.count(acting, 1)
	go w.run(cmd, acting, false)
}

func (w *work) count(acting bool, by int) {
	if acting {
		w.acting += by
	} else {
		w.waiting += by
	}
}

// ended takes note of an answer.
func (w *work) ended(a answer) {
	if !a.more {
		w.count(a.acting, -1)
	}
}

// run runs a command and brings what it says; a sequence one after the other.
func (w *work) run(cmd tea.Cmd, acting, more bool) {
	msg := cmd()
	cmds, several := commandsOf(msg)
	if _, batch := msg.(tea.BatchMsg); several && !batch {
		for _, c := range cmds {
			if c != nil {
				w.run(c, acting, true)
			}
		}
		msg = nil
	}
	select {
	case w.answers <- answer{msg, acting, more}:
	case <-w.ctx.Done():
	}
}

// commandsOf takes a batch or a sequence apart. The type of a sequence is not
// exported, so it is known by its shape.
func commandsOf(msg tea.Msg) ([]tea.Cmd, bool) {
	if msg == nil {
		return nil, false
	}
	if b, is := msg.(tea.BatchMsg); is {
		return b, true
	}
	v := reflect.ValueOf(msg)
	kind := reflect.TypeFor[[]tea.Cmd]()
	if !v.Type().ConvertibleTo(kind) || v.Kind() != reflect.Slice {
		return nil, false
	}
	return v.Convert(kind).Interface().([]tea.Cmd), true
}
