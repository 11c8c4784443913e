package config

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/tui/screen"
)

// side is which of the two halves has the keys.
type side int

const (
	formSide side = iota
	configSide
)

// crumb is a sub-form that is open: an item of a list of the form above it, and
// where that form was.
type crumb struct {
	list          *field
	item          int
	selected, top int
}

// Model is the screen.
type Model struct {
	shared  *screen.Shared
	backend Backend

	form     *group
	trail    []crumb
	selected int // row of the form that is shown
	top      int // first line of it that is shown
	typing   *field
	input    *editor
	undo     []*group
	file     string // the intent came from, or went to
	focus    side

	ask    *prompt // over all: a path to give
	choose *picker // over the form: systems to choose

	context  context.Context // ends when the screen is left
	cancel   context.CancelFunc
	edits    int // counts changes of the form and of the systems
	checked  int // the last of them that was checked
	checking bool
	problems []provision.Problem // of the form that was checked
	valid    int                 // the last that had no problems
	intent   provision.Intent    // of then
	pristine bool                // nobody has changed the form yet
	unsaved  bool                // somebody has, and no file holds it
	systems  []*system
	active   int
	reveal   bool
	steps    bool      // what happens at first boot, in place of the documents
	against  *opposite // the second of a difference; nil: none is shown

	last     drawn // what the last View had, for the mouse
	version  int   // counts what may change the picture
	picture  screen.View
	pictured drawnFor
}

// system is one marked system with its rendering.
type system struct {
	distro   distros.Distro
	format   string // "" for its own
	result   Rendering
	rendered bool
	running  bool
	edits    int    // of the form that it is of
	failed   error  // of the last try
	sheet    sheet  // its lines, as last drawn
	top      int    // first line that is shown
	shown    string // which part of the lines, "" for all of them
}

// name is the system, and its format where that is not its own.
func (s *system) name() string {
	if s.format != "" && s.format != s.distro.Config.Format {
		return s.distro.Name + ":" + s.format
	}
	return s.distro.Name
}

// New makes the screen. It shows the default intent until one is opened.
func New(shared *screen.Shared, backend Backend) *Model {
	return &Model{shared: shared, backend: backend}
}

// ID is the screen's name.
func (m *Model) ID() screen.ID { return screen.Config }

// Title is the trail in the header.
func (m *Model) Title() []string {
	title := []string{"Config"}
	switch {
	case m.against != nil && m.current() != nil:
		title = append(title, m.current().name()+" and "+m.against.other.name())
	case m.focus == configSide && m.current() != nil:
		title = append(title, m.current().name())
	case m.file != "":
		title = append(title, m.file)
	}
	return title
}

// current is the system whose config is shown; nil when none is marked.
func (m *Model) current() *system {
	if m.active < 0 || m.active >= len(m.systems) {
		return nil
	}
	return m.systems[m.active]
}

// Open shows the marked systems; argument names one to show first, beside them
// where it is not marked.
func (m *Model) Open(argument string) tea.Cmd {
	m.version++
	name, format, _ := strings.Cut(argument, ":")
	if m.cancel != nil {
		m.cancel()
	}
	m.context, m.cancel = context.WithCancel(context.Background())
	m.follow(name)
	if i := slices.IndexFunc(m.systems, func(s *system) bool { return s.distro.Name == name }); name != "" && i >= 0 {
		m.active, m.systems[i].format = i, format
	}
	m.start()
	return m.changed()
}

// start begins with the default intent, as long as nobody has changed it: the
// first system that is marked may have a user of its own.
func (m *Model) start() {
	if m.form == nil || m.pristine {
		m.form, m.pristine = formOf(m.backend.Begin(m.user())), true
	}
}

// user is the one that the first system with users has.
func (m *Model) user() string {
	for _, s := range m.systems {
		if s.distro.Boot.User != "" {
			return s.distro.Boot.User
		}
	}
	return ""
}

