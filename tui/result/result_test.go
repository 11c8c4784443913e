package result_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"distrolab/labs/report"
	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
	"distrolab/tui/result"
	"distrolab/tui/screen"
	"distrolab/tui/style"
)

var update = flag.Bool("update", false, "rewrite the golden frames")

// fake keeps sessions in memory and counts what is read.
type fake struct {
	list     []results.Listed
	contents map[string]result.Contents
	err      error
	read     []string
	exported []string
	exists   bool
	deleted  []string
}

func (f *fake) List(context.Context) ([]results.Listed, error) {
	return slices.Clone(f.list), f.err
}

func (f *fake) Read(_ context.Context, id string) (result.Contents, error) {
	f.read = append(f.read, id)
	c, ok := f.contents[id]
	if !ok {
		return c, errors.New("reading runs: input/output error \x1b[2J")
	}
	return c, nil
}

func (f *fake) Export(_ context.Context, id string, format report.Format, path string, overwrite bool) (string, error) {
	if f.exists && !overwrite {
		return "", fs.ErrExist
	}
	f.exported = append(f.exported, fmt.Sprint(id, " ", format, " ", path, " ", overwrite))
	return "/home/me/" + path, nil
}

func (f *fake) Import(_ context.Context, path string) (string, int, error) {
	if path == "/gone" {
		return "", 0, fs.ErrNotExist
	}
	s, runs := resultstest.Session(3)
	f.add("from-"+path, 28, s, runs)
	return "from-" + path, len(runs), nil
}

func (f *fake) Report(_ context.Context, id string) (string, error) {
	return "/results/reports/" + id + ".html", nil
}

func (f *fake) Delete(_ context.Context, id string) error {
	f.deleted = append(f.deleted, id)
	f.list = slices.DeleteFunc(f.list, func(l results.Listed) bool { return l.ID == id })
	return nil
}

func (f *fake) add(name string, day int, s results.Session, runs []results.Run, warnings ...string) {
	s.ID, s.Started = name, time.Date(2026, 11, day, 23, 49, 0, 0, time.UTC)
	f.list = append(f.list, listing(s, len(runs)))
	f.contents[name] = result.Contents{Session: s, Runs: runs, Warnings: warnings, Comparison: results.Summarise(s, runs)}
}

// listing is a session as the store lists it.
func listing(s results.Session, runs int) results.Listed {
	l := results.Listed{ID: s.ID, Started: s.Started, Changed: s.Started, State: results.StateDone, Mode: s.Mode, Scenario: s.Scenario, Blocks: s.Blocks,
		Runs: results.Counts{OK: runs}, Bytes: int64(runs) * 6000}
	for _, x := range s.Subjects {
		l.Systems = append(l.Systems, x.OS)
	}
	return l
}

// sessions are one of each kind, newest first.
func sessions() *fake {
	f := &fake{contents: map[string]result.Contents{}}
	s, runs := resultstest.Session(12)
	f.add("20261126-boot", 26, s, runs, "line 9 was torn by a crash: skipped")
	s, runs = resultstest.Session(10)
	for i := range runs {
		runs[i].Env.Kernel = "6.18.51"
		if runs[i].Subject.OS == "debian" {
			for k := range runs[i].Events {
				runs[i].Events[k].T = runs[i].Events[k].T * 11 / 10
			}
		}
	}
	s.Env.Kernel = "6.18.51"
	f.add("20261125-boot", 25, s, runs)
	s, runs = resultstest.JoinSession(8, results.JoinCold)
	f.add("20261124-join", 24, s, runs)
	s, _ = resultstest.Session(10)
	s.Subjects[0].OS = "漢字の長い名前 العربية e\u0301\x1b[31m" + strings.Repeat("long", 40)
	f.add("20261123-"+strings.Repeat("name", 30)+"\u202e", 23, s, nil)
	s, _ = resultstest.Session(10)
	s.ID, s.Started = "torn", time.Date(2026, 11, 22, 23, 49, 0, 0, time.UTC)
	f.list = append(f.list, listing(s, 30)) // its runs cannot be read
	return f
}

