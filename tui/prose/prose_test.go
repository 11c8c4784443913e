package prose

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

func TestNothingIsWiderThanAskedAndNothingIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`([a-z0-9%漢./ -]{0,9} ?){0,8}`).Draw(t, "text")
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

func TestNumbersKeepTheirUnits(t *testing.T) {
	for text, want := range map[string]string{
		"between 20 and 34 %.": "between 20 and|34 %.",
		"takes 12 s then":      "takes 12 s|then",
		"the letter x s here":  "the letter x s|here",
	} {
		if got := strings.Join(Fold(text, len(strings.Split(want, "|")[0])+2), "|"); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
