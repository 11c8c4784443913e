// Package linuxkit renders an Intent for LinuxKit, a kit that builds systems:
// the build file linuxkit.yml, and the metadata that the built system reads at
// boot. It checks both against models of their keys.
//
// What is in the build file comes true only in an image that is built from it
// (linuxkit build linuxkit.yml); the documents reach any image that has the
// metadata container. Rendering is pure; the package may import provision and
// distros.
package linuxkit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"distrolab/provision"
	"distrolab/provision/internal/shape"
	"distrolab/provision/internal/yamldoc"
)

// Format is the name of this format in catalog entries and Configs.
const Format = "linuxkit"

// The names of the texts.
const (
	sourceName = "linuxkit.yml"
	userData   = "user-data"
)

// Render writes the build file and the metadata for intent, which must be
// valid.
func Render(intent provision.Intent, target provision.Target) (provision.Config, error) {
	w := newWriter(intent)
	source, err := yamldoc.Marshal(w.build())
	if err != nil {
		return provision.Config{}, fmt.Errorf("rendering LinuxKit's build file: %w", err)
	}
	metadata, err := w.metadata()
	if err != nil {
		return provision.Config{}, err
	}
	cfg := provision.Config{
		Format:    Format,
		Sources:   []provision.Document{{Name: sourceName, Content: source}},
		Documents: []provision.Document{{Name: cmp.Or(target.Delivery.File, userData), Content: metadata}},
		Delivery:  target.Delivery,
		Steps:     w.steps(),
		Gaps:      w.gaps,
	}
	if err := Validate(cfg); err != nil {
		return provision.Config{}, err
	}
	return cfg, nil
}

// Validate checks the build file and the metadata against their models.
func Validate(cfg provision.Config) error {
	if len(cfg.Documents) != 1 {
		return fmt.Errorf("validating LinuxKit config: the metadata is one file, this has %d", len(cfg.Documents))
	}
	for _, doc := range cfg.Sources {
		if err := shape.Errors(shape.Check(doc.Content, model())); err != nil {
			return fmt.Errorf("validating LinuxKit's %s: %w", doc.Name, err)
		}
	}
	if err := shape.Errors(checkMetadata(cfg.Documents[0].Content)); err != nil {
		return fmt.Errorf("validating LinuxKit's metadata %s: %w", cfg.Documents[0].Name, err)
	}
	return nil
}

// Check reads a build file (*.yml, *.yaml), or else metadata, that a person
// wrote.
func Check(name, text string, _ provision.Target) []provision.Finding {
	if found := shape.TooLarge(text); found != nil {
		return found
	}
	if ext := path.Ext(name); ext == ".yml" || ext == ".yaml" {
		return shape.Check(text, model())
	}
	return checkMetadata(text)
}

// entry is a file or a directory of the metadata (linuxkit/linuxkit,
// pkg/metadata/main.go).
type entry struct {
	Perm    string           `json:"perm,omitempty"`
	Content *string          `json:"content,omitempty"`
	Entries map[string]entry `json:"entries,omitempty"`
}

// checkMetadata reads the JSON as the container does. Each entry is a file or
// a directory; one that is both or none is passed over there.
func checkMetadata(text string) []provision.Finding {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	var root map[string]entry
	if err := dec.Decode(&root); err != nil {
		line := 1 + strings.Count(text[:min(int(dec.InputOffset()), len(text))], "\n")
		return []provision.Finding{shape.Error(line, 0, "", "cannot be read as metadata, so the container would only keep it in /run/config/userdata: "+err.Error())}
	}
	return checkEntries("", root)
}

// checkEntries goes through a directory in the order of names, so that equal
// texts give equal findings.
func checkEntries(at string, entries map[string]entry) []provision.Finding {
	var found []provision.Finding
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		found = append(found, checkEntry(strings.TrimPrefix(at+"."+name, "."), entries[name])...)
	}
	return found
}

func checkEntry(at string, e entry) []provision.Finding {
	if (e.Content == nil) == (e.Entries == nil) {
		return []provision.Finding{shape.Error(1, 0, at, "must have either content, which makes a file, or entries, which make a directory")}
	}
	return checkEntries(at, e.Entries)
}
