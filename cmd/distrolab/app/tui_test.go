package app

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"

	"distrolab/distros"
	"distrolab/distros/score"
	"distrolab/tui"
	"distrolab/tui/screen"
	"distrolab/tui/style"
)

var updateManual = flag.Bool("update-manual", false, "rewrite the tables of keys in docs/app.md")

// realApp is the app with its real screens, before anything was loaded.
func realApp(t testing.TB) *tui.Model { return appOf(t, style.ASCII()) }

func appOf(t testing.TB, glyphs style.Glyphs) *tui.Model {
	t.Helper()
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	a := &application{world: World{Getenv: func(name string) string {
		if name == "DISTROLAB_HOME" || name == "HOME" {
			return home
		}
		return ""
	}, Now: time.Now, Out: &strings.Builder{}, Err: &strings.Builder{}}}
	shared := &screen.Shared{Catalog: catalog, Now: time.Now, Profile: score.Default, Weights: map[string]float64{}}
	look := screen.Look{Glyphs: glyphs, Styles: style.NewStyles(true, colorprofile.TrueColor)}
	return tui.New(t.Context(), shared, a.screens(shared, newSessions(), &shelf{a: a}), tui.Options{Look: look})
}

func TestTheManualHasEveryKeyOfTheApp(t *testing.T) {
	path := filepath.Join("..", "..", "..", "docs", "app.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- keys: written by go test ./cmd/distrolab/app -run Manual -update-manual -->\n\n", "<!-- end of keys -->"
	before, rest, found := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("docs/app.md has no place for the keys")
	}
	want := before + begin + tui.Keys(realApp(t)) + end + after
	if *updateManual {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(text) {
		t.Error("the keys in docs/app.md are not those of the app; -update-manual writes them")
	}
}

func TestNoScreenTakesAKeyOfTheFrame(t *testing.T) {
	for _, clash := range tui.Clashes(realApp(t)) {
		t.Error(clash)
	}
}
