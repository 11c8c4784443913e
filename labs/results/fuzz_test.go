package results

import (
	"bytes"
	"testing"
)

// FuzzReadRuns reads foreign lines and summarises what was accepted.
func FuzzReadRuns(f *testing.F) {
	f.Add([]byte(`{"schema":"distrolab.run/1","session":"s1","run_id":"a","phase":"measure","scenario":"first_boot","outcome":"ok","subject":{"os":"d"},"events":[{"m":"vcpu_start","t_ns":1},{"m":"boot_complete","t_ns":9}]}` + "\n"))
	f.Add([]byte("{}\n\n\x00\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var runs []Run
		warnings, err := eachLine(bytes.NewReader(data), "s1", func(run Run, _ []byte) error {
			runs = append(runs, run)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(data, []byte("\n")) + 1; len(runs)+len(warnings) > n {
			t.Fatalf("%d runs and %d warnings from %d lines", len(runs), len(warnings), n)
		}
		for _, r := range runs {
			if err := check(r); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Summarise(Session{ID: "s1"}, runs).JSON(); err != nil {
			t.Fatal(err)
		}
	})
}