// follow takes the systems from the marks; one more may be shown beside them.
func (m *Model) follow(more string) {
	names := slices.Clone(m.shared.Marks)
	if more != "" && !slices.Contains(names, more) {
		names = append(names, more)
	}
	shown := ""
	if s := m.current(); s != nil {
		shown = s.distro.Name
	}
	var systems []*system
	for _, name := range names {
		d, err := m.shared.Catalog.Find(name)
		if err != nil {
			continue // an entry that is gone; the catalog says so
		}
		i := slices.IndexFunc(m.systems, func(s *system) bool { return s.distro.Name == d.Name })
		if i >= 0 {
			m.systems[i].distro = d
			systems = append(systems, m.systems[i])
			continue
		}
		systems = append(systems, &system{distro: d})
	}
	m.systems = systems
	m.active = max(slices.IndexFunc(systems, func(s *system) bool { return s.distro.Name == shown }), 0)
}

// Leave ends a rendering that nobody waits for.
func (m *Model) Leave() {
	if m.cancel != nil {
		m.cancel()
	}
}

// Typing says that an input has the focus.
func (m *Model) Typing() bool { return m.typing != nil || m.ask != nil || m.choose != nil }

// touched remembers that the form is the person's now.
func (m *Model) touched() { m.pristine, m.unsaved = false, true }

// Ending asks before an intent is lost.
func (m *Model) Ending() (screen.Question, bool) {
	return screen.Question{Text: "End without saving the intent?", More: []string{"It was changed on the Config screen; s saves it there.", "Labs that were started with it keep it."},
		Yes: "end", Do: tea.Quit}, m.unsaved
}

// Finds are none: intents are files, and the person knows where they are.
func (m *Model) Finds() []screen.Find { return nil }

// Update takes a message.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	m.version++
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.PasteMsg:
		return m.paste(msg.Content)
	case tea.MouseClickMsg:
		return m.click(msg.Mouse())
	case tea.MouseWheelMsg:
		m.wheel(msg.Mouse())
	case screen.Marked:
		if m.form == nil {
			return nil // not shown yet
		}
		m.follow("")
		m.start()
		return m.changed()
	case checkedMsg:
		return m.takeChecked(msg)
	case renderedMsg:
		return m.take(msg)
	case parsedMsg, insertedMsg, savedMsg, readyMsg, editedMsg:
		return m.fileMessage(msg)
	default:
		m.version-- // of another screen
	}
	return nil
}

// key moves, scrolls, or types. Keys with a meaning of their own are actions.
func (m *Model) key(msg tea.KeyPressMsg) tea.Cmd {
	switch {
	case m.ask != nil:
		m.ask.input.key(msg)
	case m.choose != nil:
		m.choose.key(msg)
	case m.typing != nil:
		if m.input.key(msg) {
			return m.typed()
		}
	case m.focus == configSide || m.against != nil:
		m.scrollKey(msg.String())
	default:
		m.moveKey(msg.String())
	}
	return nil
}

// paste puts text into what has the focus. Several lines given to a list of
// keys are several keys; pasted on the list itself they are too.
func (m *Model) paste(content string) tea.Cmd {
	switch {
	case m.ask != nil:
		m.ask.input.insert(content)
	case m.choose != nil:
		m.choose.insert(content)
	case m.typing != nil:
		lines := nonEmptyLines(content)
		if r, ok := m.row(); ok && r.field.inline() && len(lines) > 1 && m.input.value() == "" {
			return m.replaceItem(r, lines)
		}
		m.input.insert(content)
		return m.typed()
	case m.focus == formSide:
		if r, ok := m.row(); ok && r.field.inline() {
			return m.addItems(r.field, nonEmptyLines(content))
		}
	}
	return nil
}

func nonEmptyLines(content string) []string {
	var lines []string
	for line := range strings.Lines(strings.ReplaceAll(content, "\r", "\n")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// typed puts what was typed into its field.
func (m *Model) typed() tea.Cmd {
	m.typing.value = m.input.value()
	m.touched()
	return m.changed()
}
