package tui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"distrolab/tui/screen"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; -update rewrites it. Now:\n%s", path, got)
	}
}

// full is an app with all six screens.
func full(look string) *Model {
	var rooms []*room
	for _, id := range []screen.ID{screen.Catalog, screen.Compare, screen.Config, screen.Labs, screen.Bench, screen.Results} {
		r := newRoom(id, "Flatcar", "Talos", "Fedora CoreOS", "日本語の長い名前 "+strings.Repeat("長", 60), "e\u0301a\u202eb", "Bottlerocket")
		rooms = append(rooms, r)
	}
	rooms[0].trail = append(rooms[0].trail, "Flatcar")
	rooms[0].finds = 40
	m := app(look, rooms...)
	m.facts = Facts{Host: "tcg, 2 cores, 23 GiB", Running: []string{"trial", "class"}}
	return m
}

// states are what the frame is looked at in.
func states() map[string]func(*Model) {
	return map[string]func(*Model){
		"main":    func(*Model) {},
		"palette": func(m *Model) { press(m, ":", "d", "e") },
		"help":    func(m *Model) { press(m, "?") },
		"news":    func(m *Model) { m.Update(screen.News{Text: "lab trial runs: node-1 answers ssh on port 2201"}) },
		"question": func(m *Model) {
			press(m, "d")
			wake(m)
		},
		"failure": func(m *Model) { press(m, "b") },
		"long failure": func(m *Model) {
			var lines []string
			for i := range 90 {
				lines = append(lines, fmt.Sprintf("line %d of what qemu said, which is long enough to be folded where the terminal is narrow", i))
			}
			m.Update(screen.Failure{Doing: "starting lab trial", Err: fmt.Errorf("%s", strings.Join(lines, "\n"))})
		},
		"leaving": func(m *Model) { drain(m, m.leave()) },
	}
}

func TestGoldenFrames(t *testing.T) {
	for state, reach := range states() {
		for look := range looks() {
			for _, size := range []tea.WindowSizeMsg{{Width: 80, Height: 24}, {Width: 120, Height: 36}, {Width: 200, Height: 60}} {
				if size.Width != 80 && state != "main" && look != "none" {
					continue // the same picture with more air
				}
				name := fmt.Sprintf("%s-%s-%dx%d", strings.ReplaceAll(state, " ", "-"), look, size.Width, size.Height)
				t.Run(name, func(t *testing.T) {
					m := full(look)
					reach(m)
					m.Update(size)
					text := screenText(m)
					if look != "colour" {
						text = ansi.Strip(text)
					}
					golden(t, name, text+"\n")
				})
			}
		}
	}
}

// Whatever the size, nothing panics and nothing is wider or higher than the
// terminal; where the app is usable, every line is there.
func TestEverySizeHolds(t *testing.T) {
	all := states()
	var names []string
	for n := range all {
		names = append(names, n)
	}
	rapid.Check(t, func(t *rapid.T) {
		look := rapid.SampledFrom([]string{"colour", "16", "none", "ascii"}).Draw(t, "look")
		state := rapid.SampledFrom(names).Draw(t, "state")
		w, h := rapid.IntRange(1, 240).Draw(t, "width"), rapid.IntRange(1, 80).Draw(t, "height")
		m := full(look)
		all[state](m)
		m.Update(tea.WindowSizeMsg{Width: w, Height: h})
		lines, cursor := m.lines()
		if len(lines) != h {
			t.Fatalf("%d lines, want %d", len(lines), h)
		}
		for i, l := range lines {
			if got := ansi.StringWidth(l); got > w {
				t.Fatalf("line %d is %d wide: %q", i, got, ansi.Strip(l))
			}
		}
		if cursor != nil && (cursor.X >= w || cursor.Y >= h || cursor.X < 0 || cursor.Y < 0) {
			t.Fatalf("cursor at %d,%d", cursor.X, cursor.Y)
		}
		m.Update(tea.MouseClickMsg{X: w - 1, Y: h - 1, Button: tea.MouseLeft})
		m.Update(tea.MouseWheelMsg{X: w / 2, Y: h / 2, Button: tea.MouseWheelDown})
	})
}
