package bottlerocket

import (
	"errors"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"distrolab/provision"
)

// Validate checks each document by the model, as the system does when it
// reads it.
func Validate(cfg provision.Config) error {
	if len(cfg.Documents) == 0 {
		return fmt.Errorf("validating Bottlerocket's documents: there is none")
	}
	for _, doc := range cfg.Documents {
		for _, f := range check(doc.Name, doc.Content) {
			if f.Severity == provision.SeverityError {
				return fmt.Errorf("validating %s: line %d: %s: %s", doc.Name, f.Line, f.Path, f.Message)
			}
		}
	}
	return nil
}

// Check reads one file that a person wrote: net.toml, a boot configuration as
// text or packed, or settings, which any other name is taken for.
func Check(name, text string, _ provision.Target) []provision.Finding {
	return check(name, text)
}

func check(name, text string) []provision.Finding {
	base := path.Base(name)
	switch {
	case strings.HasPrefix(base, "bootconfig"):
		return checkBoot(text)
	case base == netFile:
		return checkTOML(text, netProblems)
	}
	return checkTOML(text, userProblems)
}

// userProblems checks settings.
func userProblems(document map[string]any) []problem {
	found := conform(document, reflect.TypeFor[userData]())
	settings, there := document["settings"].(map[string]any)
	if !there {
		return append(found, problem{path: "", message: "holds no [settings], so nothing would be set"})
	}
	return append(found, joinProblems(settings)...)
}

// joinProblems warns of a kubelet that would not find a cluster: it and the
// boot then never come to an end.
func joinProblems(settings map[string]any) []problem {
	k, _ := settings["kubernetes"].(map[string]any)
	if k["standalone-mode"] == true || k["authentication-mode"] == "aws" {
		return nil
	}
	var missing []string
	for _, key := range []string{"api-server", "cluster-certificate", "bootstrap-token", "cluster-dns-ip"} {
		if k[key] == nil {
			missing = append(missing, key)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return []problem{{
		path:    "settings.kubernetes",
		message: fmt.Sprintf("without %s the kubelet joins no cluster; give them, or standalone-mode = true", strings.Join(missing, ", ")),
		warning: true,
	}}
}

// checkTOML decodes and says of each problem where it is.
func checkTOML(text string, problems func(map[string]any) []problem) []provision.Finding {
	if why := tooMuch(text); why != "" {
		return []provision.Finding{{Severity: provision.SeverityError, Message: why}}
	}
	var document map[string]any
	if err := toml.Unmarshal([]byte(text), &document); err != nil {
		finding := provision.Finding{Severity: provision.SeverityError, Message: strings.TrimPrefix(err.Error(), "toml: ")}
		var where *toml.DecodeError
		if errors.As(err, &where) {
			finding.Line, finding.Column = where.Position()
		}
		return []provision.Finding{finding}
	}
	found := problems(document)
	if len(found) == 0 {
		return nil
	}
	at := positions(text)
	var findings []provision.Finding
	for _, p := range found {
		place := find(at, p.path)
		severity := provision.SeverityError
		if p.warning {
			severity = provision.SeverityWarning
		}
		findings = append(findings, provision.Finding{Severity: severity, Line: place.line, Column: place.column, Path: p.path, Message: p.message})
	}
	slices.SortStableFunc(findings, func(a, b provision.Finding) int { return a.Line - b.Line })
	return findings
}

// checkBoot reads a boot configuration, packed or not. Bottlerocket allows the
// kernel's and init's part of it only (settings.boot).
func checkBoot(text string) []provision.Finding {
	failed := func(place position, key, message string) provision.Finding {
		return provision.Finding{Severity: provision.SeverityError, Line: place.line, Column: place.column, Path: key, Message: message}
	}
	if strings.HasSuffix(text, bootMagic) {
		inner, err := DecodeBootConfig([]byte(text))
		if err != nil {
			return []provision.Finding{failed(position{}, "", err.Error())}
		}
		text = inner
	}
	entries, err := parseBootConfig(text)
	if err != nil {
		var where *bootError
		if errors.As(err, &where) {
			return []provision.Finding{failed(where.place, "", where.message)}
		}
		return []provision.Finding{failed(position{}, "", err.Error())}
	}
	var findings []provision.Finding
	console := false
	for _, e := range entries {
		if len(findings) == maxFindings {
			break
		}
		root, _, _ := strings.Cut(e.key, ".")
		if root != "kernel" && root != "init" {
			findings = append(findings, failed(e.place, e.key, "Bottlerocket allows keys below kernel and init only, and generates no settings from others"))
		}
		console = console || e.key == "kernel.console"
		if e.key == "kernel.console" && len(e.values) == 2 && strings.HasPrefix(e.values[0], "tty") && strings.Trim(e.values[1], "0123456789nr") == "" {
			f := failed(e.place, e.key, fmt.Sprintf(`the comma makes two values of it; write "%s,%s" in quotes`, e.values[0], e.values[1]))
			f.Severity = provision.SeverityWarning
			findings = append(findings, f)
		}
	}
	if !console {
		findings = append(findings, provision.Finding{Severity: provision.SeverityWarning, Path: "kernel.console",
			Message: `is missing: a metal variant then shows nothing on the serial port; add kernel.console = "ttyS0,115200n8"`})
	}
	return findings
}
