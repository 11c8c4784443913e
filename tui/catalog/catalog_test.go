package catalog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/distros/release"
	"distrolab/distros/score"
	"distrolab/tui/internal/screentest"
	"distrolab/tui/screen"
)

// fake answers as the real backend does, from the embedded data.
type fake struct {
	newest func(context.Context) (release.Summary, error)
}

func (fake) Known() ([]release.Known, error) { return release.Snapshot() }

func (f fake) Newest(ctx context.Context, _ distros.Distro) (release.Summary, error) {
	return f.newest(ctx)
}

func (fake) Profile(name string) (score.Profile, error) {
	text, found := score.BuiltinText(name)
	if !found {
		return score.Profile{}, errors.New("no such profile")
	}
	return score.Parse(name+".yaml", text)
}

func day() time.Time { return time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) }

func sharedOf(c *distros.Catalog) *screen.Shared {
	return &screen.Shared{Catalog: c, Now: day, Profile: score.Default, Weights: map[string]float64{}}
}

// opened is the screen over the embedded catalog.
func opened(t testing.TB, f fake) *Model {
	t.Helper()
	c, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	m := New(sharedOf(c), f)
	screentest.Run(m, m.Open(""))
	return m
}

func names(m *Model) string {
	var all []string
	for _, i := range m.shown {
		all = append(all, m.entries[i].Name)
	}
	return strings.Join(all, " ")
}

func TestFramesOfTheList(t *testing.T) {
	m := opened(t, fake{})
	screentest.Press(t, m, "down", "down", "space", "space")
	screentest.Frames(t, "list", m)
}

func TestFramesOfOtherStates(t *testing.T) {
	m := opened(t, fake{})
	screentest.Press(t, m, "/")
	screentest.Press(t, m, letters("shell:")...)
	screentest.One(t, "typing", m, 120, 34)
	screentest.Press(t, m, letters("none colour:red")...)
	screentest.One(t, "wrong", m, 120, 34)
	screentest.Press(t, m, "esc", "/")
	screentest.Press(t, m, letters("nothing-like-this")...)
	screentest.Press(t, m, "enter")
	screentest.One(t, "nothing", m, 80, 22)
	screentest.Press(t, m, "esc", "o", "o", "o", "o")
	screentest.One(t, "score", m, 120, 34)
	screentest.Run(m, m.Open("talos"))
	screentest.Press(t, m, "enter", "s", "pgdown")
	screentest.One(t, "details", m, 80, 22)
	screentest.One(t, "details", m, 60, 18)

	hostile := New(sharedOf(distros.CatalogOf(strange())), fake{})
	screentest.Run(hostile, hostile.Open(""))
	screentest.One(t, "strange", hostile, 120, 14)
	empty := New(sharedOf(distros.CatalogOf(nil)), fake{})
	screentest.Run(empty, empty.Open(""))
	screentest.One(t, "empty", empty, 80, 10)
}

// strange are entries as a person's own files could hold them.
func strange() []distros.Distro {
	return []distros.Distro{
		{Name: "wide", Title: "日本語の長い名前のシステム、とても長い", Kind: distros.KindLocal, Summary: "\x1b[2Jgone"},
		{Name: "rtl", Title: "מערכת הפעלה \u202e evil", Kind: distros.KindVendor, Traps: []string{"e\u0301\u0301\u0301 \x1b]0;x\x07"}},
		{Name: strings.Repeat("long-", 6) + "xx", Title: strings.Repeat("name ", 40), Kind: distros.KindStandIn, StandsFor: "all"},
	}
}

func TestEveryLineKeepsToItsRoom(t *testing.T) {
	c, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	m := New(sharedOf(distros.CatalogOf(append(strange(), c.All()...))), fake{})
	screentest.Run(m, m.Open(""))
	all := screentest.Looks()
	rapid.Check(t, func(t *rapid.T) {
		size := screen.Size{Width: rapid.IntRange(1, 240).Draw(t, "width"), Height: rapid.IntRange(1, 80).Draw(t, "height")}
		look := all[rapid.SampledFrom([]string{"colour", "ascii", "16"}).Draw(t, "look")]
		for _, key := range rapid.SliceOfN(rapid.SampledFrom([]string{"down", "up", "pgdown", "enter", "o", "s", "space", "/", "esc", "end"}), 0, 4).Draw(t, "keys") {
			if a, found := screen.ForKey(m.Actions(), key); found && a.Disabled == "" {
				screentest.Run(m, a.Run())
			}
		}
		v := m.View(size, look)
		if len(v.Lines) > size.Height {
			t.Fatalf("%d lines, want at most %d", len(v.Lines), size.Height)
		}
		for _, l := range v.Lines {
			if w := ansi.StringWidth(l); w > size.Width {
				t.Fatalf("%d cells, want at most %d: %q", w, size.Width, l)
			}
		}
		if rapid.IntRange(0, 9).Draw(t, "plain") == 0 {
			m.Plain(size.Width, look)
		}
	})
}

