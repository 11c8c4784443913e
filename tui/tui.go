// Package tui is the frame of the terminal app: header, footer, keys that work
// everywhere, the command palette, help, news, failures and questions, and what
// is kept between starts. The rooms inside are screens (package screen), each a
// package of its own, made elsewhere and handed to [New].
//
// The frame holds no truth about distros, labs or results: it routes messages,
// keys and mouse to the screens and draws them. Its effects (host facts, the
// stored state, the terminal) are functions and small interfaces that the
// command line gives it.
package tui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/screen"
	"distrolab/tui/style"
)

// Theme says what background the terminal has.
type Theme string

// The themes. Auto asks the terminal and takes dark until it answers.
const (
	Auto  Theme = "auto"
	Dark  Theme = "dark"
	Light Theme = "light"
)

// Facts are what the header says of this machine.
type Facts struct {
	Host      string   // a few words: "kvm · 8 cores"
	Running   []string // names of the labs that run now
	Measuring bool     // a session of measurements runs, whoever began it
}

// Options are what the frame needs besides its screens. The zero value works.
type Options struct {
	Look  screen.Look // glyphs and styles to begin with; its profile holds
	Theme Theme
	// Facts asks for what the header says. It may wait; it is called in a
	// command, at the start and when something may have changed.
	Facts func(context.Context) Facts
	// State is what was kept, as Decode gave it; News is said about it.
	State  State
	News   []string
	Memory Memory // stores State; nil: nothing is kept
}

// Memory stores what is kept between starts. Store replaces it whole or leaves
// it; it may wait. Calls do not overlap while the app runs.
type Memory interface {
	Store(state []byte) error
}

// Model is the root of the app. It is driven by one loop, as Bubble Tea does.
type Model struct {
	shared  *screen.Shared
	screens []screen.Screen
	options Options
	context context.Context // ends with the app; commands of the frame wait with it

	look    screen.Look
	size    screen.Size // of the terminal
	shown   int         // index in screens
	visited []screen.ID // where esc goes back to, the last at the end
	layers  []layer     // what lies over the screen; the last has the keys
	news    news
	facts   Facts
	asking  bool // for the facts
	leaving bool // as soon as the facts are there
	mouse   bool
	recent  []string // IDs of what the palette did last, newest first
	keep    keeping
	pace    pace
	say     func(string) // prints news, where they are not shown
}

// New makes the app. ctx ends its commands; screens come in the order of their
// number keys.
func New(ctx context.Context, shared *screen.Shared, screens []screen.Screen, options Options) *Model {
	if options.Look.Glyphs.Name == "" {
		options.Look.Glyphs = style.ASCII()
	}
	m := &Model{shared: shared, screens: screens, options: options, context: ctx, look: options.Look}
	m.keep.memory = options.Memory
	m.restore(options.State)
	m.keep.stored = m.encoded()
	return m
}

// Init asks the terminal and the host, and opens the first screen. It does no
// work itself.
func (m *Model) Init() tea.Cmd {
	cmds := []tea.Cmd{m.askFacts()}
	if m.options.Theme == Auto && m.look.Styles.Profile > noColours {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	if s := m.current(); s != nil {
		cmds = append(cmds, s.Open(""))
	}
	for _, text := range m.options.News {
		cmds = append(cmds, m.tell(text))
	}
	return tea.Batch(cmds...)
}

// current is the shown screen; nil when the app has none.
func (m *Model) current() screen.Screen {
	if m.shown >= len(m.screens) {
		return nil
	}
	return m.screens[m.shown]
}

func (m *Model) index(id screen.ID) int {
	return slices.IndexFunc(m.screens, func(s screen.Screen) bool { return s.ID() == id })
}

// open shows a screen; where from is remembered for esc.
func (m *Model) open(id screen.ID, argument string) tea.Cmd {
	i := m.index(id)
	if i < 0 {
		return m.tell("there is no screen " + string(id))
	}
	var cmds []tea.Cmd
	if i != m.shown {
		m.visited = append(m.visited, m.current().ID())
		m.visited = m.visited[max(len(m.visited)-16, 0):]
		cmds = append(cmds, m.show(i))
	}
	return tea.Batch(append(cmds, m.screens[i].Open(argument))...)
}

// show changes the screen without opening it.
func (m *Model) show(i int) tea.Cmd {
	m.current().Leave()
	m.shown = i
	return tea.Batch(m.askFacts(), m.store())
}

// back shows the screen before this one.
func (m *Model) back() tea.Cmd {
	for len(m.visited) > 0 {
		last := len(m.visited) - 1
		i := m.index(m.visited[last])
		m.visited = m.visited[:last]
		if i >= 0 && i != m.shown {
			return tea.Batch(m.show(i), m.screens[i].Open(""))
		}
	}
	return nil
}

// factsFor is how long the host has to answer; leaving waits for it.
const factsFor = 2 * time.Second

// factsKnown brings what the header says.
type factsKnown struct{ facts Facts }

func (m *Model) askFacts() tea.Cmd {
	if m.asking || m.options.Facts == nil {
		return nil
	}
	m.asking = true
	ctx, ask := m.context, m.options.Facts
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, factsFor)
		defer cancel()
		return factsKnown{ask(ctx)}
	}
}
