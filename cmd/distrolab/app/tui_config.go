package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/render"
	"distrolab/provision/talos"
	"distrolab/tui/config"
)

// configScreen does for the Config screen what render, diff and explain do.
type configScreen struct {
	*application
	// talos makes the secrets of Talos once, so that what is typed changes
	// nothing but what was typed.
	talos func() ([]byte, error)
}

func newConfigScreen(a *application) configScreen {
	return configScreen{a, sync.OnceValues(func() ([]byte, error) { return talos.NewSecrets(a.world.Now()) })}
}

// Begin is the intent of `render` without a file.
func (configScreen) Begin(user string) provision.Intent {
	return defaultIntent("node1", user, exampleKey)
}

// Render renders as `render` does, and checks as `validate` does.
func (s configScreen) Render(ctx context.Context, intent provision.Intent, d distros.Distro, format string) (config.Rendering, error) {
	c := choice{format: format}
	if takesSecrets(d, format) {
		var err error
		if c.given, err = s.talos(); err != nil {
			return config.Rendering{}, err
		}
	}
	r, err := s.rendition(intent, d, c)
	if err != nil {
		return config.Rendering{}, err
	}
	out := config.Rendering{Distro: d, Intent: intent, Format: formatWords(r), Config: r.config, Made: c.given}
	if r.config.Format == render.FormatNone {
		return out, nil
	}
	for _, doc := range r.config.Documents {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		found, err := render.Check(doc.Name, doc.Content, d, render.Options{Format: format})
		if err != nil {
			return out, err
		}
		for _, f := range found {
			f.Message = provision.HideTokens(f.Message)
			out.Findings = append(out.Findings, config.Finding{Document: doc.Name, Finding: f})
		}
	}
	return out, nil
}

// Write writes as `render --out` does.
func (configScreen) Write(_ context.Context, dir string, r config.Rendering, replace bool) ([]string, error) {
	paths, err := writeFiles(atHome(dir), rendition{distro: r.Distro, intent: r.Intent, config: r.Config, made: r.Made}, replace)
	return paths, inApp(err)
}

// Read reads what an intent file may be at most.
func (s configScreen) Read(_ context.Context, path string) ([]byte, error) {
	if path == "-" {
		return nil, errors.New("standard input is the keyboard here; give the path of a file")
	}
	return s.readFile(atHome(path), maxIntentFile)
}

// Save writes one file, as convert --out does.
func (configScreen) Save(_ context.Context, path, text string, replace bool) error {
	return inApp(writeNew(atHome(path), text, replace))
}

// Edit puts the text into a directory of its own below the temporary one, with
// what the editor leaves beside it.
func (s configScreen) Edit(_ context.Context, text string) (*exec.Cmd, func() (string, error), error) {
	words := strings.Fields(s.world.Getenv("VISUAL"))
	if len(words) == 0 {
		words = strings.Fields(s.world.Getenv("EDITOR"))
	}
	if len(words) == 0 {
		words = []string{"vi"}
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return nil, nil, fmt.Errorf("the editor %s is not there; set EDITOR to yours: %w", words[0], err)
	}
	dir, err := os.MkdirTemp("", "distrolab-intent-") // mode 0700
	if err != nil {
		return nil, nil, err
	}
	path := filepath.Join(dir, "intent.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	done := func() (string, error) {
		data, err := s.readFile(path, maxIntentFile)
		return string(data), errors.Join(err, os.RemoveAll(dir))
	}
	return exec.Command(words[0], append(words[1:], path)...), done, nil
}

// atHome resolves the ~ that people type before their own paths.
func atHome(path string) string {
	rest, found := strings.CutPrefix(path, "~/")
	if !found {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return filepath.Join(home, rest)
}

// inApp says that a file is in the way without the words of the command line.
func inApp(err error) error {
	var taken takenError
	if errors.As(err, &taken) {
		return takenError{name: taken.name}
	}
	return err
}
