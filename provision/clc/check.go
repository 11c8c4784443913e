package clc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"github.com/flatcar/container-linux-config-transpiler/config"
	"github.com/flatcar/container-linux-config-transpiler/config/types"
	ignition "github.com/flatcar/ignition/config/v2_3"
	old "github.com/flatcar/ignition/config/v2_3/types"
	"github.com/flatcar/ignition/config/validate/astnode"
	"github.com/flatcar/ignition/config/validate/report"
	"go.yaml.in/yaml/v3"

	"distrolab/provision"
)

// The bounds of what is read from a person.
const (
	maxBytes = 8 << 20
	maxDepth = 100
)

// errPanicked says that the old transpiler gave up on a text.
var errPanicked = errors.New("the transpiler cannot read this text; look for a part of an unusual kind, such as a list where a name belongs")

// Validate checks the document by the code of Ignition's spec 2.
func Validate(cfg provision.Config) error {
	if len(cfg.Documents) != 1 {
		return fmt.Errorf("validating Ignition config of spec 2: it is one document, this has %d", len(cfg.Documents))
	}
	doc := cfg.Documents[0]
	_, findings, err := ignition.Parse([]byte(doc.Content))
	if err != nil {
		return fmt.Errorf("validating Ignition config %s of spec 2: %w", doc.Name, errors.Join(err, asError(asFindings(findings))))
	}
	if err := asError(asFindings(findings)); err != nil {
		return fmt.Errorf("validating Ignition config %s of spec 2: %w", doc.Name, err)
	}
	return nil
}

// Check reads a Container Linux Config that a person wrote.
func Check(_, text string, _ provision.Target) []provision.Finding {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return []provision.Finding{{Severity: provision.SeverityError, Line: 1, Column: 1, Message: "this is JSON, such as Ignition's; a Container Linux Config is YAML. Check it as format ignition"}}
	}
	if line := variantLine(text); line > 0 {
		return []provision.Finding{{Severity: provision.SeverityError, Line: line, Column: 1, Path: "variant", Message: "this is Butane, the format after Container Linux Config; check it as format ignition"}}
	}
	_, findings, err := transpile(text)
	if err != nil {
		findings = append(findings, errorFinding(err))
	}
	return findings
}

// variantLine is where the text names a variant of Butane, 0 where it does not.
func variantLine(text string) int {
	for number, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "variant:") {
			return number + 1
		}
	}
	return 0
}

// errorFinding takes the line out of an error of the YAML reader.
func errorFinding(err error) provision.Finding {
	f := provision.Finding{Severity: provision.SeverityError, Message: err.Error()}
	if found := regexp.MustCompile(`line (\d+): `).FindStringSubmatch(f.Message); found != nil {
		f.Line, _ = strconv.Atoi(found[1])
	}
	return f
}

// transpile translates a text into the JSON of Ignition 2.3.0. Findings that
// are errors come without JSON; err is for texts that are no config at all.
func transpile(text string) (string, []provision.Finding, error) {
	cfg, ast, findings, err := parse(text)
	if err != nil || fatal(findings) {
		return "", findings, err
	}
	for i, f := range cfg.Storage.Files {
		if f.Contents.Local != "" {
			findings = append(findings, provision.Finding{
				Severity: provision.SeverityError, Path: fmt.Sprintf("storage.files[%d].contents.local", i),
				Message: "local files cannot be read here; give the content inline",
			})
		}
	}
	if fatal(findings) {
		return "", findings, nil
	}
	out, more, err := convert(cfg, ast)
	findings = append(findings, more...)
	if err != nil || fatal(findings) {
		return "", findings, err
	}
	doc, err := written(out)
	return doc, findings, err
}

// written is the JSON of a config, without the empty sections that its types
// write at the top.
func written(cfg old.Config) (string, error) {
	text, err := json.Marshal(cfg)
	if err != nil {
		return "", fmt.Errorf("writing Ignition config: %w", err)
	}
	var root, head map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(text, &root), json.Unmarshal(root["ignition"], &head)); err != nil {
		return "", fmt.Errorf("writing Ignition config: %w", err)
	}
	unsaid := func(_ string, value json.RawMessage) bool {
		return string(value) == "{}" || string(value) == `{"tls":{}}`
	}
	maps.DeleteFunc(root, unsaid)
	maps.DeleteFunc(head, unsaid)
	if root["ignition"], err = json.Marshal(head); err != nil {
		return "", fmt.Errorf("writing Ignition config: %w", err)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		return "", fmt.Errorf("writing Ignition config: %w", err)
	}
	return out.String(), nil
}

// parse reads a text within bounds. The transpiler was written for texts of
// its user's own and may panic on others: its two calls, here and in convert,
// are the only ones that are kept from taking the program with them.
func parse(text string) (cfg types.Config, ast astnode.AstNode, findings []provision.Finding, err error) {
	if err := bounded(text); err != nil {
		return cfg, nil, nil, fmt.Errorf("reading a Container Linux Config: %w", err)
	}
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("reading a Container Linux Config: %w", errPanicked)
		}
	}()
	cfg, ast, r := config.Parse([]byte(text))
	return cfg, ast, asFindings(r), nil
}

// convert translates what was parsed. No platform is named: a config for one
// machine of a lab has no use for what only a cloud can fill in.
func convert(cfg types.Config, ast astnode.AstNode) (out old.Config, findings []provision.Finding, err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("translating a Container Linux Config: %w", errPanicked)
		}
	}()
	out, r := config.Convert(cfg, "", ast)
	return out, asFindings(r), nil
}

// bounded refuses texts that cost more to read than any config is worth.
func bounded(text string) error {
	if len(text) > maxBytes {
		return fmt.Errorf("it has %d bytes, at most %d are read", len(text), maxBytes)
	}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		return err
	}
	if tooDeep(&root, 0) {
		return fmt.Errorf("it is nested more than %d levels deep; no config is", maxDepth)
	}
	return nil
}

func tooDeep(n *yaml.Node, level int) bool {
	if level > maxDepth {
		return true
	}
	for _, child := range n.Content {
		if tooDeep(child, level+1) {
			return true
		}
	}
	return false
}

// asFindings puts a report into our words. Remarks on defaults are left out.
func asFindings(r report.Report) []provision.Finding {
	var list []provision.Finding
	for _, e := range r.Entries {
		f := provision.Finding{Severity: provision.SeverityWarning, Line: e.Line, Column: e.Column, Message: e.Message}
		switch e.Kind {
		case report.EntryError:
			f.Severity = provision.SeverityError
		case report.EntryInfo:
			continue
		}
		list = append(list, f)
	}
	return list
}

// fatal reports whether a finding is an error.
func fatal(findings []provision.Finding) bool {
	for _, f := range findings {
		if f.Severity == provision.SeverityError {
			return true
		}
	}
	return false
}
