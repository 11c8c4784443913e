package palette

import (
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"distrolab/tui/screen"
	"distrolab/tui/style"
)

func entries() []Entry {
	return []Entry{
		{ID: "up", Group: "Labs", Title: "start", Note: "Starts a lab of the marked systems.", Key: "n"},
		{ID: "down", Group: "Labs", Title: "destroy", Note: "Ends the lab.", Key: "d", Disabled: "there is no lab"},
		{ID: "flatcar", Group: "distro", Title: "flatcar", Note: "Flatcar Container Linux"},
		{ID: "fcos", Group: "distro", Title: "fedora-coreos", Note: "automatic updates"},
		{ID: "wide", Group: "lab", Title: "日本語\x1b[2J" + strings.Repeat("長", 50), Note: "e\u0301\u202e"},
	}
}

func ids(found []Entry) []string {
	var all []string
	for _, e := range found {
		all = append(all, e.ID)
	}
	return all
}

func TestSearch(t *testing.T) {
	for words, want := range map[string][]string{
		"":            {"up", "down", "flatcar", "fcos", "wide"},
		"fc":          {"flatcar", "fcos"},
		"LAB":         {"up", "down", "wide"}, // groups and notes, whole words only
		"distro auto": {"fcos"},
		"auto distro": {"fcos"},
		"updates":     {"fcos"},
		"start":       {"up"},
		"nothing":     nil,
		"語":           {"wide"},
	} {
		got := ids(Search(entries(), words))
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %q, want %q", words, got, want)
		}
	}
	if got := Search(entries(), "l"); len(got) == 0 || got[0].ID != "flatcar" {
		t.Errorf("a title is not before notes: %q", ids(got))
	}
}

// Whatever is typed, at whatever size, the box fits and holds no control
// character of a name.
func TestBoxFits(t *testing.T) {
	look := screen.Look{Glyphs: style.Unicode(), Styles: style.NewStyles(true, colorprofile.TrueColor)}
	rapid.Check(t, func(t *rapid.T) {
		l := New("Commands", "what", entries(), rapid.Bool().Draw(t, "grouped"), func(Entry) tea.Cmd { return nil })
		room := screen.Size{Width: rapid.IntRange(1, 240).Draw(t, "width"), Height: rapid.IntRange(1, 80).Draw(t, "height")}
		for _, r := range rapid.StringN(0, 6, -1).Draw(t, "typed") {
			l.Update(tea.KeyPressMsg{Code: r, Text: string(r)})
		}
		lines := l.View(room, look).Draw(look)
		if room.Height > 4 && len(lines) > room.Height {
			t.Fatalf("%d lines in %v", len(lines), room)
		}
		for _, line := range lines {
			if w := ansi.StringWidth(line); room.Width > 5 && w > room.Width {
				t.Fatalf("%d cells in %v: %q", w, room, ansi.Strip(line))
			}
			if strings.Contains(line, "\x1b[2J") {
				t.Fatalf("a name drives the terminal: %q", line)
			}
		}
	})
}