func TestFilterWhileTyping(t *testing.T) {
	m := opened(t, fake{})
	screentest.Press(t, m, "/")
	if !m.Typing() {
		t.Fatal("the filter has not the focus")
	}
	for typed, want := range map[string]string{
		"shell:none update:image":   "bottlerocket talos",
		"flat":                      "flatcar",
		"fcos":                      "fedora-coreos",
		"FEDORA":                    "fedora-coreos",
		"core nature:container":     "coreos-standin fedora-coreos",
		`base:"Alpine 3.14"`:        "k3os",
		"talos colour:red":          "talos",
		"talos shell:":              "talos",
		"standing:unconfirmed kind": "",
	} {
		m.input.SetValue("")
		screentest.Press(t, m, letters(typed)...)
		if got := names(m); got != want {
			t.Errorf("%s: %s, want %s", typed, got, want)
		}
	}
	screentest.Press(t, m, "esc")
	if m.Typing() || len(m.shown) != len(m.entries) {
		t.Error("esc did not take the filter away")
	}
}

func TestFilterKeepsTheSelection(t *testing.T) {
	m := opened(t, fake{})
	screentest.Run(m, m.Open("talos"))
	screentest.Press(t, m, "/")
	screentest.Press(t, m, letters("shell:none")...)
	if e := m.selected(); e == nil || e.Name != "talos" {
		t.Errorf("selected is %v, want talos", e)
	}
	screentest.Press(t, m, "enter", "esc")
	if e := m.selected(); e.Name != "talos" {
		t.Errorf("selected is %s after the filter, want talos", e.Name)
	}
}

