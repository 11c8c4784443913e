package tui

import (
	"context"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/x/ansi"

	"distrolab/tui/screen"
)

func TestNumberKeysShowScreensAndEscGoesBack(t *testing.T) {
	m, catalog, labs := two()
	press(m, "4")
	if m.current() != labs || catalog.left != 1 || !slices.Equal(labs.opened, []string{""}) {
		t.Fatalf("4 shows %v; catalog left %d, labs opened %q", m.current().ID(), catalog.left, labs.opened)
	}
	press(m, "2")
	if m.current() != labs {
		t.Error("the number of a screen that is not there changes the screen")
	}
	press(m, "esc")
	if m.current() != catalog {
		t.Error("esc does not go back")
	}
	press(m, "esc")
	if !strings.Contains(m.news.shown, "no screen before") {
		t.Errorf("esc at the first screen says %q", m.news.shown)
	}
}

func TestScreensSendEachOther(t *testing.T) {
	m, _, labs := two()
	m.Update(screen.Go{Screen: screen.Labs, Argument: "trial"})
	if m.current() != labs || !slices.Equal(labs.opened, []string{"trial"}) {
		t.Errorf("shown %v, opened %q", m.current().ID(), labs.opened)
	}
	m.Update(screen.Go{Screen: screen.Bench})
	if m.current() != labs || m.news.shown == "" {
		t.Error("a screen that is not there is not told of")
	}
}

func TestKeysReachTheShownScreenOnlyAndNewsOfScreensAll(t *testing.T) {
	m, catalog, labs := two()
	press(m, "j", "x")
	if !slices.Equal(catalog.got, []string{"j", "x"}) || labs.got != nil || catalog.list.Selected() != 1 {
		t.Errorf("catalog got %q, labs %q", catalog.got, labs.got)
	}
	m.Update(note("release"))
	if !slices.Contains(catalog.got, "release") || !slices.Contains(labs.got, "release") {
		t.Error("a message of screens did not reach all of them")
	}
}

func TestInputsGetTextAndTheFrameDoesNot(t *testing.T) {
	m, catalog, _ := two()
	press(m, "/")
	if !catalog.typing {
		t.Fatal("the action of / did not run")
	}
	press(m, "q", "4", "?", ":", "m", "d")
	if catalog.text != "q4?:md" || m.top() != nil {
		t.Errorf("typed %q", catalog.text)
	}
	m.Update(tea.PasteMsg{Content: "pasted"})
	if catalog.text != "q4?:mdpasted" {
		t.Errorf("after pasting: %q", catalog.text)
	}
	press(m, "ctrl+k")
	if m.top() == nil {
		t.Error("ctrl+k does not open the palette from an input")
	}
	press(m, "esc", "esc")
	if catalog.typing || m.current() != catalog {
		t.Error("esc does not leave the input first")
	}
}

// console is a room whose guest needs every key.
type console struct{ *room }

func (console) TakesKeys() bool { return true }

func TestAnAttachedConsoleGetsEveryKey(t *testing.T) {
	c := console{newRoom(screen.Labs, "trial")}
	c.extra = []screen.Action{{ID: "detach", Keys: []string{"ctrl+]"}, Title: "detach", Run: func() tea.Cmd { return screen.Tell("detached") }}}
	c.typing = true // leaves only esc and enter of the room's actions
	m := New(t.Context(), &screen.Shared{}, []screen.Screen{c, newRoom(screen.Catalog)}, Options{})
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	if _, cmd := m.Update(keyNamed2("ctrl+c")); drain(m, cmd) {
		t.Error("ctrl+c ends the app")
	}
	press(m, "q", "2", "?", "ctrl+k")
	if m.top() != nil || m.current().ID() != screen.Labs || !slices.Equal(c.got, []string{"ctrl+c", "q", "2", "?", "ctrl+k"}) {
		t.Errorf("the console got %q", c.got)
	}
	m.Update(tea.KeyPressMsg{Code: ']', Mod: tea.ModCtrl})
	if line, _ := m.footer(80); !strings.Contains(line, "ctrl+]") || strings.Contains(line, "? more") {
		t.Errorf("footer %q", line)
	}
}

