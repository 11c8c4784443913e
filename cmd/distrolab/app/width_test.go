package app_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"distrolab/cmd/distrolab/app"
)

// printed runs a command in a terminal of a width and returns its lines. The
// home holds an entry of the person with texts that are hard to lay out.
func printed(t *testing.T, width int, args ...string) []string {
	t.Helper()
	var out, errs bytes.Buffer
	home := hardHome(t)
	w := app.World{In: strings.NewReader(""), Out: &out, Err: &errs, UID: os.Geteuid(), Executable: "/nowhere", Now: today, OutWidth: width,
		Getenv: func(name string) string {
			if name == "XDG_CONFIG_HOME" {
				return home
			}
			return ""
		}}
	if code := app.Run(t.Context(), w, args); code != app.ExitDone || errs.Len() > 0 {
		t.Fatalf("%v: exit code %d: %s", args, code, errs.String())
	}
	return strings.Split(out.String(), "\n")
}

const hardEntry = `name: hard
aliases: [an-alias-that-is-nearly-as-long-as-an-alias-may-be-and-then-some, short]
title: Ein sehr langer Titel mit 漢字漢字漢字漢字漢字漢字漢字 und noch mehr
kind: local
vendor: me
summary: WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW
support: {state: maintained, until: 2026-12-03, source: me/mine}
facts:
  - {key: nature, class: general, value: "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字", source: "me/mine:a/very/long/path/that/has/no/end/and/goes/on/and/on/and/on/and/on/and/on/until/it/stops.md", checked: 2026-11-22}
  - {key: base, value: "one two three", source: "", unconfirmed: true, checked: 2026-11-22}
release: {resolver: none, reason: there-is-none-and-there-never-was-one-and-this-is-a-very-long-word-that-cannot-be-broken}
config: {format: none, deliveries: [{kind: none}]}
hardware: {memory_mib: 256, disk_gib: 1, firmware: [bios]}
boot: {patterns: {boot_complete: 'up'}}
traps: [a-very-long-word-without-any-space-in-it-that-goes-on-for-more-than-eighty-columns-of-a-terminal-or-so]
`

func hardHome(t *testing.T) string {
	t.Helper()
	config := t.TempDir()
	dir := filepath.Join(config, "distrolab", "distros")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "hard.yaml"), []byte(hardEntry), 0o600); err != nil {
		t.Fatal(err)
	}
	return config
}

func TestNothingIsWiderThanTheTerminal(t *testing.T) {
	for _, args := range [][]string{
		{"list"}, {"list", "--state", "ended"}, {"list", "--sort", "support"}, {"show", "hard"}, {"show", "hard", "--sources"}, {"show", "flatcar", "--sources"},
		{"compare", "hard", "flatcar"}, {"compare", "hard", "flatcar", "talos", "--sources"},
		{"explain", "hard"}, {"explain", "flatcar"}, {"explain", "microos"}, {"render", "--all"}, {"diff", "hard", "nixos"},
		{"compare", "hard", "flatcar", "talos", "k3os", "nixos", "probe", "debian-local", "--differences", "--sources"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			for _, width := range []int{40, 60, 80, 100, 120, 200, 300} {
				for _, line := range printed(t, width, args...) {
					if n := ansi.StringWidth(line); n > width {
						t.Errorf("%d columns: a line has %d: %q", width, n, line)
					}
				}
			}
		})
	}
}

// Where two configs stand beside each other they are broken to fit; where one
// is under the other their lines stay whole, to be copied.
func TestConfigsBesideEachOtherFit(t *testing.T) {
	for _, width := range []int{100, 101, 120, 200, 300} {
		for _, line := range printed(t, width, "diff", "flatcar", "debian") {
			if n := ansi.StringWidth(line); n > width {
				t.Errorf("%d columns: a line has %d: %q", width, n, line)
			}
		}
	}
	narrow := ansi.Strip(strings.Join(printed(t, 80, "diff", "flatcar", "debian"), "\n"))
	if !strings.Contains(narrow, "example-key-of-the-lab\n") || !strings.Contains(narrow, "\n#cloud-config\n") {
		t.Errorf("the configs are not whole:\n%s", narrow)
	}
}

func TestSupportIsThatOfTheDay(t *testing.T) {
	if text := strings.Join(printed(t, 200, "list"), "\n"); !strings.Contains(text, "ends in 7 days") {
		t.Errorf("the list does not say when hard ends:\n%s", text)
	}
	text := ansi.Strip(strings.Join(printed(t, 100, "show", "hard"), "\n"))
	for _, want := range []string{"maintained, ends in 7 days", "one two three (unconfirmed)", "not published by a vendor"} {
		if !strings.Contains(text, want) {
			t.Errorf("show does not say %q:\n%s", want, text)
		}
	}
}

// Each number in a cell has its note, and each note is used.
func TestNotesAreNumbered(t *testing.T) {
	text := ansi.Strip(strings.Join(printed(t, 120, "compare", "flatcar", "talos", "--criteria", "shell,ssh,update", "--sources"), "\n"))
	table, notes, found := strings.Cut(text, "\n[1] ")
	if !found {
		t.Fatalf("no notes:\n%s", text)
	}
	notes = "[1] " + notes
	for _, mark := range []string{"[1]", "[2]", "[3]"} {
		if !strings.Contains(table, mark) || strings.Count(notes, mark) != 1 {
			t.Errorf("note %s is not used, or not said once:\n%s", mark, text)
		}
	}
}
