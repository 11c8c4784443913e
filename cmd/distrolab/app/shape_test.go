package app_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"distrolab/cmd/distrolab/app"
)

var update = flag.Bool("update", false, "write the golden files anew")

// today is the day of the tests.
func today() time.Time { return time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC) }

// TestJSONShapes holds the fields of what scripts read. A field that goes, or
// changes its kind, is an incompatible change: think twice before -update.
func TestJSONShapes(t *testing.T) {
	for name, args := range map[string][]string{
		"list":    {"list", "-o", "json"},
		"compare": {"compare", "flatcar", "talos", "-o", "json"},
		"render":  {"render", "debian", "-o", "json"},
		"all":     {"render", "--all", "-o", "json"},
		"explain": {"explain", "probe", "-o", "json"},
		"diff":    {"diff", "flatcar", "nixos", "-o", "json"},
		"score":   {"score", "flatcar", "talos", "k3os", "-o", "json"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			w := app.World{In: strings.NewReader(""), Out: &out, Err: &errs, UID: os.Geteuid(), Executable: "/nowhere", Now: today, Getenv: func(string) string { return "" }}
			if code := app.Run(t.Context(), w, args); code != app.ExitDone || errs.Len() > 0 {
				t.Fatalf("exit code %d: %s", code, errs.String())
			}
			var v any
			if err := json.Unmarshal(out.Bytes(), &v); err != nil {
				t.Fatal(err)
			}
			found := map[string]bool{}
			shape(found, "", v)
			got := strings.Join(slices.Sorted(maps.Keys(found)), "\n") + "\n"
			golden := filepath.Join("testdata", "shape", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the shape has changed (-stored +now):\n%s", diff)
			}
		})
	}
}

// shape collects the paths of all values with their kinds. The keys of maps
// that the catalog fills count as one.
func shape(found map[string]bool, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if slices.Contains([]string{".patterns", ".missing", ".options"}, path[max(0, strings.LastIndex(path, ".")):]) {
				key = "*"
			}
			shape(found, path+"."+key, value)
		}
	case []any:
		for _, value := range v {
			shape(found, path+"[]", value)
		}
	case nil:
		found[path+" null"] = true
	default:
		found[fmt.Sprintf("%s %T", path, v)] = true
	}
}
