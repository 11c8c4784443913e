package tui

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/screen"
	"distrolab/tui/style"
)

// Plain says how the app is shown as lines.
type Plain struct {
	In    io.Reader // nil: nothing is asked, the first screen is printed
	Out   io.Writer
	Width int // for folding; 0 is 80
	// Person says that somebody sits at In: there are prompts, and what takes
	// long goes on behind the next line. Otherwise In is a script, which begins
	// at the first screen and waits for each line's work.
	Person bool
}

const (
	plainWidth   = 80
	settleQuiet  = 400 * time.Millisecond // a screen that is silent for so long has loaded what it will
	settleAtMost = 3 * time.Second
	patience     = 10 * time.Second // a person waits this long for an action
)

// RunPlain shows the app as lines: a screen, what can be done, and a line read
// for each thing to do. It writes no escape sequence, repeats nothing that has
// not changed, and ends with the input.
func RunPlain(ctx context.Context, m *Model, o Plain) error {
	if o.Width <= 0 {
		o.Width = plainWidth
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m.look.Styles = style.NewStyles(true, colorprofile.NoTTY)
	p := &plain{m: m, o: o, work: newWork(ctx), lines: make(chan string)}
	m.say = p.say
	if !o.Person {
		m.shown = 0
	}
	if s := m.current(); s != nil {
		p.work.start(s.Open(""), false)
	}
	p.work.start(m.askFacts(), false)
	for _, n := range m.options.News {
		p.say(n)
	}
	p.settle()
	p.printScreen(true)
	if o.In != nil {
		p.loop(ctx)
	} else {
		p.printf("%s\n", p.screens())
	}
	if p.err == nil {
		p.err = context.Cause(ctx)
	}
	if failed := m.storeLast(); p.err == nil && failed != nil {
		p.err = fmt.Errorf("keeping marks and weights for the next time: %w", failed)
	}
	return p.err
}

// plain is the app as lines.
type plain struct {
	m        *Model
	o        Plain
	work     *work
	lines    chan string // closed at the end of the input
	reading  bool
	printed  []string // the screen as it was printed last
	question *screen.Question
	retry    tea.Cmd
	later    []screen.Suspend // wait until no line is being read
	done     bool
	err      error // of the output
}

func (p *plain) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(p.o.Out, format, args...); err != nil && p.err == nil {
		p.err, p.done = err, true
	}
}

func (p *plain) say(text string) { p.printf("%s\n", p.m.look.Glyphs.Clean(text)) }

// loop reads and does line after line.
func (p *plain) loop(ctx context.Context) {
	in := bufio.NewReader(p.o.In)
	for !p.done {
		p.prompt()
		line, more := p.read(ctx, in)
		if !more {
			break
		}
		if p.done {
			return
		}
		p.do(strings.TrimSpace(line))
		p.wait(ctx)
		p.printScreen(false)
	}
	if p.done || ctx.Err() != nil {
		return
	}
	p.wait(ctx)
}

func (p *plain) prompt() {
	if !p.o.Person {
		return
	}
	switch {
	case p.question != nil:
		p.printf("y or n> ")
	case p.typing():
		p.printf("text> ")
	default:
		p.printf("%s> ", strings.ToLower(strings.Join(p.m.trail(), " > ")))
	}
}

func (p *plain) typing() bool {
	s := p.m.current()
	return s != nil && s.Typing()
}

// read gives the next line, doing meanwhile what comes in.
func (p *plain) read(ctx context.Context, in *bufio.Reader) (string, bool) {
	p.reading = true
	defer func() { p.reading = false }()
	go func() {
		line, err := in.ReadString('\n')
		if err != nil && line == "" {
			close(p.lines)
			return
		}
		select {
		case p.lines <- line:
		case <-ctx.Done():
		}
	}()
	for {
		select {
		case line, more := <-p.lines:
			return line, more
		case a := <-p.work.answers:
			p.answer(a)
			if p.done {
				return "", false
			}
		case <-ctx.Done():
			return "", false
		}
	}
}

// wait does what comes in until the actions have been done.
func (p *plain) wait(ctx context.Context) {
	limit := make(<-chan time.Time)
	if p.o.Person {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		limit = timer.C
	}
	for p.work.acting > 0 && !p.done {
		select {
		case a := <-p.work.answers:
			p.answer(a)
		case <-limit:
			p.say("it goes on; what comes of it is told here")
			return
		case <-ctx.Done():
			return
		}
	}
	p.settle()
	for len(p.later) > 0 && !p.done {
		s := p.later[0]
		p.later = p.later[1:]
		p.suspend(s)
		p.settle()
	}
}

// settle does what comes in until the screens have loaded: all is done, or
// silence, since some wait for news for as long as the app lives.
func (p *plain) settle() {
	end := time.NewTimer(settleAtMost)
	defer end.Stop()
	for p.work.acting+p.work.waiting > 0 && !p.done {
		quiet := time.NewTimer(settleQuiet)
		select {
		case a := <-p.work.answers:
			quiet.Stop()
			p.answer(a)
		case <-quiet.C:
			return
		case <-end.C:
			quiet.Stop()
			return
		}
	}
}

