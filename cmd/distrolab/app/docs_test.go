package app_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"distrolab/provision"
	"distrolab/provision/render"
)

func manual(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every format has its row in the manual.
func TestManualKnowsEveryFormat(t *testing.T) {
	text := manual(t, "configs.md")
	for _, format := range append(render.Formats(), render.FormatNone) {
		if !strings.Contains(text, "\n| `"+format+"` | ") {
			t.Errorf("docs/configs.md has no row of the format %s", format)
		}
	}
}

// The intents that the manual shows are intents, and the long one asks for
// every part that the manual's table explains.
func TestManualsIntentsAreIntents(t *testing.T) {
	text := manual(t, "intent.md")
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(text, -1)
	if len(blocks) != 2 {
		t.Fatalf("docs/intent.md has %d intents", len(blocks))
	}
	for _, b := range blocks {
		intent, err := provision.ParseIntent("intent.md", []byte(b[1]))
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range intent.Fields() {
			part, _, _ := strings.Cut(field, "[")
			if !strings.Contains(text, "\n| "+part+" | ") {
				t.Errorf("docs/intent.md does not say what becomes of %s", part)
			}
		}
	}
}
