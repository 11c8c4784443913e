package app

import (
	"os"
	"testing"
)

func TestSaveNeverWritesOver(t *testing.T) {
	t.Chdir(t.TempDir())
	var s catalogScreen
	for _, want := range []string{"table.md", "table-2.md", "table-3.md"} {
		got, err := s.Save("table.md", want)
		if err != nil || got != want {
			t.Fatalf("%s, %v; want %s", got, err, want)
		}
		if text, _ := os.ReadFile(want); string(text) != want {
			t.Errorf("%s has %q", want, text)
		}
	}
	if _, err := s.Save("no/such/place.md", ""); err == nil {
		t.Error("a file was written where there is no directory")
	}
}