type driver struct {
	t    *testing.T
	m    *result.Model
	msgs chan tea.Msg
	said []tea.Msg
}

func drive(t *testing.T, f *fake, argument string) *driver {
	t.Helper()
	shared := &screen.Shared{Now: func() time.Time { return time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC) }}
	d := &driver{t: t, m: result.New(shared, f), msgs: make(chan tea.Msg, 1000)}
	d.run(d.m.Open(argument))
	d.settle()
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
		d.msgs <- msg
	}()
}

// settle does what comes in until nothing has come for a while.
func (d *driver) settle() {
	for {
		select {
		case msg := <-d.msgs:
			switch msg.(type) {
			case screen.News, screen.Failure, screen.Question, screen.Go, screen.Copy:
				d.said = append(d.said, msg)
			}
			d.run(d.m.Update(msg))
		case <-time.After(400 * time.Millisecond):
			return
		}
	}
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
		switch k {
		case "backspace":
			msg = tea.KeyPressMsg{Code: tea.KeyBackspace}
		case "down":
			msg = tea.KeyPressMsg{Code: tea.KeyDown}
		case "end":
			msg = tea.KeyPressMsg{Code: tea.KeyEnd}
		case "pgdown":
			msg = tea.KeyPressMsg{Code: tea.KeyPgDown}
		}
		d.run(d.m.Update(msg))
	}
	d.settle()
}

func look(g style.Glyphs, p colorprofile.Profile) screen.Look {
	return screen.Look{Glyphs: g, Styles: style.NewStyles(true, p)}
}

func (d *driver) text() string {
	return strings.Join(d.m.Plain(100, look(style.Unicode(), colorprofile.NoTTY)), "\n")
}

func (d *driver) has(text string) bool { return strings.Contains(d.text(), text) }

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

// frame is the picture at a size, without colours unless they are looked at.
func (d *driver) frame(width, height int, l screen.Look, colours bool) []string {
	lines := slices.Clone(d.m.View(screen.Size{Width: width, Height: height}, l).Lines)
	for i := range lines {
		if !colours {
			lines[i] = strings.TrimRight(ansi.Strip(lines[i]), " ")
		}
	}
	return lines
}

func TestScreenLooksAsReviewed(t *testing.T) {
	d := drive(t, sessions(), "")
	for kind, l := range map[string]screen.Look{
		"colour": look(style.Unicode(), colorprofile.TrueColor), "16": look(style.Unicode(), colorprofile.ANSI),
		"none": look(style.Unicode(), colorprofile.ASCII), "ascii": look(style.ASCII(), colorprofile.NoTTY)} {
		for _, size := range [][2]int{{80, 22}, {120, 34}, {200, 58}} {
			golden(t, fmt.Sprintf("summary-%d-%s", size[0], kind), d.frame(size[0], size[1], l, kind == "colour" && size[0] == 120))
		}
	}
	plain := look(style.Unicode(), colorprofile.NoTTY)
	d.press("enter")
	for _, view := range []string{"phases", "runs", "boxes", "curves", "timeline", "conditions"} {
		d.press("right")
		golden(t, view+"-80", d.frame(80, 22, plain, false))
		golden(t, view+"-120", d.frame(120, 34, plain, false))
	}
	d.press("esc", "space", "down", "space")
	golden(t, "against-80", d.frame(80, 22, plain, false))
	golden(t, "against-120", d.frame(120, 34, plain, false))
	golden(t, "against-plain", d.m.Plain(80, plain))
	d.press("e")
	golden(t, "export-80", d.frame(80, 22, plain, false))
	d.press("esc", "space", "down", "down")
	golden(t, "long-120", d.frame(120, 20, plain, false))
	d.press("down")
	golden(t, "torn-120", d.frame(120, 20, plain, false))
	golden(t, "empty-80", drive(t, &fake{}, "").frame(80, 22, plain, false))
}

