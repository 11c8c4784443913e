package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/distros/score"
)

// maxProfileFile is more than a profile may have; the parser says how much.
const maxProfileFile = 1 << 20

// foundProfile is a profile with where it comes from.
type foundProfile struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	For   string `json:"for"`
	From  string `json:"from"` // "built in", or the file
}

// ownProfiles is the directory of the person's profiles.
func (a *application) ownProfiles() string { return filepath.Join(a.configDir(), "profiles") }

// profile reads a profile by the name of a file, of one of the person's own,
// or of a built-in one, in this order.
func (a *application) profile(name string) (score.Profile, error) {
	file, text, err := a.profileText(name)
	if err != nil {
		return score.Profile{}, usage(err)
	}
	p, err := score.Parse(file, text)
	if err != nil {
		return score.Profile{}, usage(err)
	}
	return p, nil
}

func (a *application) profileText(name string) (file string, text []byte, err error) {
	if strings.ContainsRune(name, filepath.Separator) || strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
		text, err = readProfile(name)
		return name, text, err
	}
	file = filepath.Join(a.ownProfiles(), name+".yaml")
	text, err = readProfile(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return file, text, err
	}
	if text, ok := score.BuiltinText(name); ok {
		return name + ".yaml", text, nil
	}
	names, err := a.profileNames()
	if err != nil {
		return "", nil, err
	}
	return "", nil, fmt.Errorf("no profile is called %.64q; there are %s, or name a YAML file", name, strings.Join(names, ", "))
}

// readProfile reads a file that may be anything: a directory, endless, absent.
func readProfile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading profile: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxProfileFile))
	if err != nil {
		return nil, fmt.Errorf("reading profile: %w", err)
	}
	return text, nil
}

// profileNames returns the built-in names, then the person's own.
func (a *application) profileNames() ([]string, error) {
	names, err := score.BuiltinNames()
	if err != nil {
		return nil, err
	}
	own, err := fs.Glob(os.DirFS(a.ownProfiles()), "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing your own profiles: %w", err)
	}
	for _, f := range own {
		if name := strings.TrimSuffix(f, ".yaml"); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// profiles reads every profile there is.
func (a *application) profiles() ([]foundProfile, error) {
	names, err := a.profileNames()
	if err != nil {
		return nil, err
	}
	found := []foundProfile{}
	for _, name := range names {
		file, _, err := a.profileText(name)
		if err != nil {
			return nil, usage(err)
		}
		p, err := a.profile(name)
		if err != nil {
			return nil, err
		}
		from := "built in"
		if filepath.IsAbs(file) {
			from = file
		}
		found = append(found, foundProfile{p.Name, p.Title, p.For, from})
	}
	return found, nil
}

func (a *application) printProfiles() error {
	found, err := a.profiles()
	if err != nil {
		return err
	}
	if a.json() {
		return a.printJSON(found)
	}
	v := a.view()
	var lines []string
	for i, p := range found {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, v.styles.Accent.Render(p.Name)+"  "+v.styles.Fg.Render(v.glyphs.Clean(p.Title)))
		for _, l := range fold(v.glyphs.Clean(p.For), min(v.width, proseWidth)-2) {
			lines = append(lines, "  "+v.styles.FgMuted.Render(l))
		}
		if p.From != "built in" {
			lines = append(lines, "  "+v.styles.FgFaint.Render(v.glyphs.Clean(p.From)))
		}
	}
	return printLines(a.world.Out, lines)
}

func (a *application) printProfile(name string) error {
	_, text, err := a.profileText(name)
	if err != nil {
		return usage(err)
	}
	_, err = a.world.Out.Write(text)
	return err
}

func (a *application) completeProfiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	found, err := a.profiles()
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var names []string
	for _, p := range found {
		names = append(names, cobra.CompletionWithDesc(p.Name, p.Title))
	}
	return names, cobra.ShellCompDirectiveDefault // files as well
}

func (a *application) completeWeights(profile string) ([]string, cobra.ShellCompDirective) {
	p, err := a.profile(profile)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, c := range p.Criteria {
		names = append(names, cobra.CompletionWithDesc(c.Name+"=", c.Title))
	}
	return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
