package bench_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"distrolab/distros"
	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
	"distrolab/labs/session"
	"distrolab/tui/bench"
	"distrolab/tui/screen"
	"distrolab/tui/style"
)

var update = flag.Bool("update", false, "rewrite the golden frames")

// fake runs what its script says.
type fake struct {
	known  bench.Known
	err    error
	design bench.Design
	script func(ctx context.Context, gate *session.Gate, feed bench.Feed) (string, error)
}

func (f *fake) Know(context.Context) (bench.Known, error) { return f.known, f.err }

func (f *fake) Run(ctx context.Context, d bench.Design, gate *session.Gate, feed bench.Feed) (string, error) {
	f.design = d
	return f.script(ctx, gate, feed)
}

func known() bench.Known {
	return bench.Known{Accelerator: "TCG", Why: "guest code does not run there", BootDeadline: 15 * time.Minute, JoinDeadline: 30 * time.Minute,
		Pace: map[results.Scenario]map[string]time.Duration{results.FirstBoot: {"debian-local": 65 * time.Second, "coreos-standin": 48 * time.Second}}}
}

// systems are those of resultstest's session, by their names in the catalog.
func systems() []string { return []string{"debian-local", "coreos-standin", "flatcar"} }

func shared(t *testing.T, marks ...string) *screen.Shared {
	t.Helper()
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	return &screen.Shared{Catalog: catalog, Now: time.Now, Marks: marks}
}

// renamed are runs of resultstest under names of the catalog.
func renamed(blocks int) []results.Run {
	_, runs := resultstest.Session(blocks)
	names := map[string]string{"debian": systems()[0], "ignition-standin": systems()[1], "flatcar": systems()[2]}
	for i := range runs {
		runs[i].Subject.OS = names[runs[i].Subject.OS]
	}
	return runs
}

// play tells of the first runs, and of the next one half way.
func play(runs []results.Run, finished int, tell func(session.Progress)) {
	tell(session.Progress{Step: session.StepStarted, Session: "20261127-081200-a1b2c3", Total: len(runs)})
	for i, r := range runs {
		p := session.Progress{Session: "s", RunID: r.RunID, OS: r.Subject.OS, Phase: r.Phase, Block: r.Block, Done: i, Total: len(runs)}
		p.Step = session.StepRun
		if i > finished {
			return
		}
		tell(p)
		events := r.Events
		if i == finished {
			events = events[:min(len(events), 9)]
		}
		for _, e := range events {
			p.Step, p.Milestone = session.StepMilestone, &e
			tell(p)
		}
		if i == finished {
			return
		}
		left := time.Duration(len(runs)-i-1) * 51 * time.Second
		p.Step, p.Milestone, p.Run, p.Left, p.Done = session.StepRunDone, nil, &r, &left, i+1
		tell(p)
	}
}

// drive runs commands until nothing is left to do but wait, at most for a while.
type driver struct {
	t    *testing.T
	m    *bench.Model
	msgs chan tea.Msg
	said []tea.Msg // meant for the frame
}

func drive(t *testing.T, s *screen.Shared, f *fake) *driver {
	t.Helper()
	d := &driver{t: t, m: bench.New(s, f), msgs: make(chan tea.Msg, 1000)}
	d.run(d.m.Open(""))
	d.until(func() bool { return d.idle() })
	return d
}

func (d *driver) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		msg := cmd()
		if batch, is := msg.(tea.BatchMsg); is {
			for _, c := range batch {
				d.run(c)
			}
			return
		}
		if msg != nil {
			d.msgs <- msg
		}
	}()
}

// idle waits a moment for messages, and says whether none came.
func (d *driver) idle() bool {
	select {
	case msg := <-d.msgs:
		switch msg.(type) {
		case screen.News, screen.Failure, screen.Question, screen.Go, screen.Marked:
			d.said = append(d.said, msg)
		}
		d.run(d.m.Update(msg))
		return false
	case <-time.After(100 * time.Millisecond):
		return true
	}
}

