package intenttest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distrolab/provision"
)

// Golden compares cfg with the file testdata/name, or writes the file when
// update is set.
func Golden(t *testing.T, name string, cfg provision.Config, update bool) {
	t.Helper()
	file := filepath.Join("testdata", name)
	got := show(cfg)
	if update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; write it by: go test -run Golden -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; if that is meant, run go test -run Golden -update and read the diff (-want +got):\n%s", file, diff)
	}
}

// show is a Config for a reader: what it is, what a person would write, what
// the guest reads, what happens then, and what does not.
func show(cfg provision.Config) string {
	var b strings.Builder
	fmt.Fprintf(&b, "=== %s by %s ===\n", cfg.Format, cfg.Delivery)
	section := func(kind string, docs []provision.Document) {
		for _, doc := range docs {
			fmt.Fprintf(&b, "=== %s: %s ===\n%s", kind, doc.Name, doc.Content)
			if !strings.HasSuffix(doc.Content, "\n") {
				b.WriteString("\n")
			}
		}
	}
	section("source", cfg.Sources)
	section("document", cfg.Documents)
	b.WriteString("=== steps ===\n")
	for _, s := range cfg.Steps {
		fmt.Fprintf(&b, "%s: %s %v\n", s.Stage, s.Does, s.Fields)
	}
	b.WriteString("=== gaps ===\n")
	for _, gap := range cfg.Gaps {
		fmt.Fprintf(&b, "%s: %s\n", gap.Field, gap.Reason)
	}
	return b.String()
}

// Files puts each document of cfg into dir and returns their paths by name.
func Files(t *testing.T, dir string, docs []provision.Document) map[string]string {
	t.Helper()
	paths := map[string]string{}
	for _, doc := range docs {
		file := filepath.Join(dir, filepath.Base(doc.Name))
		if err := os.WriteFile(file, []byte(doc.Content), 0o600); err != nil {
			t.Fatal(err)
		}
		paths[doc.Name] = file
	}
	return paths
}
