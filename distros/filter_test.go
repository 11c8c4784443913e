package distros_test

import (
	"strings"
	"testing"
	"time"

	"distrolab/distros"
)

func day() time.Time { return time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC) }

func load(t *testing.T) *distros.Catalog {
	t.Helper()
	c, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A filter must mean what a comparison shows: each row of a system's comparison
// with itself is found by its own words, unless it is unconfirmed.
func TestFilterFindsWhatACompareRowSays(t *testing.T) {
	for _, d := range load(t).All() {
		for _, r := range distros.Compare([]distros.Distro{d}, day()).Rows {
			cell := r.Cells[0]
			if cell.Value == "" {
				continue
			}
			f, err := distros.ParseFilter(r.Key + ":" + strings.ToUpper(cell.Value))
			if err != nil {
				t.Fatal(err)
			}
			sure := !cell.Unconfirmed || r.Key == "standing"
			if got := f.Fits(d, day()); got != sure && !r.Many {
				t.Errorf("%s %s:%q fits %v, want %v", d.Name, r.Key, cell.Value, got, sure)
			}
		}
	}
}

func TestFilterChooses(t *testing.T) {
	for text, want := range map[string]string{
		"shell:none update:image":  "bottlerocket talos",
		"nature:kubernetes-os":     "k3os talos",
		"latest:nothing-like-this": "",
		"verified_root:DM-VERITY":  "bottlerocket flatcar google-cos",
		"kind:probe":               "probe",
		"standing:unconfirmed":     "alt astra gokrazy redos",
		"numbers:binaries":         "flatcar talos", // the first of several facts
	} {
		var got []string
		for _, d := range load(t).All() {
			fits := true
			for _, part := range strings.Fields(text) {
				f, err := distros.ParseFilter(part)
				if err != nil {
					t.Fatal(err)
				}
				fits = fits && f.Fits(d, day())
			}
			if fits {
				got = append(got, d.Name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

func TestFilterRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"shell":      `filter "shell" is not of the form CRITERION:TEXT, such as shell:none`,
		"shell:":     `not of the form`,
		"":           `not of the form`,
		"colour:red": `no criterion is called "colour"; there are kind, standing, nature`,
		":none":      `no criterion is called ""`,
	} {
		if _, err := distros.ParseFilter(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", text, err, want)
		}
	}
}

func TestClassesOf(t *testing.T) {
	for key, want := range map[string]string{
		"shell": "full container optional none", "standing": "maintained extended ended unconfirmed", "memory": "", "kind": "", "colour": "",
	} {
		if got := strings.Join(distros.ClassesOf(key), " "); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}