// answer takes what a command has brought: what the frame would show is
// printed, all else goes the usual way.
func (p *plain) answer(a answer) {
	p.work.ended(a)
	switch msg := a.msg.(type) {
	case nil:
	case tea.QuitMsg:
		p.done = true
	case screen.News:
		p.say(msg.Text)
	case screen.Failure:
		p.fail(msg)
	case screen.Question:
		p.ask(msg)
	case screen.Copy:
		p.printf("%s\n", p.block(msg.Text))
	case screen.Suspend:
		p.later = append(p.later, msg)
	case screen.Go:
		p.work.start(p.m.open(msg.Screen, msg.Argument), false)
	default:
		if cmds, several := commandsOf(msg); several {
			for _, c := range cmds {
				p.work.start(c, a.acting)
			}
			return
		}
		_, cmd := p.m.Update(msg)
		p.work.start(cmd, a.acting)
	}
}

func (p *plain) fail(f screen.Failure) {
	why := "no reason given"
	if f.Err != nil {
		why = f.Err.Error()
	}
	p.printf("failed: %s: %s\n", p.m.look.Glyphs.Clean(f.Doing), p.block(why))
	p.retry = f.Retry
	if f.Retry != nil {
		p.printf("r tries again\n")
	}
}

func (p *plain) ask(q screen.Question) {
	p.question = &q
	p.printf("%s\n", p.m.look.Glyphs.Clean(q.Text))
	for _, more := range q.More {
		p.printf("%s\n", p.m.look.Glyphs.Clean(more))
	}
	p.printf("y: %s; n: leave it as it is\n", p.m.look.Glyphs.Clean(q.Yes))
}

// block is text of several lines, cleaned.
func (p *plain) block(text string) string {
	lines := strings.Split(text[:min(len(text), 1<<20)], "\n")
	for i, l := range lines {
		lines[i] = p.m.look.Glyphs.Clean(l)
	}
	return strings.Join(lines, "\n")
}

func (p *plain) suspend(s screen.Suspend) {
	if s.Command.Stdin == nil {
		s.Command.Stdin = p.o.In
	}
	if s.Command.Stdout == nil {
		s.Command.Stdout = p.o.Out
	}
	if s.Command.Stderr == nil {
		s.Command.Stderr = p.o.Out
	}
	err := s.Command.Run()
	if msg := p.m.resumed(s)(err); msg != nil {
		p.work.start(screen.Send(msg), true)
	}
}

// printScreen prints the screen, if it is another than the last one printed.
func (p *plain) printScreen(actions bool) {
	s := p.m.current()
	if s == nil {
		p.printf("distrolab was built without screens\n")
		return
	}
	trail := strings.Join(p.m.trail(), " > ")
	lines := append([]string{trail, strings.Repeat("=", max(len(trail), 1))}, s.Plain(p.o.Width, p.m.look)...)
	if slices.Equal(lines, p.printed) {
		return
	}
	same := 0
	if len(p.printed) > 0 && p.printed[0] == lines[0] {
		same = common(p.printed, lines)
	} else {
		actions = true
	}
	p.printed = lines
	if same > worthSkipping {
		p.printf("(%d lines as before)\n", same)
		lines = lines[same:]
	}
	for _, l := range lines {
		p.printf("%s\n", strings.TrimRight(l, " "))
	}
	p.printf("\n")
	if actions && p.o.In != nil {
		p.printActions()
	}
}

// worthSkipping is how many lines that have not changed are read again.
const worthSkipping = 6

// common is the number of equal lines at the beginning.
func common(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// printActions lists what can be done, numbered.
func (p *plain) printActions() {
	all := p.actions()
	for i, a := range all {
		key := ""
		if len(a.Keys) > 0 {
			key = a.Keys[0]
		}
		what := a.Help
		if a.Disabled != "" {
			what = "not now: " + a.Disabled
		}
		const indent = 14
		text := ansi.Wrap(p.m.look.Glyphs.Clean(a.Title+": "+what), max(p.o.Width-indent, 20), "")
		p.printf("%3s  %-8s %s\n", strconv.Itoa(i+1), key, strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", indent)))
	}
	p.printf("%s\n", p.screens())
	p.printf("Type a number, a key, or words: of an action, a distro, a lab, a result. ? lists again, q ends.\n")
}

func (p *plain) screens() string {
	var names []string
	for _, s := range p.m.screens {
		names = append(names, string(s.ID()))
	}
	return "Screens: " + strings.Join(names, ", ")
}

// actions are what can be done here; what only moves in a picture is left out.
func (p *plain) actions() []screen.Action {
	var all []screen.Action
	if s := p.m.current(); s != nil {
		all = append(all, s.Actions()...)
	}
	for _, a := range p.m.everywhere() {
		if a.ID == "app.back" || a.ID == "app.quit" {
			all = append(all, a)
		}
	}
	return all
}
