package config

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"distrolab/provision"
	"distrolab/tui/screen"
	"distrolab/tui/style"
)

var update = flag.Bool("update", false, "write the golden frames anew")

// looks are the four that the house promises.
func looks() map[string]screen.Look {
	return map[string]screen.Look{
		"colour": {Styles: style.NewStyles(true, colorprofile.TrueColor), Glyphs: style.Unicode()},
		"16":     {Styles: style.NewStyles(false, colorprofile.ANSI), Glyphs: style.Block()},
		"none":   {Styles: style.NewStyles(true, colorprofile.ASCII), Glyphs: style.Unicode()},
		"ascii":  {Styles: style.NewStyles(true, colorprofile.NoTTY), Glyphs: style.ASCII()},
	}
}

// frame is what the screen shows, without styles.
func frame(d *desk, width, height int) string {
	v := d.View(screen.Size{Width: width, Height: height}, looks()["colour"])
	return ansi.Strip(strings.Join(v.Lines, "\n"))
}

// golden compares with a file of testdata; colours are kept where asked.
func golden(t *testing.T, name string, lines []string, colours bool) {
	t.Helper()
	got := strings.Join(lines, "\n") + "\n"
	if !colours {
		got = ansi.Strip(got)
	}
	for i, l := range strings.Split(got, "\n") {
		if !colours && strings.TrimRight(l, " ") == "" && l != "" {
			t.Fatalf("line %d is only spaces", i)
		}
	}
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
		t.Errorf("%s differs; look at it and run with -update:\n%s", path, ansi.Strip(got))
	}
}

// states are screens worth a picture.
func states(t testing.TB) map[string]*desk {
	text, _ := full(t)
	main := newDesk(t, "flatcar", "talos", "debian-13")
	main.fake.files["full.yaml"] = text
	main.press("o<ctrl+u>full.yaml<enter><down><right>")
	wrong := newDesk(t, "flatcar")
	wrong.press("<enter><ctrl+u>A_b")
	names := newDesk(t, "flatcar")
	names.run(names.setForm(formOf(provision.Intent{Hostname: "node1", Users: []provision.User{{Name: "ユーザー名が長い利用者名前ユーザー名が長い利用者名前"}},
		Files: []provision.File{{Path: "/etc/e\u0301\u202e\x1b[31m/" + strings.Repeat("very-long-", 20), Content: "a\n"}}})))
	prompt := newDesk(t, "flatcar")
	prompt.press("w")
	diff := newDesk(t, "flatcar", "talos")
	diff.press("d<enter>")
	pick := newDesk(t, "flatcar", "talos")
	pick.press("tcore")
	edit := newDesk(t, "flatcar")
	for i, r := range edit.rows() {
		if r.add && r.field.thing == "file" {
			edit.selected = i
		}
	}
	edit.press("<enter>/etc/motd<tab><tab>Welcome.<enter>\tBreak things.")
	return map[string]*desk{"main": main, "empty": newDesk(t), "wrong": wrong, "names": names, "prompt": prompt, "diff": diff, "pick": pick, "edit": edit}
}

func TestFrames(t *testing.T) {
	all := states(t)
	for _, size := range []screen.Size{{Width: 80, Height: 24}, {Width: 120, Height: 36}, {Width: 200, Height: 60}} {
		body := screen.Size{Width: size.Width, Height: size.Height - 2} // header and footer
		for look, l := range looks() {
			golden(t, fmt.Sprintf("main-%dx%d-%s", size.Width, size.Height, look), all["main"].View(body, l).Lines, look == "colour" && size.Width == 120)
		}
	}
	for name, d := range all {
		golden(t, name+"-80x24", d.View(screen.Size{Width: 80, Height: 22}, looks()["none"]).Lines, false)
		golden(t, name+"-plain", d.Plain(80, looks()["ascii"]), false)
	}
}