func (d *driver) until(done func() bool) {
	d.t.Helper()
	for range 300 {
		if done() {
			return
		}
		d.idle()
	}
	d.t.Fatalf("it did not come to that; the screen is\n%s", d.text())
}

func (d *driver) press(keys ...string) {
	for _, k := range keys {
		if a, ok := screen.ForKey(d.m.Actions(), k); ok && !(d.m.Typing() && len(k) == 1) {
			if a.Disabled == "" {
				d.run(a.Run())
			}
			continue
		}
		msg := tea.KeyPressMsg{Text: k, Code: []rune(k)[0]}
		if k == "backspace" {
			msg = tea.KeyPressMsg{Code: tea.KeyBackspace}
		}
		d.run(d.m.Update(msg))
	}
}

func (d *driver) text() string {
	return strings.Join(d.m.Plain(100, look(style.Unicode(), colorprofile.NoTTY)), "\n")
}

func (d *driver) has(text string) bool { return strings.Contains(d.text(), text) }

func look(g style.Glyphs, p colorprofile.Profile) screen.Look {
	return screen.Look{Glyphs: g, Styles: style.NewStyles(true, p)}
}

// frames compares the view at all sizes and in all looks with files.
func frames(t *testing.T, name string, view func(screen.Size, screen.Look) screen.View) {
	t.Helper()
	looks := map[string]screen.Look{
		"colour": look(style.Unicode(), colorprofile.TrueColor), "16": look(style.Unicode(), colorprofile.ANSI),
		"none": look(style.Unicode(), colorprofile.ASCII), "ascii": look(style.ASCII(), colorprofile.NoTTY)}
	for _, size := range []screen.Size{{Width: 80, Height: 22}, {Width: 120, Height: 34}, {Width: 200, Height: 58}} {
		for kind, l := range looks {
			lines := view(size, l).Lines
			if !(kind == "colour" && size.Width == 120) {
				for i := range lines {
					lines[i] = strings.TrimRight(ansi.Strip(lines[i]), " ")
				}
			}
			golden(t, fmt.Sprintf("%s-%d-%s", name, size.Width, kind), lines)
		}
	}
}

func golden(t *testing.T, name string, lines []string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; write it with -update and look at it", err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s: %s", name, d)
	}
}

// withSeed types a seed, so that frames are the same every time.
func (d *driver) withSeed() {
	d.press("down", "down", "down", "down", "enter")
	for range 20 {
		d.press("backspace")
	}
	d.press("4", "2", "enter", "up", "up", "up", "up")
}

func TestDesignLooksAsReviewed(t *testing.T) {
	d := drive(t, shared(t, systems()...), &fake{known: known()})
	d.withSeed()
	frames(t, "design", d.m.View)
	empty := drive(t, shared(t), &fake{known: known()})
	empty.withSeed()
	golden(t, "empty-80", stripped(empty.m.View(screen.Size{Width: 80, Height: 22}, look(style.Unicode(), colorprofile.NoTTY)).Lines))
	d.press("enter")
	golden(t, "picker-80", stripped(d.m.View(screen.Size{Width: 80, Height: 22}, look(style.Unicode(), colorprofile.NoTTY)).Lines))
}

func stripped(lines []string) []string {
	for i := range lines {
		lines[i] = strings.TrimRight(ansi.Strip(lines[i]), " ")
	}
	return lines
}

// running is a session that is half done.
func running(t *testing.T) *driver {
	t.Helper()
	runs := renamed(10)
	f := &fake{known: known(), script: func(ctx context.Context, _ *session.Gate, feed bench.Feed) (string, error) {
		feed.Note("debian-local: intent: no swap: there is none")
		play(runs, 19, feed.Progress)
		<-ctx.Done()
		return "x", context.Cause(ctx)
	}}
	d := drive(t, shared(t, systems()...), f)
	d.withSeed()
	d.press("s")
	d.until(func() bool { return d.has("19 of 33") && d.has("now: ") && d.idle() })
	return d
}

