package ignition

import (
	"encoding/json"
	"fmt"
	"strings"

	old "github.com/flatcar/ignition/config/v2_3"
	oldreport "github.com/flatcar/ignition/config/validate/report"

	butane "github.com/coreos/ignition/v2/butane/config"
	"github.com/coreos/ignition/v2/butane/config/common"
	"github.com/coreos/vcontext/report"
	"go.yaml.in/yaml/v3"

	"distrolab/distros"
	"distrolab/provision"
)

// The bounds of what is read from a person: Ignition reads more, but nothing
// that anybody writes comes near.
const (
	maxBytes = 8 << 20
	maxDepth = 100
)

// Check reads a config that a person wrote: Ignition's JSON, or Butane. Each
// is checked by its own code, and then by what the target's release reads.
func Check(_, text string, target provision.Target) []provision.Finding {
	switch {
	case len(text) > maxBytes:
		return refuse(0, 0, "", "the file has %d bytes; distrolab reads at most %d. Fetch large files by URL (contents.source)", len(text), maxBytes)
	case strings.TrimSpace(text) == "":
		return refuse(0, 0, "", "the file is empty; a config begins with variant: %s and version: %s", target.Profile.Variant, target.Profile.VersionFor(target.Release))
	case strings.HasPrefix(text, "#cloud-config"):
		return refuse(1, 1, "", "this is a cloud-config, which Ignition refuses; write it as Butane (variant: %s)", target.Profile.Variant)
	case strings.HasPrefix(text, "#!"):
		return refuse(1, 1, "", "this is a script, which Ignition refuses; write it as a file and a unit that runs it, in Butane (variant: %s)", target.Profile.Variant)
	case strings.HasPrefix(strings.TrimSpace(text), "{"):
		return checkJSON(text, target)
	}
	return checkYAML(text, target)
}

// refuse is one error.
func refuse(line, column int, path, message string, args ...any) []provision.Finding {
	return []provision.Finding{{Severity: provision.SeverityError, Line: line, Column: column, Path: path, Message: fmt.Sprintf(message, args...)}}
}

// checkJSON checks what the guest itself reads.
func checkJSON(text string, target provision.Target) []provision.Finding {
	if depth(text) > maxDepth {
		return refuse(0, 0, "", "the file is nested more than %d levels deep; no config is", maxDepth)
	}
	var head struct {
		Ignition struct {
			Version string `json:"version"`
		} `json:"ignition"`
	}
	if err := json.Unmarshal([]byte(text), &head); err != nil {
		line, column := place(text, jsonOffset(err))
		return refuse(line, column, "", "this is no JSON of Ignition: %s", err)
	}
	if head.Ignition.Version == "" {
		return refuse(1, 1, "ignition.version", "there is no ignition.version; %s", wanted(target))
	}
	version := find(text, head.Ignition.Version)
	if strings.HasPrefix(version.Value, "1.") || strings.HasPrefix(version.Value, "2.") {
		return checkOldJSON(text, version, target)
	}
	list := tooNew(version, "ignition.version", version.Value, target)
	findings, err := parse([]byte(text))
	return append(list, asFindings(findings, err)...)
}

// checkOldJSON checks Ignition of spec 2, which Flatcar translates at boot and
// the others refuse.
func checkOldJSON(text string, version *yaml.Node, target provision.Target) []provision.Finding {
	if target.Profile.Variant != "flatcar" {
		return refuse(version.Line, version.Column, "ignition.version", "%s reads no Ignition of spec %s, only of 3; %s", target.Distro.Title, version.Value, wanted(target))
	}
	list := []provision.Finding{{
		Severity: provision.SeverityWarning, Line: version.Line, Column: version.Column, Path: "ignition.version",
		Message: fmt.Sprintf("spec %s is old; Flatcar still translates it at boot. Where a Container Linux Config made it, distrolab convert makes Butane of that", version.Value),
	}}
	_, findings, err := old.Parse([]byte(text))
	for _, e := range findings.Entries {
		if e.Message == "Config has unrecognized key: tls" {
			continue // which the format has; its own check does not see into that section
		}
		list = append(list, provision.Finding{Severity: oldSeverity(e), Line: e.Line, Column: e.Column, Message: e.Message})
	}
	if err != nil && !findings.IsFatal() {
		list = append(list, provision.Finding{Severity: provision.SeverityError, Message: err.Error()})
	}
	return list
}

