package matrix_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"distrolab/labs/results"
	"distrolab/labs/session"
	"distrolab/labs/session/matrix"
)

func TestExampleExpands(t *testing.T) {
	m, err := matrix.Read("example.yaml", []byte(matrix.Example()))
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "nightly" || m.Budget != 3*time.Hour || len(m.Sessions) != 4 {
		t.Fatalf("got %+v", m)
	}
	want := results.Request{Systems: []string{"debian-local", "coreos-standin"}, Scenario: results.SecondBoot, Cache: results.CacheCold,
		Mode: results.ModeQuick, Warmups: 1, VCPUs: 2, MemoryMiB: 2048}
	if diff := cmp.Diff(want, m.Sessions[3]); diff != "" {
		t.Errorf("the last session (-want +got):\n%s", diff)
	}
	seen := map[string]bool{}
	for _, r := range m.Sessions {
		seen[string(r.Scenario)+r.Cache] = true
	}
	if len(seen) != 4 {
		t.Errorf("the sets of conditions are %v", seen)
	}
}

func TestImagesAreSubjectsOfTheSameBlocks(t *testing.T) {
	m, err := matrix.Read("m.yaml", []byte("schema: distrolab.matrix/1\nbaseline: flatcar@1\nsystems: [{name: flatcar, images: ['1', '2']}, {name: talos}]\nhardware: [{vcpus: 1}, {vcpus: 2, firmware: uefi}]\nwarmups: 0\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Sessions) != 2 {
		t.Fatalf("%d sessions", len(m.Sessions))
	}
	for i, r := range m.Sessions {
		if diff := cmp.Diff([]string{"flatcar@1", "flatcar@2", "talos"}, r.Systems); diff != "" || r.Warmups != 0 || r.VCPUs != i+1 {
			t.Errorf("session %d: %+v", i, r)
		}
	}
	m.Sessions[0].Systems[0] = "changed"
	if m.Sessions[1].Systems[0] == "changed" {
		t.Error("two sessions share their list of systems")
	}
}

func TestProblemsHaveTheirLines(t *testing.T) {
	head := "schema: distrolab.matrix/1\nsystems:\n  - name: a\n"
	tests := map[string]struct{ text, line, problem string }{
		"nothing":             {"", "", "empty"},
		"another schema":      {"schema: x\nsystems: [{name: a}]\n", "1", "distrolab.matrix/1"},
		"no system":           {"schema: distrolab.matrix/1\n", "", "at least one system"},
		"an unknown field":    {head + "bloks: 3\n", "4", "bloks"},
		"a wrong kind":        {head + "blocks: many\n", "4", ""},
		"an unknown scenario": {head + "scenarios: [first_boot,\n  third_boot]\n", "5", "join_cold"},
		"a scenario twice":    {head + "scenarios: [first_boot, first_boot]\n", "4", "twice"},
		"an unknown cache":    {head + "cache: [hot]\n", "4", "cold"},
		"too many processors": {head + "hardware:\n  - vcpus: 65\n", "5", "64"},
		"a negative plane":    {head + "control_plane_memory: -1\n", "4", "3072"},
		"odd firmware":        {head + "hardware:\n  - {firmware: coreboot}\n", "5", "uefi"},
		"a budget of nothing": {head + "budget: soon\n", "4", "30m"},
		"a negative deadline": {head + "deadline: -3s\n", "4", "length of time"},
		"a system twice":      {head + "  - name: a\n", "3", "twice"},
		"a foreign baseline":  {head + "baseline: b\n", "4", "none of the systems"},
		"too few blocks":      {head + "mode: bench\nblocks: 3\n", "4", "needs 10"},
		"a large seed":        {head + "seed: 9007199254740993\n", "4", "2^53"},
		"a control character": {head + "name: \"a\\e[2J\"\n", "4", ""},
		"an alias":            {"schema: distrolab.matrix/1\nname: &n x\nsystems: [{name: *n}]\n", "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := matrix.Read("m.yaml", []byte(test.text))
			var invalid *matrix.InvalidError
			if !errors.As(err, &invalid) {
				t.Fatalf("got %v", err)
			}
			text := err.Error()
			if !strings.Contains(text, test.problem) || test.line != "" && !strings.Contains(text, "m.yaml:"+test.line+":") {
				t.Errorf("got %q, want line %s and %q", text, test.line, test.problem)
			}
			if strings.ContainsAny(text, "\x1b\a") {
				t.Errorf("%q has control characters", text)
			}
		})
	}
}

// The files that the manual shows are matrices, and each session of them can be
// planned.
func TestManualsMatricesAreMatrices(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "experiments.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1)
	if len(blocks) < 2 {
		t.Fatalf("docs/experiments.md shows %d matrices", len(blocks))
	}
	for i, b := range blocks {
		m, err := matrix.Read("experiments.md", b[1])
		if err != nil {
			t.Fatalf("matrix %d: %v", i+1, err)
		}
		for _, r := range m.Sessions {
			if _, _, err := session.Plan(r); err != nil {
				t.Errorf("matrix %d: %v", i+1, err)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(matrix.Example()))
	f.Add([]byte("schema: distrolab.matrix/1\nsystems: [{name: a, images: [x]}]\ncache: [cold]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := matrix.Read("m.yaml", text)
		if err != nil {
			return
		}
		if len(m.Sessions) == 0 || len(m.Sessions) > 200 {
			t.Fatalf("%d sessions", len(m.Sessions))
		}
		for _, r := range m.Sessions {
			if _, _, err := session.Plan(r); err != nil || len(r.Systems) == 0 {
				t.Errorf("%+v: %v", r, err)
			}
		}
	})
}
