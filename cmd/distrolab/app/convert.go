package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"strings"

	"github.com/spf13/cobra"

	"distrolab/provision"
	"distrolab/provision/clc"
)

// convertOptions are the flags of convert.
type convertOptions struct {
	from, to, out string
	strict, force bool
}

// conversion is the JSON shape of `convert -o json`.
type conversion struct {
	From string          `json:"from"`
	To   string          `json:"to"`
	Text string          `json:"text"`
	Lost []provision.Gap `json:"lost"`
}

func newConvert(a *application) *cobra.Command {
	var opt convertOptions
	cmd := &cobra.Command{
		Use:   "convert --from FORMAT --to FORMAT FILE",
		Short: "Turn a config of an old format into one of today",
		Long: `Convert turns a Container Linux Config, which Flatcar's old tools read, into
Butane, which today's read. The result goes to standard output or to --out, what
could not be carried over to standard error, each with its reason.`,
		Example: `  distrolab convert --from clc --to butane old.yaml
  distrolab convert --from clc --to butane old.yaml --out new.bu --strict`,
		Args: exactly(1, "one file, or - for standard input"),
		RunE: func(_ *cobra.Command, args []string) error { return a.convert(args[0], opt) },
	}
	f := cmd.Flags()
	f.StringVar(&opt.from, "from", "", "format of the file: clc")
	f.StringVar(&opt.to, "to", "", "format that is wanted: butane")
	f.StringVar(&opt.out, "out", "", "write the result into this `file` of mode 0600")
	f.BoolVar(&opt.force, "force", false, "with --out, replace a file that is there")
	f.BoolVar(&opt.strict, "strict", false, "write nothing when something cannot be carried over (exit status 3)")
	cmd.RegisterFlagCompletionFunc("from", cobra.FixedCompletions([]string{"clc"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("to", cobra.FixedCompletions([]string{"butane"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (a *application) convert(path string, opt convertOptions) error {
	if opt.from != "clc" || opt.to != "butane" {
		return usage(fmt.Errorf("distrolab converts --from clc --to butane and nothing else, not from %.32q to %.32q; for another system, write an intent and render it", opt.from, opt.to))
	}
	text, err := a.readFile(path, maxConfigFile)
	if err != nil {
		return err
	}
	butane, lost, err := clc.ToButane(fileName(path), text)
	if err != nil {
		return errors.New(provision.HideTokens(err.Error()))
	}
	for i := range lost {
		lost[i].Reason = provision.HideTokens(lost[i].Reason)
	}
	if opt.strict && len(lost) > 0 {
		return lossError(lost)
	}
	if opt.out != "" {
		if err := writeNew(opt.out, butane, opt.force); err != nil {
			return err
		}
	}
	switch {
	case a.json():
		return a.printJSON(conversion{opt.from, opt.to, butane, append([]provision.Gap{}, lost...)})
	case opt.out == "":
		if _, err := a.world.Out.Write([]byte(butane)); err != nil {
			return err
		}
	}
	glyphs := a.view().glyphs
	for _, l := range lost {
		fmt.Fprintf(a.world.Err, "not carried over: %s: %s\n", glyphs.Clean(l.Field), glyphs.Clean(l.Reason))
	}
	return nil
}

func lossError(lost []provision.Gap) error {
	lines := []string{"not everything can be carried over, and --strict was given:"}
	for _, l := range lost {
		lines = append(lines, fmt.Sprintf("  %q: %q", l.Field, l.Reason))
	}
	return codeError{ExitCheck, errors.New(strings.Join(lines, "\n"))}
}

// writeNew writes one file of the person's choice, for its owner alone.
func writeNew(path, text string, force bool) error {
	dir, name := filepath.Split(filepath.Clean(path))
	root, err := os.OpenRoot(filepath.Clean(dir + "."))
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer root.Close()
	if err := checkPlace(root, name, force); err != nil {
		return usage(fmt.Errorf("writing %s: %w", path, err))
	}
	if err := writeDocument(root, provision.Document{Name: name, Content: text}); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
