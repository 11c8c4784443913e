package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/tui/style"
)

// A command that was broken into lines is, to a shell, the same command.
func TestFoldCommandKeepsTheCommand(t *testing.T) {
	command := `tool --a b=c --option="one two  three" 'x; y' --last`
	for _, width := range []int{1, 12, 24, 40, 200} {
		lines := foldCommand(command, width)
		if got := strings.ReplaceAll(strings.Join(lines, "\n"), " \\\n", " "); got != command {
			t.Errorf("%d: %q", width, got)
		}
	}
}

// Every delivery of the catalog can be done by hand, and said in words.
func TestEveryDeliveryCanBeDoneByHand(t *testing.T) {
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range catalog.All() {
		for _, p := range d.Configs() {
			for _, way := range p.Deliveries {
				if way.Kind == distros.DeliverNone {
					continue
				}
				cfg := provision.Config{Format: p.Format, Delivery: way, Documents: []provision.Document{{Name: "file"}}}
				if len(byHand(cfg)) == 0 {
					t.Errorf("%s, %s: nobody learns what to type for delivery %s", d.Name, p.Format, way.Call())
				}
				if strings.Contains(way.Sentence(), "nothing") {
					t.Errorf("%s, %s: no words for delivery %s", d.Name, p.Format, way.Call())
				}
				for _, step := range byHand(cfg) {
					if strings.Contains(step.Command, distros.URLPlace) {
						t.Errorf("%s: %s is left in %q", d.Name, distros.URLPlace, step.Command)
					}
				}
			}
		}
	}
}

// The caret stands below the column, also in a long line, and never tells where
// in a token it is.
func TestExcerptPutsTheCaretBelowTheColumn(t *testing.T) {
	v := view{width: 60, glyphs: style.ASCII()}
	for name, c := range map[string]struct {
		line   string
		column int
		under  string // what the caret stands below
	}{
		"first":       {"key: value", 1, "k"},
		"middle":      {"key: value", 6, "v"},
		"long":        {strings.Repeat("x", 5000) + "!" + strings.Repeat("y", 5000), 5001, "!"},
		"control":     {"a\x1b\x1b!b", 4, "!"},
		"a token":     {"t: abcdef.0123456789abcdef", 12, "("},
		"after it":    {"t: abcdef.0123456789abcdef !", 28, "("},
		"before one":  {"k: abcdef.0123456789abcdef", 1, "k"},
		"beyond":      {"ab", 100, ""},
		"not UTF-8":   {"\xff\xff!", 3, "!"},
		"wide letter": {"漢!", 4, "!"},
	} {
		lines := v.excerpt([]string{c.line}, 1, c.column)
		if len(lines) != 2 {
			t.Fatalf("%s: %q", name, lines)
		}
		at := strings.Index(lines[1], "^")
		under := ""
		if at < len(lines[0]) {
			under = lines[0][at : at+1]
		}
		if under != c.under || len(lines[0]) > 70 || strings.Contains(lines[0], "0123456789abcdef") || strings.Contains(lines[0], "\x1b") {
			t.Errorf("%s: the caret stands below %q, want %q:\n%s", name, under, c.under, strings.Join(lines, "\n"))
		}
	}
	for _, line := range []int{-1, 0, 2} {
		if lines := v.excerpt([]string{"a"}, line, 1); lines != nil {
			t.Errorf("line %d: %q", line, lines)
		}
	}
}

// Whatever a document is called, it lands below the directory or nowhere.
func TestWriteConfigStaysBelowItsDirectory(t *testing.T) {
	for _, name := range []string{"../out", "/etc/passwd", "a/../../b", "", ".", "a/..", `a\..\b`, "dir", "file/x", "link", "linked/x", "dangling/x"} {
		parent := t.TempDir()
		dir, other := filepath.Join(parent, "dir"), filepath.Join(parent, "other")
		for _, d := range []string{filepath.Join(dir, "dir"), other} {
			if err := os.MkdirAll(d, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "file"), []byte("kept"), 0o600); err != nil {
			t.Fatal(err)
		}
		for link, target := range map[string]string{"link": "../other/new", "linked": "../other", "dangling": "../nowhere"} {
			if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
				t.Fatal(err)
			}
		}
		r := rendition{config: provision.Config{Documents: []provision.Document{{Name: "fine", Content: "x"}, {Name: name, Content: "x"}}}}
		a := &application{world: World{Out: &strings.Builder{}, Err: &strings.Builder{}}}
		if err := a.writeConfig(dir, r, false); err == nil {
			t.Errorf("%q was written", name)
		}
		if _, err := os.Stat(filepath.Join(dir, "fine")); err == nil {
			t.Errorf("%q: the other document was written", name)
		}
		left, err := os.ReadDir(other)
		if err != nil || len(left) > 0 {
			t.Errorf("%q: outside is %v, %v", name, left, err)
		}
	}
}

func TestWriteConfigRefusesTwoOfOneName(t *testing.T) {
	same := []provision.Document{{Name: "a", Content: "x"}, {Name: "a", Content: "x"}}
	if docs, err := oneOfEach(same); err != nil || len(docs) != 1 {
		t.Errorf("the same twice: %v, %v", docs, err)
	}
	same[1].Content = "y"
	if _, err := oneOfEach(same); err == nil {
		t.Error("two different documents of one name were taken")
	}
}
