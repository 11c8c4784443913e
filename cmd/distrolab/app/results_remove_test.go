package app

import (
	"strings"
	"testing"
)

func TestOnlyYesIsYes(t *testing.T) {
	for answer, want := range map[string]bool{
		"y\n": true, "YES\n": true, " yes \r\n": true, "y": true,
		"": false, "\n": false, "n\n": false, "yess\n": false, "no\ny\n": false, "\x1b[A\n": false, strings.Repeat(" ", 2000) + "y\n": false,
	} {
		var out strings.Builder
		err := confirm(strings.NewReader(answer), &out, "Delete?")
		if (err == nil) != want || out.String() != "Delete? [y/N] " {
			t.Errorf("%q: %v, asked %q", answer, err, out.String())
		}
	}
}