// Whatever the size and the state, nothing is wider or higher than the room, the
// cursor is inside, and nothing panics.
func TestFramesKeepTheirRoom(t *testing.T) {
	all := states(t)
	var names []string
	for name := range all {
		names = append(names, name)
	}
	keys := []string{"<up>", "<down>", "<tab>", "<enter>", "<esc>", "v", "<right>", "d", "t", "w", "a", "x", "u", "G", "<pgdown>", "é", "漢", "r", "f", "i", "p"}
	rapid.Check(t, func(rt *rapid.T) {
		d := all[rapid.SampledFrom(names).Draw(rt, "state")]
		d.press(rapid.SampledFrom(keys).Draw(rt, "key"))
		size := screen.Size{Width: rapid.IntRange(0, 240).Draw(rt, "width"), Height: rapid.IntRange(0, 80).Draw(rt, "height")}
		l := looks()[rapid.SampledFrom([]string{"colour", "16", "none", "ascii"}).Draw(rt, "look")]
		v := d.View(size, l)
		if len(v.Lines) > size.Height {
			rt.Fatalf("%d lines in %+v", len(v.Lines), size)
		}
		for _, line := range v.Lines {
			if w := ansi.StringWidth(line); w > size.Width {
				rt.Fatalf("%d cells in %+v: %q", w, size, line)
			}
			if l.Glyphs.Name == "ascii" && strings.ContainsFunc(ansi.Strip(line), func(r rune) bool { return r > 0x7e || r < ' ' }) {
				rt.Fatalf("not ASCII: %q", line)
			}
		}
		if c := v.Cursor; c != nil && (c.X < 0 || c.Y < 0 || c.X >= size.Width || c.Y >= size.Height) {
			rt.Fatalf("the cursor is at %d,%d in %+v", c.X, c.Y, size)
		}
		d.run(d.Update(tea.MouseClickMsg{X: rapid.IntRange(0, 240).Draw(rt, "x"), Y: rapid.IntRange(0, 80).Draw(rt, "y"), Button: tea.MouseLeft}))
		d.run(d.Update(tea.MouseWheelMsg{X: size.Width / 2, Y: 3, Button: tea.MouseWheelDown}))
	})
}

// A message of another screen costs no drawing, and everything that changes the
// picture does.
func TestTheLastPictureServesWhileNothingChanges(t *testing.T) {
	d := newDesk(t, "flatcar", "talos")
	l := looks()["none"]
	size := screen.Size{Width: 120, Height: 34}
	before := d.View(size, l)
	d.run(d.Update(struct{ other int }{1}))
	if after := d.View(size, l); &after.Lines[0] != &before.Lines[0] {
		t.Error("it was drawn again for nothing")
	}
	last := strings.Join(before.Lines, "\n")
	for _, keys := range []string{"<down>", "<right>", "<enter>", "<esc>", "v", "<esc>", "t", "<down>", "<esc>", "w", "x", "<esc>", "d", "<enter>", "<esc>"} {
		d.press(keys)
		now := strings.Join(d.View(size, l).Lines, "\n")
		if now == last {
			t.Errorf("%s changes nothing in the picture", keys)
		}
		last = now
	}
}

// BenchmarkView is one frame after a key.
func BenchmarkView(b *testing.B) {
	d := states(b)["main"]
	l := looks()["colour"]
	for b.Loop() {
		d.version++ // as a key would
		d.View(screen.Size{Width: 200, Height: 58}, l)
	}
}

// BenchmarkLargeConfig is the first frame after a rendering of a large file.
func BenchmarkLargeConfig(b *testing.B) {
	d := states(b)["main"]
	s := d.current()
	s.result.Config.Documents[0].Content = strings.Repeat(`        "source": "data:,node1%0A", "mode": 420`+"\n", 4000)
	l := looks()["colour"]
	for b.Loop() {
		d.version++
		s.sheet = sheet{}
		d.View(screen.Size{Width: 200, Height: 58}, l)
	}
}
