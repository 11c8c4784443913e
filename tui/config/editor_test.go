package config

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"distrolab/tui/style"
)

func TestEditorKeys(t *testing.T) {
	for _, c := range []struct {
		value string
		lines bool
		keys  []string
		want  string // with | for the cursor
	}{
		{"abc", false, []string{"left", "x"}, "abx|c"},
		{"abc", false, []string{"home", "backspace", "x"}, "x|abc"},
		{"two words", false, []string{"ctrl+u", "y"}, "y|"},
		{"ab\ncdef\ng", true, []string{"down", "end", "down", "x"}, "ab\ncdef\ngx|"},
		{"ab\ncdef\ng", true, []string{"down", "down", "up", "enter"}, "ab\n\n|cdef\ng"},
		{"", true, []string{"a", "enter", "b", "up", "c"}, "ac|\nb"},
		{"漢字", false, []string{"left", "backspace"}, "|字"},
	} {
		e := newEditor(c.value, c.lines)
		for _, k := range c.keys {
			e.key(key(k))
		}
		if got := string(e.runes[:e.cursor]) + "|" + string(e.runes[e.cursor:]); got != c.want {
			t.Errorf("%q after %v: %q, want %q", c.value, c.keys, got, c.want)
		}
	}
}

func TestPastedTextIsTame(t *testing.T) {
	e := newEditor("", false)
	e.insert("\x1b[31mred\r\nand\tmore\n")
	if got := e.value(); got != "[31mred and\tmore" {
		t.Errorf("%q", got)
	}
}

// The cursor is always in the window, and lines are as wide as the window.
func TestEditorWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := newEditor(rapid.StringMatching(`([a-z漢\t ]{0,30}\n){0,9}`).Draw(t, "text"), true)
		for _, k := range rapid.SliceOf(rapid.SampledFrom([]string{"up", "down", "left", "right", "end", "home", "pgdown", "pgup", "enter", "backspace", "x", "漢"})).Draw(t, "keys") {
			e.key(key(k))
		}
		width, height := rapid.IntRange(2, 20).Draw(t, "width"), rapid.IntRange(1, 8).Draw(t, "height")
		lines, x, y := e.view(width, height, rapid.Bool().Draw(t, "hidden"), style.Unicode())
		if len(lines) != height || x < 0 || x >= width || y < 0 || y >= height {
			t.Fatalf("%d lines, cursor at %d,%d of %dx%d", len(lines), x, y, width, height)
		}
		for _, l := range lines {
			if ansi.StringWidth(l) != width || strings.ContainsAny(l, "\t\n") {
				t.Fatalf("%q is not %d wide", l, width)
			}
		}
	})
}
