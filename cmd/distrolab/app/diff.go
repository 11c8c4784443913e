package app

import (
	"strings"

	"github.com/spf13/cobra"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/tui/difference"
)

// differenceDocument is the JSON shape of `diff -o json`.
type differenceDocument struct {
	Intent provision.Intent `json:"intent"`
	A      oneSide          `json:"a"`
	B      oneSide          `json:"b"`
	Fields []difference.Row `json:"fields"`
}

// oneSide is one of the two configs.
type oneSide struct {
	Distro string           `json:"distro"`
	Config provision.Config `json:"config"`
}

func newDiff(a *application) *cobra.Command {
	var intent string
	var reveal bool
	cmd := &cobra.Command{
		Use:   "diff NAME[:FORMAT] NAME[:FORMAT]",
		Short: "Show one intent as two systems do it, side by side",
		Long: `Diff renders one intent for two systems, or for one system in two formats, and
shows how each does every part of it, then the two configs: side by side where
the terminal has 100 columns, otherwise one under the other. Two configs of one
format are aligned, and lines that differ are marked.

Without --intent it takes a host name and one user with a key.`,
		Example: `  distrolab diff flatcar talos --intent node.yaml
  distrolab diff flatcar:clc flatcar
  distrolab diff debian-12 debian-13 --intent node.yaml`,
		Args: exactly(2, "two systems, such as flatcar talos, or flatcar:clc flatcar for two formats of one"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if name, _, found := strings.Cut(word, ":"); found {
				return a.completeFormats(name)
			}
			return a.completeDistros(cmd, args, word)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			left, right, err := a.differing(args, intent)
			if err != nil {
				return err
			}
			left, right = left.shown(reveal), right.shown(reveal)
			if a.json() {
				rows := difference.Rows(left.intent.Fields(), left.config, right.config)
				return a.printJSON(differenceDocument{left.intent, oneSide{left.distro.Name, left.config}, oneSide{right.distro.Name, right.config}, rows})
			}
			return a.printDifference(left, right)
		},
	}
	intentFlag(cmd, &intent)
	revealFlag(cmd, &reveal)
	return cmd
}

// completeFormats completes NAME:FORMAT.
func (a *application) completeFormats(name string) ([]string, cobra.ShellCompDirective) {
	found, err := a.find([]string{name})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var words []string
	for _, f := range formatsOf(found[0]) {
		words = append(words, name+":"+f)
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// differing renders one intent for both.
func (a *application) differing(names []string, intentFile string) (left, right rendition, err error) {
	var choices [2]choice
	for i, n := range names {
		names[i], choices[i].format, _ = strings.Cut(n, ":")
	}
	found, err := a.find(names)
	if err != nil {
		return left, right, err
	}
	intentOf, err := a.readIntent(intentFile, exampleKey)
	if err != nil {
		return left, right, err
	}
	intent := intentOf(found[0])
	if intentFile == "" {
		intent = defaultIntent("node1", userOfEither(found[0], found[1]), exampleKey)
	}
	if left, err = a.rendition(intent, found[0], choices[0]); err != nil {
		return left, right, err
	}
	right, err = a.rendition(intent, found[1], choices[1])
	return left, right, err
}

func userOfEither(a, b distros.Distro) string {
	if a.Boot.User != "" {
		return a.Boot.User
	}
	return b.Boot.User
}
