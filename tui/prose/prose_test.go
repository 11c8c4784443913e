package prose

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

func TestNothingIsWiderThanAskedAndNothingIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`([a-z漢./ -]{0,9} ?){0,8}`).Draw(t, "text")
		width := rapid.IntRange(2, 40).Draw(t, "width")
		for name, lines := range map[string][]string{"folded": Fold(text, width), "broken": Broken(text, width), "shortened": {Shorten(text, width, "…")}} {
			for _, line := range lines {
				if ansi.StringWidth(line) > width {
					t.Fatalf("%s %q at %d: %q", name, text, width, line)
				}
			}
		}
		if got := strings.Join(Broken(text, width), ""); got != text {
			t.Fatalf("%q became %q", text, got)
		}
		all := strings.Join(strings.Fields(text), "")
		if got := strings.ReplaceAll(strings.Join(Fold(text, width), ""), " ", ""); got != all {
			t.Fatalf("%q became %q", text, got)
		}
	})
}
