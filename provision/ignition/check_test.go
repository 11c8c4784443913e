package ignition_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/ignition"
	"distrolab/provision/internal/intenttest"
)

func TestCheck(t *testing.T) {
	const (
		bad  = provision.SeverityError
		warn = provision.SeverityWarning
	)
	for name, c := range map[string]struct {
		system, release, text string
		want                  provision.Finding // Message: what must be in it
	}{
		"empty":            {"flatcar", "", " \n", provision.Finding{Severity: bad, Message: "variant: flatcar"}},
		"cloud-config":     {"flatcar", "", "#cloud-config\nusers: []\n", provision.Finding{Severity: bad, Line: 1, Column: 1, Message: "cloud-config"}},
		"script":           {"flatcar", "", "#!/bin/sh\n", provision.Finding{Severity: bad, Line: 1, Column: 1, Message: "script"}},
		"CLC":              {"flatcar", "", "update: {group: beta}\n", provision.Finding{Severity: bad, Line: 1, Column: 1, Message: "distrolab convert --from clc --to butane"}},
		"CLC by a file":    {"flatcar", "", "storage:\n  files: [{filesystem: root, path: /a}]\n", provision.Finding{Severity: bad, Line: 1, Column: 1, Message: "this is a Container Linux Config"}},
		"CLC or Butane":    {"flatcar", "", "passwd:\n  users: [{name: core}]\n", provision.Finding{Severity: bad, Line: 1, Column: 1, Path: "variant", Message: "write variant: flatcar, version: 1.1.0 (Ignition spec 3.4.0). If this is"}},
		"no variant":       {"fedora-coreos", "", "passwd:\n  users: [{name: core}]\n", provision.Finding{Severity: bad, Line: 1, Column: 1, Path: "variant", Message: "write variant: fcos, version: 1.6.0"}},
		"other variant":    {"flatcar", "", "# mine\nvariant: fcos\nversion: 1.5.0\n", provision.Finding{Severity: bad, Line: 2, Column: 10, Path: "variant", Message: "write variant: flatcar, version: 1.1.0"}},
		"no version":       {"flatcar", "", "variant: flatcar\n", provision.Finding{Severity: bad, Line: 1, Column: 10, Path: "version", Message: "version: 1.1.0"}},
		"unknown version":  {"flatcar", "", "variant: flatcar\nversion: 7.0.0\n", provision.Finding{Severity: bad, Message: "No translator exists for variant flatcar with version 7.0.0"}},
		"Butane too new":   {"flatcar", "3510.3.8", "variant: flatcar\nversion: 1.1.0\n", provision.Finding{Severity: bad, Line: 2, Column: 10, Path: "version", Message: "spec 3.4.0 is newer than 3.3.0, the newest that Flatcar Container Linux 3510.3.8 reads"}},
		"Butane newer":     {"fedora-coreos", "", "variant: fcos\nversion: 1.7.0\n", provision.Finding{Severity: warn, Line: 2, Column: 10, Path: "version", Message: "spec 3.6.0 is newer than 3.5.0, which every release of today reads"}},
		"stand-in":         {"coreos-standin", "", "variant: fcos\nversion: 1.5.0\n", provision.Finding{Severity: bad, Line: 2, Column: 10, Path: "version", Message: "newer than 3.3.0"}},
		"no release for 3": {"flatcar", "3033.2.4", "variant: flatcar\nversion: 1.0.0\n", provision.Finding{Severity: bad, Line: 2, Column: 10, Path: "version", Message: "format clc"}},
		"unused key":       {"flatcar", "", "variant: flatcar\nversion: 1.1.0\nstorage:\n  files:\n    - path: /a\n      moed: 0644\n", provision.Finding{Severity: warn, Line: 6, Column: 7, Path: "storage.files[0].moed", Message: "unused key moed"}},
		"bad path":         {"flatcar", "", "variant: flatcar\nversion: 1.1.0\nstorage:\n  files:\n    - path: a\n", provision.Finding{Severity: bad, Line: 5, Column: 13, Path: "storage.files[0].path", Message: "path not absolute"}},
		"not YAML":         {"flatcar", "", "variant: flatcar\n\tversion: 1.1.0\n", provision.Finding{Severity: bad, Line: 2, Message: "tab character"}},
		"wrong type":       {"flatcar", "", "variant: flatcar\nversion: 1.1.0\nstorage: 5\n", provision.Finding{Severity: bad, Line: 3, Message: "cannot unmarshal"}},
		"deep YAML":        {"flatcar", "", "variant: flatcar\nversion: 1.1.0\na: " + strings.Repeat("[", 500) + strings.Repeat("]", 500), provision.Finding{Severity: bad, Message: "nested"}},
		"large":            {"flatcar", "", strings.Repeat("# a\n", 3<<20), provision.Finding{Severity: bad, Message: "at most"}},

		"JSON without version": {"flatcar", "", "{}", provision.Finding{Severity: bad, Line: 1, Column: 1, Path: "ignition.version", Message: "no ignition.version"}},
		"JSON too new":         {"coreos-standin", "", "{\n\t\"ignition\": {\n\t\t\"version\": \"3.4.0\"}}", provision.Finding{Severity: bad, Line: 3, Column: 14, Path: "ignition.version", Message: "newer than 3.3.0"}},
		"JSON experimental":    {"fedora-coreos", "", `{"ignition": {"version": "3.7.0-experimental"}}`, provision.Finding{Severity: bad, Line: 1, Column: 26, Path: "ignition.version", Message: "newer"}},
		"JSON unknown":         {"fedora-coreos", "", `{"ignition": {"version": "9.0.0"}}`, provision.Finding{Severity: warn, Line: 1, Column: 26, Path: "ignition.version", Message: "newer"}},
		"JSON of spec 2":       {"fedora-coreos", "", `{"ignition": {"version": "2.3.0"}}`, provision.Finding{Severity: bad, Line: 1, Column: 26, Path: "ignition.version", Message: "reads no Ignition of spec 2.3.0"}},
		"spec 2 on Flatcar":    {"flatcar", "", `{"ignition": {"version": "2.3.0"}}`, provision.Finding{Severity: warn, Line: 1, Column: 26, Path: "ignition.version", Message: "still translates"}},
		"JSON bad path":        {"flatcar", "", "{\"ignition\": {\"version\": \"3.3.0\"},\n \"storage\": {\"files\": [{\"path\": \"a\"}]}}", provision.Finding{Severity: bad, Line: 2, Column: 33, Path: "storage.files[0].path", Message: "path not absolute"}},
		"JSON unused key":      {"flatcar", "", "{\"ignition\": {\"version\": \"3.3.0\"},\n \"storagex\": 1}", provision.Finding{Severity: warn, Line: 2, Column: 2, Path: "storagex", Message: "unused key storagex"}},
		"no JSON":              {"flatcar", "", "{\"ignition\": }", provision.Finding{Severity: bad, Line: 1, Column: 14, Message: "invalid character"}},
		"deep JSON":            {"flatcar", "", strings.Repeat("{\"a\":", 500) + "1" + strings.Repeat("}", 500), provision.Finding{Severity: bad, Message: "nested"}},
	} {
		t.Run(name, func(t *testing.T) {
			findings := ignition.Check("config", c.text, target(t, c.system, "", c.release))
			if len(findings) == 0 {
				t.Fatal("nothing was found")
			}
			got := findings[0]
			if !strings.Contains(got.Message, c.want.Message) {
				t.Errorf("message %q, want %q in it", got.Message, c.want.Message)
			}
			got.Message = c.want.Message
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestCheckAcceptsWhatIsRendered: source and document alike.
func TestCheckAcceptsWhatIsRendered(t *testing.T) {
	for _, c := range []struct{ system, release string }{{"flatcar", ""}, {"flatcar", "3510.3.8"}, {"fedora-coreos", ""}, {"fedora-coreos", "34.20210427.3.0"}, {"coreos-standin", ""}} {
		to := target(t, c.system, "", c.release)
		cfg := render(t, intenttest.Full(), to)
		for _, doc := range append(cfg.Sources, cfg.Documents...) {
			if findings := ignition.Check(doc.Name, doc.Content, to); len(findings) > 0 {
				t.Errorf("%s %s, %s: %+v", c.system, c.release, doc.Name, findings)
			}
		}
	}
}

// FuzzCheck: hostile texts are told of, and never end the program.
func FuzzCheck(f *testing.F) {
	catalog, err := distros.Load()
	if err != nil {
		f.Fatal(err)
	}
	d, err := catalog.Find("flatcar")
	if err != nil {
		f.Fatal(err)
	}
	to := provision.Target{Distro: d, Profile: d.Config, Delivery: d.Config.Deliveries[0]}
	cfg, err := ignition.Render(intenttest.Full(), to)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(cfg.Sources[0].Content)
	f.Add(cfg.Documents[0].Content)
	f.Add(`{"ignition": {"version": "2.3.0"}, "storage": {"files": [{"filesystem": "root", "path": "/a"}]}}`)
	f.Add("variant: flatcar\nversion: 1.1.0\na: &a [*a]\n")
	f.Add("{[")
	f.Fuzz(func(t *testing.T, text string) {
		for _, finding := range ignition.Check("config", text, to) {
			if finding.Message == "" || finding.Line < 0 {
				t.Errorf("%+v", finding)
			}
		}
	})
}
