package render_test

import (
	"slices"
	"testing"
	"unicode/utf8"

	"distrolab/provision"
	"distrolab/provision/clc"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/render"
)

// FuzzCheck gives any text, as any of its files, to the check of any format: it
// must answer with findings that can be shown, and soon.
func FuzzCheck(f *testing.F) {
	usual := map[string]way{}
	for _, w := range ways(f) {
		if _, seen := usual[w.opt.Format]; !seen && w.opt.Format != render.FormatNone {
			usual[w.opt.Format] = w
		}
	}
	formats := render.Formats()
	for n, format := range formats {
		cfg, err := render.Config(intenttest.Full(), usual[format].distro, usual[format].opt)
		if err != nil {
			f.Fatal(err)
		}
		for _, doc := range slices.Concat(cfg.Sources, cfg.Documents) {
			f.Add(uint8(n), doc.Name, doc.Content)
		}
		for _, text := range []string{"", "\x00", "a: &a [*a]", "a: [[[[[[", "#!/bin/sh\n", "{", "#cloud-config\n- a", "[a]\nb=", "\xff\xfe"} {
			f.Add(uint8(n), "user-data", text)
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, name, text string) {
		if len(text) > 64<<10 {
			return
		}
		w := usual[formats[int(n)%len(formats)]]
		findings, err := render.Check(name, text, w.distro, w.opt)
		if err != nil {
			t.Fatal(err)
		}
		if len(findings) > 1000 {
			t.Fatalf("%d findings for %d bytes", len(findings), len(text))
		}
		for _, finding := range findings {
			known := finding.Severity == provision.SeverityError || finding.Severity == provision.SeverityWarning
			if !known || finding.Message == "" || finding.Line < 0 || finding.Column < 0 || len(finding.Message) > 4096 || !utf8.ValidString(finding.Message) {
				t.Fatalf("finding %+v", finding)
			}
		}
	})
}

// TestWhatIsRenderedPassesTheCheck: a check that refuses what the renderer
// itself writes would send people away from what works.
func TestWhatIsRenderedPassesTheCheck(t *testing.T) {
	for _, w := range ways(t) {
		if w.opt.Format == render.FormatNone {
			continue
		}
		for _, intent := range []provision.Intent{intenttest.Minimal(), intenttest.Full()} {
			cfg, err := render.Config(intent, w.distro, w.opt)
			if tooLarge(err) {
				continue
			}
			if err != nil {
				t.Fatalf("%s: %v", w, err)
			}
			docs := slices.Concat(cfg.Sources, cfg.Documents)
			if w.opt.Format == clc.Format {
				docs = cfg.Sources // the documents are Ignition's, another format
			}
			for _, doc := range docs {
				findings, err := render.Check(doc.Name, doc.Content, w.distro, w.opt)
				if err != nil {
					t.Fatalf("%s: %v", w, err)
				}
				for _, finding := range findings {
					if finding.Severity == provision.SeverityError {
						t.Errorf("%s: %s:%d: %s", w, doc.Name, finding.Line, finding.Message)
					}
				}
			}
		}
	}
}