func TestDisabledActionsSayWhy(t *testing.T) {
	m, catalog, _ := two()
	catalog.disabled = "no lab is selected"
	press(m, "d")
	if m.news.shown != "destroy: no lab is selected" || m.top() != nil {
		t.Errorf("news %q", m.news.shown)
	}
	if line, _ := m.footer(100); strings.Contains(line, "destroy  ") {
		t.Error("the footer offers what cannot be done")
	}
}

func TestQuestionsAreLateAndDefaultToNo(t *testing.T) {
	m, catalog, _ := two()
	press(m, "d")
	if m.top() == nil || !strings.Contains(screenText(m), "Destroy lab trial with 3 machines?") {
		t.Fatal("no question")
	}
	press(m, "y")
	if m.news.shown == "destroyed" {
		t.Fatal("a key within the grace period answered")
	}
	wake(m)
	press(m, "enter")
	if m.top() != nil || m.news.shown == "destroyed" {
		t.Fatal("enter means yes")
	}
	press(m, "d")
	wake(m)
	press(m, "tab", "enter")
	if m.news.shown != "destroyed" {
		t.Errorf("tab and enter: %q", m.news.shown)
	}
	m.news.shown = ""
	press(m, "d")
	wake(m)
	press(m, "x", "y")
	if m.news.shown != "destroyed" || slices.Contains(catalog.got, "x") {
		t.Errorf("y: %q, screen got %q", m.news.shown, catalog.got)
	}
}

func TestTextGoesOnWhileALateDialogSleeps(t *testing.T) {
	m, catalog, _ := two()
	press(m, "/", "a")
	m.Update(screen.Question{Text: "Really?", Do: tea.Quit})
	press(m, "y", "n")
	if catalog.text != "ayn" {
		t.Errorf("typed %q", catalog.text)
	}
	wake(m)
	press(m, "n")
	if catalog.text != "ayn" || m.top() != nil {
		t.Errorf("typed %q after the dialog woke", catalog.text)
	}
}

func TestFailuresStayAndCanBeTriedAgain(t *testing.T) {
	m, _, _ := two()
	press(m, "b")
	wake(m)
	text := screenText(m)
	if !strings.Contains(text, "starting lab trial did not work") || !strings.Contains(text, "free 3 GiB") || strings.Contains(text, "\x1b[2J") {
		t.Fatalf("shown:\n%s", text)
	}
	press(m, "j", "4")
	if m.top() == nil {
		t.Fatal("another key closed it")
	}
	press(m, "r")
	if m.top() != nil || m.news.shown != "tried again" {
		t.Errorf("r: %q", m.news.shown)
	}
	press(m, ":", "n", "e", "w", "s")
	press(m, "enter")
	if text := screenText(m); !strings.Contains(text, "starting lab trial") {
		t.Errorf("the news do not tell of it:\n%s", text)
	}
}

func TestNewsGoesAwayAndTheLatestStays(t *testing.T) {
	m, _, _ := two()
	m.Update(screen.News{Text: "first"})
	m.Update(screen.News{Text: "second\x1b[31m"})
	m.Update(newsOld{1})
	if line, _ := m.footer(100); !strings.Contains(line, "second?[31m") {
		t.Errorf("footer %q", line)
	}
	m.Update(newsOld{2})
	if m.news.shown != "" {
		t.Error("news stays")
	}
}

// What is measured is disturbed by what is done beside it: the header says so on
// every screen.
func TestHeaderSaysThatAMeasurementRuns(t *testing.T) {
	m, _, _ := two()
	if line, _ := m.header(100); strings.Contains(line, "measuring") {
		t.Errorf("nothing runs: %q", line)
	}
	m.Update(factsKnown{Facts{Running: []string{"trial"}, Measuring: true}})
	for _, width := range []int{80, 120} {
		if line, _ := m.header(width); !strings.Contains(line, "1 lab") || !strings.Contains(line, "measuring") {
			t.Errorf("%d columns: %q", width, line)
		}
	}
}

