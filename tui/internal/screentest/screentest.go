// Package screentest drives screens in tests, in the place of the frame, and
// compares what they draw with files in testdata. UPDATE_GOLDEN=1 rewrites those,
// to be looked at. Only tests may import it.
package screentest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"distrolab/tui/layout"
	"distrolab/tui/screen"
	"distrolab/tui/style"
)

// Looks are the kinds of terminals.
func Looks() map[string]screen.Look {
	return map[string]screen.Look{
		"colour":   {Styles: style.NewStyles(true, colorprofile.TrueColor), Glyphs: style.Unicode()},
		"light":    {Styles: style.NewStyles(false, colorprofile.TrueColor), Glyphs: style.Unicode()},
		"16":       {Styles: style.NewStyles(true, colorprofile.ANSI), Glyphs: style.Block()},
		"nocolour": {Styles: style.NewStyles(true, colorprofile.ASCII), Glyphs: style.Unicode()},
		"ascii":    {Styles: style.NewStyles(true, colorprofile.NoTTY), Glyphs: style.ASCII()},
	}
}

// Golden compares a frame with the one in testdata.
func Golden(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; UPDATE_GOLDEN=1 writes it anew):\n%s", name, diff)
	}
}

// Frame draws a screen as the terminal would show it.
func Frame(s screen.Screen, size screen.Size, look screen.Look, keepColours bool) string {
	v := s.View(size, look)
	text := strings.Join(layout.Block(v.Lines, size.Width, size.Height, look.Glyphs.Ellipsis), "\n") + "\n"
	if v.Cursor != nil {
		text += fmt.Sprintf("cursor %d,%d\n", v.Cursor.X, v.Cursor.Y)
	}
	if !keepColours {
		text = ansi.Strip(text)
	}
	return text
}

// Frames writes a state at every size and in every look; the escape sequences
// are kept at one size.
func Frames(t testing.TB, state string, s screen.Screen) {
	t.Helper()
	for _, size := range []screen.Size{{Width: 80, Height: 22}, {Width: 120, Height: 34}, {Width: 200, Height: 58}} {
		for name, look := range Looks() {
			Golden(t, fmt.Sprintf("%s-%dx%d-%s.txt", state, size.Width, size.Height+2, name),
				Frame(s, size, look, size.Width == 80 && name != "nocolour"))
		}
	}
}

// One writes a state at one size without colours.
func One(t testing.TB, state string, s screen.Screen, width, height int) {
	t.Helper()
	Golden(t, fmt.Sprintf("%s-%dx%d.txt", state, width, height+2), Frame(s, screen.Size{Width: width, Height: height}, Looks()["nocolour"], false))
}

// Run does what a command says, and what follows from it, until nothing does;
// what is meant for the frame is returned.
func Run(s screen.Screen, cmd tea.Cmd) []tea.Msg {
	var out []tea.Msg
	todo := []tea.Cmd{cmd}
	for len(todo) > 0 {
		cmd, todo = todo[0], todo[1:]
		if cmd == nil {
			continue
		}
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			todo = append(todo, msg...)
		case screen.News, screen.Failure, screen.Go, screen.Copy:
			out = append(out, msg)
		case screen.Marked, screen.Changed:
			out = append(out, msg)
			todo = append(todo, s.Update(msg))
		default:
			todo = append(todo, s.Update(msg))
		}
	}
	return out
}

// Press gives keys to a screen, as the frame does.
func Press(t testing.TB, s screen.Screen, keys ...string) []tea.Msg {
	t.Helper()
	var out []tea.Msg
	for _, key := range keys {
		text := key
		if key == "space" {
			text = " "
		}
		if s.Typing() && len(text) == 1 {
			out = append(out, Run(s, s.Update(tea.KeyPressMsg{Text: text, Code: rune(text[0])}))...)
			continue
		}
		a, found := screen.ForKey(s.Actions(), key)
		if !found {
			t.Fatalf("no action has the key %q", key)
		}
		if a.Disabled == "" {
			out = append(out, Run(s, a.Run())...)
		}
	}
	return out
}