func TestHintAndCompletion(t *testing.T) {
	for text, want := range map[string]string{
		"shell:": "shell: full, container, optional, none", "kernel:": "kernel: any words of the fact",
		"sh": "tab: shell:", "": "", "ssh:opt": "optional", "ssh:optional": "", "talos ": "", "colour:": "",
	} {
		if got := parse(text).hint; got != want {
			t.Errorf("hint of %q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"she": "shell:", "shell:n": "shell:none", "talos upd": "talos update:", "kernel": "kernel:", "ke": "kernel",
		"xyz": "xyz", "": "", "ssh:": "ssh:", "nature:k": "nature:k", "nature:ku": "nature:kubernetes-os",
	} {
		if got := complete(text); got != want {
			t.Errorf("%q completes to %q, want %q", text, got, want)
		}
	}
}

func TestOrders(t *testing.T) {
	m := opened(t, fake{})
	firsts := []string{"bottlerocket", "rocky-10", "", "flatcar", "alpine"}
	for i, want := range firsts {
		screentest.Press(t, m, "o")
		got := m.entries[m.shown[0]].Name
		if want != "" && got != want {
			t.Errorf("order %d begins with %s, want %s", i+1, got, want)
		}
		if len(m.shown) != len(m.entries) {
			t.Errorf("order %s loses systems", m.order)
		}
	}
}

func TestMarksGoAlong(t *testing.T) {
	m := opened(t, fake{})
	if got := screentest.Press(t, m, "l"); len(got) != 0 && !m.shared.Marked("alpine") {
		t.Error("without marks, the selected system is not taken along")
	}
	screentest.Press(t, m, "x")
	screentest.Run(m, m.Open("flatcar"))
	screentest.Press(t, m, "space", "down", "down", "space")
	if got := strings.Join(m.shared.Marks, " "); got != "flatcar k3os" {
		t.Errorf("marks are %q", got)
	}
	for key, want := range map[string]screen.Go{
		"c": {Screen: screen.Compare}, "r": {Screen: screen.Config}, "l": {Screen: screen.Labs, Argument: screen.NewLab}, "b": {Screen: screen.Bench},
	} {
		got := screentest.Press(t, m, key)
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v, want %v", key, got, want)
		}
	}
	screentest.Press(t, m, "x")
	if len(m.shared.Marks) != 0 {
		t.Error("marks are left")
	}
}

func TestNewestRelease(t *testing.T) {
	m := opened(t, fake{newest: func(context.Context) (release.Summary, error) {
		return release.Summary{Version: "9999.1.0", Channel: "stable", Published: day()}, nil
	}})
	screentest.Run(m, m.Open("flatcar"))
	got := screentest.Press(t, m, "u")
	if len(got) != 1 || got[0] != (screen.News{Text: "flatcar: the newest release is 9999.1.0"}) {
		t.Errorf("%v", got)
	}
	if text := screentest.Frame(m, screen.Size{Width: 200, Height: 34}, screentest.Looks()["nocolour"], false); !strings.Contains(text, "9999.1.0 (stable) of 2026-11-27, as known on 2026-11-27") {
		t.Errorf("the page does not say the new release:\n%s", text)
	}
}

func TestAskingCanBeStopped(t *testing.T) {
	m := opened(t, fake{newest: func(ctx context.Context) (release.Summary, error) {
		<-ctx.Done()
		return release.Summary{}, ctx.Err()
	}})
	screentest.Run(m, m.Open("flatcar"))
	a, _ := screen.ForKey(m.Actions(), "u")
	cmd := a.Run()
	if text := screentest.Frame(m, screen.Size{Width: 120, Height: 34}, screentest.Looks()["nocolour"], false); !strings.Contains(text, "asking the vendor's index") {
		t.Error("nothing says that the index is being asked")
	}
	if again := a.Run(); again != nil {
		t.Error("the same index is asked twice at once")
	}
	screentest.Press(t, m, "esc")
	if got := screentest.Run(m, cmd); len(got) != 0 || len(m.asking) != 0 {
		t.Errorf("after stopping: %v", got)
	}
}

func TestFailureCanBeTriedAgain(t *testing.T) {
	times := 0
	m := opened(t, fake{newest: func(context.Context) (release.Summary, error) {
		times++
		return release.Summary{}, errors.New("no route to host")
	}})
	got := screentest.Press(t, m, "u")
	failure, is := got[0].(screen.Failure)
	if !is || failure.Retry == nil {
		t.Fatalf("%v", got)
	}
	if screentest.Run(m, failure.Retry); times != 2 {
		t.Errorf("asked %d times, want 2", times)
	}
}

func TestScoreFollowsTheWeights(t *testing.T) {
	m := opened(t, fake{})
	before := m.entries[m.byName["flatcar"]].place
	m.shared.Weights["read-only"] = 100
	screentest.Run(m, m.Update(screen.Changed{}))
	if after := m.entries[m.byName["flatcar"]].place; before.rank != 1 || after == before {
		t.Errorf("place was %v, is %v", before, after)
	}
	old := m.rank()
	newer := m.rank()
	screentest.Run(m, newer)
	want := m.version
	if screentest.Run(m, old); m.version != want {
		t.Error("an older ranking replaced a newer one")
	}
}

func TestMouse(t *testing.T) {
	m := opened(t, fake{})
	m.View(screen.Size{Width: 120, Height: 34}, screentest.Looks()["colour"])
	m.Update(tea.MouseClickMsg{X: 10, Y: listTop + 4, Button: tea.MouseLeft})
	if got := m.selected().Name; got != "azure-linux" {
		t.Errorf("a click selects %s", got)
	}
	m.Update(tea.MouseWheelMsg{X: 100, Y: 10, Button: tea.MouseWheelDown})
	if m.scroll != 3 {
		t.Errorf("the wheel scrolls the details to %d", m.scroll)
	}
	m.Update(tea.MouseWheelMsg{X: 10, Y: 10, Button: tea.MouseWheelUp})
	if got := m.selected().Name; got != "alt" {
		t.Errorf("the wheel moves to %s", got)
	}
	m.Update(tea.MouseClickMsg{X: 100, Y: 10, Button: tea.MouseLeft})
	if !m.details {
		t.Error("a click on the details does not give them the focus")
	}
}

func TestPlainSaysAll(t *testing.T) {
	m := opened(t, fake{})
	screentest.Run(m, m.Open("talos"))
	screentest.Press(t, m, "space", "up")
	text := strings.Join(m.Plain(100, screentest.Looks()["ascii"]), "\n")
	for _, want := range []string{"37 systems, by name", "talos: Talos Linux, Kubernetes OS, maintained, release v1.13.9", "marked", "Selected:", "Traps"} {
		if !strings.Contains(text, want) {
			t.Errorf("not said: %q", want)
		}
	}
}

// many are as many entries as asked for, made of the catalog's.
func many(t testing.TB, n int) *distros.Catalog {
	c, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	all := c.All()
	entries := make([]distros.Distro, n)
	for i := range entries {
		entries[i] = all[i%len(all)]
		entries[i].Name = fmt.Sprintf("%s-%05d", entries[i].Name, i)
	}
	return distros.CatalogOf(entries)
}

func BenchmarkKeyToFrameOf10000(b *testing.B) {
	m := New(sharedOf(many(b, 10_000)), fake{})
	m.Open("")
	look := screentest.Looks()["colour"]
	for b.Loop() {
		m.move("down")
		m.View(screen.Size{Width: 200, Height: 58}, look)
	}
}

func BenchmarkFilterOf10000(b *testing.B) {
	m := New(sharedOf(many(b, 10_000)), fake{})
	m.Open("")
	for _, text := range []string{"shell:none update:image", "standing:maintained", "flat", "o"} {
		b.Run(text, func(b *testing.B) {
			for b.Loop() {
				m.input.SetValue(text)
				m.apply()
			}
		})
	}
}

func BenchmarkOpen10000(b *testing.B) {
	c := many(b, 10_000)
	for b.Loop() {
		m := New(sharedOf(c), fake{})
		m.Open("")
		m.View(screen.Size{Width: 200, Height: 58}, screentest.Looks()["colour"])
	}
}

func letters(text string) []string { return strings.Split(text, "") }
