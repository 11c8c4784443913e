package factsheet

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"distrolab/distros"
	"distrolab/distros/release"
	"distrolab/tui/style"
)

func day() time.Time { return time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC) }

func systems(t *testing.T) []distros.Distro {
	t.Helper()
	c, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	return append(c.All(), hostile())
}

// hostile is an entry as a person's own file could hold it.
func hostile() distros.Distro {
	return distros.Distro{
		Name: "hostile", Title: "日本語の長い名前のシステム \x1b[2J", Summary: strings.Repeat("wörd\u202e ", 40), Kind: distros.KindStandIn,
		StandsFor: "שלום", Facts: []distros.Fact{{Key: "shell", Value: strings.Repeat("x", 500), Source: "a\x07b"}},
		Traps: []string{"e\u0301\u0301 \x1b]0;title\x07", ""},
	}
}

func TestPageAndSheetKeepTheirWidth(t *testing.T) {
	s := style.NewStyles(true, colorprofile.TrueColor)
	all := systems(t)
	for _, g := range []style.Glyphs{style.Unicode(), style.ASCII()} {
		for _, width := range []int{16, 33, 60, 110} {
			for _, d := range all {
				check(t, Page(System{Distro: d, Day: day()}, true, width, g, s), width)
			}
			check(t, Compare(distros.Compare(all, day()), true, width+40, g, s), width+40)
			check(t, Paragraphs(distros.Compare(all[:3], day()), true, width+40, g, s), width+40)
		}
	}
}

func check(t *testing.T, lines []string, width int) {
	t.Helper()
	for _, l := range lines {
		if w := ansi.StringWidth(l); w > width {
			t.Fatalf("%d cells, want at most %d: %q", w, width, ansi.Strip(l))
		}
		if plain := ansi.Strip(l); strings.ContainsAny(plain, "\x07\x1b\u202e") {
			t.Fatalf("bytes from outside came through: %q", plain)
		}
	}
}

func TestPageSays(t *testing.T) {
	for _, d := range systems(t) {
		if d.Name != "flatcar" {
			continue
		}
		sys := System{Distro: d, Day: day(), Latest: &release.Known{Version: "1.2.3", Channel: "stable", Published: "2026-11-01", Seen: "2026-11-20"}}
		text := strings.Join(Page(sys, false, 100, style.Unicode(), style.NewStyles(true, colorprofile.NoTTY)), "\n")
		for _, want := range []string{"Flatcar Container Linux", "✓ maintained", "1.2.3 (stable) of 2026-11-01, as known on 2026-11-20",
			"joins by kubeadm", "QEMU's fw_cfg entry", "Traps", "Management"} {
			if !strings.Contains(text, want) {
				t.Errorf("the page does not say %q", want)
			}
		}
		if strings.Contains(text, "RELEASES.md") {
			t.Error("a source is shown, and nobody asked")
		}
		if sourced := strings.Join(Page(sys, true, 100, style.Unicode(), style.NewStyles(true, colorprofile.NoTTY)), "\n"); !strings.Contains(sourced, "flatcar/Flatcar:RELEASES.md 2026-08-21") {
			t.Error("no source with its day is shown, though asked for")
		}
	}
}

func TestAge(t *testing.T) {
	for published, want := range map[string]string{"": "", "2026-11-01": "26 days", "2026-05-27": "6 months", "2027-01-01": "", "soon": ""} {
		if got := Age(&release.Known{Published: published}, day()); got != want {
			t.Errorf("%s: %q, want %q", published, got, want)
		}
	}
	if Age(nil, day()) != "" {
		t.Error("nothing known has an age")
	}
}