func TestSessionLooksAsReviewed(t *testing.T) {
	d := running(t)
	frames(t, "session", d.m.View)
	d.press("tab")
	golden(t, "session-log-80", stripped(d.m.View(screen.Size{Width: 80, Height: 22}, look(style.Unicode(), colorprofile.NoTTY)).Lines))
	golden(t, "session-plain-80", d.m.Plain(80, look(style.Unicode(), colorprofile.NoTTY)))
}

func TestDesignIsTypedAndChecked(t *testing.T) {
	f := &fake{known: known(), script: func(context.Context, *session.Gate, bench.Feed) (string, error) { return "/r", nil }}
	d := drive(t, shared(t), f)
	if a, _ := screen.ForKey(d.m.Actions(), "s"); a.Disabled == "" {
		t.Error("it can be started without a system")
	}
	d.press("enter", "space", "j", "space", "enter")                 // systems
	d.press("down", "right")                                         // cold join
	d.press("down", "enter", "backspace", "backspace", "x", "enter") // not a number of blocks
	if !d.m.Typing() || !d.has("Not taken") {
		t.Fatalf("nonsense was taken:\n%s", d.text())
	}
	d.press("backspace", "1", "2", "enter", "right", "down", "left", "down", "down", "enter", "9", "m", "enter",
		"down", "enter", "2", "h", "enter", "down", "right", "down", "enter", "s")
	d.until(func() bool { return d.has("done") })
	want := bench.Design{Request: results.Request{Systems: f.design.Systems, Scenario: results.JoinCold, Blocks: 13, Warmups: 0, Seed: f.design.Seed,
		Deadline: 9 * time.Minute, Budget: 2 * time.Hour, Cache: results.CacheCold, Baseline: f.design.Systems[1]}}
	if r := f.design.Asked(); r.Cache != results.CacheCold || r.Budget != 2*time.Hour || r.Baseline != f.design.Systems[1] || r.Blocks != 13 {
		t.Errorf("asked for %+v", r)
	}
	if diff := cmp.Diff(want, f.design); diff != "" || len(f.design.Systems) != 2 || f.design.Seed == 0 {
		t.Errorf("design %+v\n%s", f.design, diff)
	}
}

func TestMarksAreTakenUntilOthersAreChosen(t *testing.T) {
	s := shared(t, "flatcar")
	d := drive(t, s, &fake{known: known()})
	s.Toggle("talos")
	d.m.Update(screen.Marked{})
	if !d.has("Systems: flatcar talos") {
		t.Errorf("the marks are not there:\n%s", d.text())
	}
	d.m.Open("debian-local")
	s.Toggle("talos")
	d.m.Update(screen.Marked{})
	if !d.has("Systems: debian-local (") {
		t.Errorf("it follows the marks although another was asked for:\n%s", d.text())
	}
	d.press("u")
	if !d.has("Systems: flatcar (") {
		t.Errorf("the marks were not taken:\n%s", d.text())
	}
}

func TestSessionIsPausedAndStopped(t *testing.T) {
	d := running(t)
	d.press("p")
	if !d.has("pausing after this run") {
		t.Errorf("not pausing:\n%s", d.text())
	}
	d.press("p")
	if d.has("pausing") {
		t.Errorf("still pausing:\n%s", d.text())
	}
	if _, would := d.m.Ending(); !would {
		t.Error("the app may end without a word")
	}
	d.press("x")
	d.until(func() bool { return len(d.said) > 0 })
	q, is := d.said[0].(screen.Question)
	if !is || len(q.More) != 2 {
		t.Fatalf("no question: %+v", d.said)
	}
	d.run(q.Do)
	d.until(func() bool { return d.has("stopped: 19 of 33 runs are kept") })
	d.until(func() bool { return len(d.said) > 1 })
	if n, is := d.said[1].(screen.News); !is || !strings.Contains(n.Text, "are kept") {
		t.Errorf("said %+v", d.said[1])
	}
	if _, would := d.m.Ending(); would {
		t.Error("asks although nothing runs")
	}
	d.press("enter")
	d.until(func() bool { return len(d.said) > 2 })
	if g, is := d.said[2].(screen.Go); !is || g.Argument != "x" || g.Screen != screen.Results {
		t.Errorf("went to %+v", d.said[2])
	}
	d.press("n")
	if !d.has("Experiment") {
		t.Errorf("no new design:\n%s", d.text())
	}
}