func TestQuitSaysThatLabsGoOn(t *testing.T) {
	m, catalog, _ := two()
	if _, cmd := m.Update(keyNamed("q")); !drain(m, cmd) {
		t.Error("q does not quit")
	}
	m.options.Facts = func(context.Context) Facts { return Facts{Running: []string{"trial", "class"}} }
	m.context = t.Context()
	_, cmd := m.Update(keyNamed("q"))
	if drain(m, cmd) || !strings.Contains(screenText(m), "go on running") {
		t.Fatalf("q with labs:\n%s", screenText(m))
	}
	press(m, "n")
	if m.top() != nil {
		t.Fatal("n does not stay")
	}
	press(m, "q")
	if _, cmd := m.Update(keyNamed("q")); !drain(m, cmd) {
		t.Error("a second q does not leave")
	}
	m.layers = nil
	if _, cmd := m.Update(keyNamed2("ctrl+c")); !drain(m, cmd) {
		t.Error("ctrl+c does not quit")
	}
	catalog.ending = &screen.Question{Text: "Stop measuring?", Yes: "stop", Do: tea.Quit}
	press(m, "q")
	wake(m)
	if !strings.Contains(screenText(m), "Stop measuring?") {
		t.Fatal("work is ended without asking")
	}
	if _, cmd := m.Update(keyNamed("y")); !drain(m, cmd) {
		t.Error("the worker's answer does not end the app")
	}
}

func TestPaletteFindsAndDoes(t *testing.T) {
	m, catalog, _ := two()
	catalog.finds, catalog.disabled = 50, "nothing is selected"
	press(m, ":", "0", "0", "0", "3", "7")
	if !strings.Contains(ansi.Strip(screenText(m)), "distro-00037") {
		t.Fatalf("not found:\n%s", screenText(m))
	}
	press(m, "enter")
	if m.top() != nil || !slices.Equal(catalog.opened, []string{"37"}) {
		t.Fatalf("opened %q", catalog.opened)
	}
	press(m, ":")
	if text := ansi.Strip(screenText(m)); !strings.Contains(text, "Recent") {
		t.Errorf("what was done last is not first:\n%s", text)
	}
	press(m, "d", "e", "s", "t", "r", "o", "y", "enter")
	if m.top() == nil || m.news.shown != "destroy: nothing is selected" {
		t.Errorf("a disabled action: %q", m.news.shown)
	}
}

func TestHelpDoesWhatIsChosen(t *testing.T) {
	m, _, labs := two()
	press(m, "?")
	for _, want := range []string{"List", "Trouble", "Everywhere", "Marks the selected one."} {
		if text := ansi.Strip(screenText(m)); !strings.Contains(text, want) {
			t.Errorf("help has no %q:\n%s", want, text)
		}
	}
	press(m, "l", "a", "b", "s", "enter")
	if m.current() != labs {
		t.Errorf("shown %v", m.current().ID())
	}
}

func TestMouse(t *testing.T) {
	m, catalog, labs := two()
	m.mouse = true
	click := func(x, y int) {
		_, cmd := m.Update(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
		drain(m, cmd)
	}
	m.View() // the list learns its height
	click(5, 2)
	if !slices.Equal(catalog.got, []string{"click 5,1"}) || catalog.list.Selected() != 1 {
		t.Errorf("got %q", catalog.got)
	}
	line, zones := m.header(100)
	at := zones[1].from + 1
	click(at, 0)
	if m.current() != labs {
		t.Errorf("a click on the tab at %d of %q", at, line)
	}
	_, zones = m.footer(100)
	click(zones[len(zones)-1].from, 29)
	if m.top() == nil {
		t.Error("a click on ? does not help")
	}
	click(0, 15) // beside the box
	if m.top() == nil {
		t.Error("a click beside closes")
	}
	click(99-3, 29)
	if m.top() != nil {
		t.Error("a click on esc does not close")
	}
	press(m, "m")
	if m.View().MouseMode != tea.MouseModeNone {
		t.Error("m does not give the mouse back")
	}
}

// Where the app cannot be seen, a key must not do anything.
func TestKeysDoNothingInATerminalThatIsTooSmall(t *testing.T) {
	m, catalog, _ := two()
	m.Update(tea.WindowSizeMsg{Width: 39, Height: 30})
	press(m, "d", "j", "4")
	if m.top() != nil || catalog.got != nil || m.current() != catalog {
		t.Error("a key did something")
	}
	if _, cmd := m.Update(keyNamed("q")); !drain(m, cmd) {
		t.Error("q does not quit")
	}
}