func oldSeverity(e oldreport.Entry) string {
	if e.Kind == oldreport.EntryError {
		return provision.SeverityError
	}
	return provision.SeverityWarning
}

// checkYAML checks Butane, and knows what else a person may take for it.
func checkYAML(text string, target provision.Target) []provision.Finding {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		line, message := yamlError(err)
		return refuse(line, 0, "", "%s", message)
	}
	if nodeDepth(&root, 0) > maxDepth {
		return refuse(0, 0, "", "the file is nested more than %d levels deep; no config is", maxDepth)
	}
	variant, version := at(&root, "variant"), at(&root, "version")
	switch {
	case variant == nil && target.Profile.Variant == "flatcar" && looksLikeCLC(&root):
		return refuse(1, 1, "", "this is a Container Linux Config (CLC), the format before Butane; distrolab convert --from clc --to butane makes Butane of it")
	case variant == nil && target.Profile.Variant == "flatcar":
		return refuse(1, 1, "variant", "the first lines of Butane name its variant; %s. If this is a Container Linux Config (CLC), distrolab convert --from clc --to butane makes Butane of it", wanted(target))
	case variant == nil:
		return refuse(1, 1, "variant", "the first lines of Butane name its variant; %s", wanted(target))
	case variant.Value != target.Profile.Variant:
		return refuse(variant.Line, variant.Column, "variant", "variant %q is for another system; %s", variant.Value, wanted(target))
	case version == nil:
		return refuse(variant.Line, variant.Column, "version", "there is no version; %s", wanted(target))
	}
	var list []provision.Finding
	if spec, known := specs(variant.Value)[version.Value]; known {
		list = tooNew(version, "version", spec, target)
	}
	_, findings, err := butane.TranslateBytes([]byte(text), common.TranslateBytesOptions{})
	if err != nil && len(findings.Entries) == 0 {
		line, message := yamlError(err)
		return append(list, refuse(line, 0, "", "%s", message)...)
	}
	return append(list, asFindings(findings, err)...)
}

// tooNew says that the release does not read a spec, or that not every release
// of today does. A stand-in has one Ignition, of a known version.
func tooNew(n *yaml.Node, path, spec string, target provision.Target) []provision.Finding {
	read, err := specOf(target)
	if err != nil {
		return refuse(n.Line, n.Column, path, "%s", err)
	}
	if !newer(spec, read) {
		return nil
	}
	f := provision.Finding{Severity: provision.SeverityError, Line: n.Line, Column: n.Column, Path: path}
	f.Message = fmt.Sprintf("Ignition spec %s is newer than %s, the newest that %s reads; %s", spec, read, release(target), wanted(target))
	if exact := read != today(target) || target.Distro.Kind == distros.KindStandIn; !exact && !strings.Contains(spec, "-") {
		f.Severity = provision.SeverityWarning
		f.Message = fmt.Sprintf("Ignition spec %s is newer than %s, which every release of today reads; older ones refuse it. To be safe, %s", spec, read, wanted(target))
	}
	return []provision.Finding{f}
}

// today is the spec that all releases of today read.
func today(target provision.Target) string {
	target.Release = ""
	spec, _ := specOf(target)
	return spec
}

func release(target provision.Target) string {
	if target.Release == "" {
		return target.Distro.Title
	}
	return target.Distro.Title + " " + target.Release
}

// wanted says what to write for the target.
func wanted(target provision.Target) string {
	spec, err := specOf(target)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("write variant: %s, version: %s (Ignition spec %s)", target.Profile.Variant, target.Profile.VersionFor(target.Release), spec)
}

// asFindings puts a report into our words; an error that the report does not
// explain is one more finding.
func asFindings(r report.Report, err error) []provision.Finding {
	var list []provision.Finding
	for _, e := range r.Entries {
		f := provision.Finding{Severity: provision.SeverityWarning, Path: fieldPath(e.Context.String()), Message: e.Message}
		if e.Kind == report.Error {
			f.Severity = provision.SeverityError
		}
		if e.Marker.StartP != nil {
			f.Line, f.Column = int(e.Marker.StartP.Line), int(e.Marker.StartP.Column)
		}
		list = append(list, f)
	}
	if err != nil && !r.IsFatal() {
		list = append(list, provision.Finding{Severity: provision.SeverityError, Message: err.Error()})
	}
	return list
}