func TestEndingStopsTheSessionFirst(t *testing.T) {
	d := running(t)
	q, _ := d.m.Ending()
	if _, quits := q.Do().(tea.QuitMsg); !quits {
		t.Error("the app does not end after the session")
	}
	d.until(func() bool { return d.has("kept") })
}

func TestFailureIsTold(t *testing.T) {
	f := &fake{script: func(_ context.Context, _ *session.Gate, feed bench.Feed) (string, error) {
		feed.Progress(session.Progress{Step: session.StepPlane, Reason: "is made"})
		feed.Progress(session.Progress{Step: session.StepDropped, OS: "flatcar", Reason: "did not boot \x1b[2J"})
		return "", errors.New("no image of flatcar; `distrolab pull flatcar` gets it")
	}}
	d := drive(t, shared(t, "flatcar"), f)
	d.press("s")
	d.until(func() bool { return len(d.said) > 0 && d.has("nothing was measured") })
	if fail, is := d.said[0].(screen.Failure); !is || !strings.Contains(fail.Err.Error(), "distrolab pull") {
		t.Errorf("said %+v", d.said[0])
	}
	if !d.has("distrolab pull flatcar") || !d.has("gave up on flatcar") || !d.has("control plane: is made") || strings.Contains(d.text(), "\x1b") {
		t.Errorf("the log:\n%q", d.text())
	}
}

func TestEverySize(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	design := drive(t, shared(t, systems()...), &fake{known: known()})
	typing := drive(t, shared(t, systems()...), &fake{known: known()})
	typing.press("down", "down", "enter")
	picking := drive(t, shared(t), &fake{})
	picking.press("enter")
	session := running(t)
	for i := range 400 {
		size := screen.Size{Width: 1 + rng.IntN(240), Height: 1 + rng.IntN(80)}
		if i < 100 {
			size = screen.Size{Width: 1 + i%10, Height: 1 + i/10}
		}
		for _, g := range []style.Glyphs{style.Unicode(), style.ASCII()} {
			for name, d := range map[string]*driver{"design": design, "typing": typing, "picking": picking, "session": session} {
				v := d.m.View(size, look(g, colorprofile.ANSI))
				if len(v.Lines) > size.Height {
					t.Fatalf("%s at %v: %d lines", name, size, len(v.Lines))
				}
				for _, l := range v.Lines {
					if ansi.StringWidth(l) > size.Width {
						t.Fatalf("%s at %v: %d cells: %q", name, size, ansi.StringWidth(l), l)
					}
				}
			}
		}
	}
}

// TestMilestonesAreNotWaitedFor checks that a session that tells much does not
// wait for the screen.
func TestMilestonesAreNotWaitedFor(t *testing.T) {
	told := make(chan struct{})
	f := &fake{script: func(_ context.Context, _ *session.Gate, feed bench.Feed) (string, error) {
		for i := range 10_000 {
			feed.Progress(session.Progress{Step: session.StepMilestone, Milestone: &observe.Event{M: observe.KernelStart, T: time.Duration(i)}})
		}
		close(told)
		return "/r", nil
	}}
	m := bench.New(shared(t, "flatcar"), f)
	m.Open("")
	a, _ := screen.ForKey(m.Actions(), "s")
	batch, _ := a.Run()().(tea.BatchMsg)
	go batch[0]()
	<-told
}