func TestOnlyWhatIsLookedAtIsRead(t *testing.T) {
	f := sessions()
	d := drive(t, f, "")
	if diff := cmp.Diff([]string{"20261126-boot"}, f.read); diff != "" {
		t.Errorf("read at first:\n%s", diff)
	}
	for range 3 { // faster than a person rests
		a := tea.KeyPressMsg{Code: tea.KeyDown}
		d.run(d.m.Update(a))
	}
	d.settle()
	if len(f.read) != 2 || f.read[1] == "20261125-boot" {
		t.Errorf("read while the list scrolled: %v", f.read)
	}
	d.press("g")
	d.run(d.m.Open(""))
	d.settle()
	if len(f.read) != 2 {
		t.Errorf("an unchanged session was read again: %v", f.read)
	}
	f.list[0].Changed = f.list[0].Changed.Add(time.Microsecond)
	d.run(d.m.Open(""))
	d.settle()
	if len(f.read) != 3 {
		t.Errorf("a session that has grown was not read again: %v", f.read)
	}
}

func TestSessionIsFoundByNameAndByWords(t *testing.T) {
	d := drive(t, sessions(), "20261124-join")
	if !d.has("20261124-join: Summary") || !d.has("flatcar joins in") {
		t.Errorf("the session asked for is not shown:\n%s", d.text())
	}
	d.press("esc", "/", "c", "o", "l", "d", "enter")
	if d.m.Typing() || !d.has("Sessions: 1 of 5") {
		t.Errorf("not filtered:\n%s", d.text())
	}
	d.press("/", "esc")
	if !d.has("Sessions: 5 of 5") {
		t.Errorf("still filtered:\n%s", d.text())
	}
	if finds := d.m.Finds(); len(finds) != 5 || finds[0].Argument != "20261126-boot" {
		t.Errorf("finds: %+v", finds)
	}
}

func TestTwoSessionsAreComparedAndNotRanked(t *testing.T) {
	d := drive(t, sessions(), "")
	d.press("space", "down", "space")
	if !d.has("debian: about 9.8 % slower, between 8.5 and 11 %: a regression from A to B.") || !d.has("flatcar: no difference above 1.6 %.") || !d.has("host's kernel") {
		t.Errorf("not compared:\n%s", d.text())
	}
	d.press("down", "space") // a join takes the place of B
	if !d.has("they measure different things") || d.has("faster") || d.has("slower") {
		t.Errorf("a boot was compared with a join:\n%s", d.text())
	}
	d.press("space")
	if d.has("A/B") {
		t.Errorf("one session alone is compared:\n%s", d.text())
	}
}

func TestExportAsksBeforeItReplaces(t *testing.T) {
	f := sessions()
	f.exists = true
	d := drive(t, f, "")
	d.press("e", "tab", "tab", "enter")
	q, is := d.said[len(d.said)-1].(screen.Question)
	if !is || len(f.exported) != 0 {
		t.Fatalf("said %+v, exported %v", d.said, f.exported)
	}
	d.run(q.Do)
	d.settle()
	if diff := cmp.Diff([]string{"20261126-boot csv 20261126-boot.csv true"}, f.exported); diff != "" {
		t.Error(diff)
	}
	f.exists = false
	d.press("e", "backspace", "x", "enter")
	if got := f.exported[len(f.exported)-1]; got != "20261126-boot html 20261126-boot.htmx false" {
		t.Error(got)
	}
	if n, is := d.said[len(d.said)-1].(screen.News); !is || !strings.Contains(n.Text, "/home/me/") {
		t.Errorf("said %+v", d.said)
	}
	d.press("y")
	if c, is := d.said[len(d.said)-1].(screen.Copy); !is || c.Text != "/results/reports/20261126-boot.html" {
		t.Errorf("said %+v", d.said)
	}
}

func TestSessionIsTakenIn(t *testing.T) {
	f := &fake{contents: map[string]result.Contents{}}
	d := drive(t, f, "")
	d.press("i", "enter")
	if d.has("From:") || len(d.said) != 0 {
		t.Errorf("nothing was named, said %+v:\n%s", d.said, d.text())
	}
	d.press("i", "/", "g", "o", "n", "e", "enter")
	if fail, is := d.said[len(d.said)-1].(screen.Failure); !is || !errors.Is(fail.Err, fs.ErrNotExist) {
		t.Errorf("said %+v", d.said)
	}
	d.press("i", "a", "x", "backspace")
	golden(t, "import-80", d.frame(80, 22, look(style.Unicode(), colorprofile.NoTTY), false))
	d.press("enter")
	d.settle()
	if n, is := d.said[len(d.said)-1].(screen.News); !is || !strings.Contains(n.Text, "took in session from-a") || !d.has("Sessions: 1 of 1") {
		t.Errorf("said %+v:\n%s", d.said, d.text())
	}
	d.press("i", "esc")
	if d.m.Typing() {
		t.Error("it still asks")
	}
}

func TestDeletionAsksAndTornSessionsSayWhy(t *testing.T) {
	f := sessions()
	d := drive(t, f, "torn")
	if !d.has("cannot be read") || !d.has("input/output error") || strings.Contains(d.text(), "\x1b") {
		t.Errorf("no reason:\n%q", d.text())
	}
	d.press("d")
	q, is := d.said[len(d.said)-1].(screen.Question)
	if !is || len(f.deleted) != 0 {
		t.Fatalf("said %+v", d.said)
	}
	d.run(q.Do)
	d.settle()
	if diff := cmp.Diff([]string{"torn"}, f.deleted); diff != "" || d.has("torn") {
		t.Errorf("%s\n%s", diff, d.text())
	}
	delete(f.contents, "20261125-boot")
	d.press("esc", "g", "down")
	if !d.has("input/output error") {
		t.Errorf("a session that cannot be read has no reason:\n%s", d.text())
	}
}

func TestEverySize(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	d := drive(t, sessions(), "")
	steps := [][]string{{"enter", "right"}, {"right"}, {"right"}, {"right"}, {"right"}, {"right"}, {"esc", "space", "down", "space"}, {"e"}, {"esc", "/"}, {"esc", "G"}, {"enter"}}
	for _, keys := range steps {
		for i := range 60 {
			size := screen.Size{Width: 1 + rng.IntN(240), Height: 1 + rng.IntN(80)}
			if i < 25 {
				size = screen.Size{Width: 1 + i%5*3, Height: 1 + i/5}
			}
			for _, g := range []style.Glyphs{style.Unicode(), style.ASCII()} {
				v := d.m.View(size, look(g, colorprofile.ANSI))
				if len(v.Lines) > size.Height {
					t.Fatalf("%v: %d lines", size, len(v.Lines))
				}
				for _, l := range v.Lines {
					if ansi.StringWidth(l) > size.Width {
						t.Fatalf("%v: %d cells: %q", size, ansi.StringWidth(l), l)
					}
				}
			}
		}
		d.press(keys...)
	}
}

// BenchmarkScroll moves through a store of 1,000 sessions of 100 runs each.
func BenchmarkScroll(b *testing.B) {
	f := &fake{contents: map[string]result.Contents{}}
	s, _ := resultstest.Session(33)
	for i := range 1000 {
		name := fmt.Sprintf("session-%04d", i)
		s.ID = name
		f.list = append(f.list, listing(s, 100))
	}
	m := result.New(&screen.Shared{Now: time.Now}, f)
	m.Update(m.Open("")())
	l := look(style.Unicode(), colorprofile.TrueColor)
	for b.Loop() {
		m.Update(tea.KeyPressMsg{Code: tea.KeyDown})
		m.View(screen.Size{Width: 200, Height: 58}, l)
	}
}
