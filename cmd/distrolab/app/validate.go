package app

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/render"
)

// validateOptions are the flags of validate.
type validateOptions struct {
	choice
	as, document string
	strict       bool
}

// checkedFile is one file with what was found in it.
type checkedFile struct {
	File     string              `json:"file"`
	Findings []provision.Finding `json:"findings"`
	text     string
}

// verdict is the JSON shape of `validate -o json`.
type verdict struct {
	Distro   string        `json:"distro"`
	Format   string        `json:"format"`
	Release  string        `json:"release,omitempty"`
	Checked  string        `json:"checked_by"`
	Files    []checkedFile `json:"files"`
	Errors   int           `json:"errors"`
	Warnings int           `json:"warnings"`
}

func newValidate(a *application) *cobra.Command {
	var opt validateOptions
	cmd := &cobra.Command{
		Use:   "validate FILE... --as NAME",
		Short: "Check configs that someone wrote by hand",
		Long: `Validate checks files as the system would read them: by the format's own code
where there is some, by a model of what the system accepts where there is none.
It prints findings as a compiler does. A directory stands for all of its files,
- for standard input. Where a format has several files, their names decide which
is which; --document says it of a file that is called otherwise.

Exit status is 3 when the system would refuse a file; warnings alone are 0, with
--strict 3 as well.`,
		Example: `  distrolab validate node.bu --as flatcar
  distrolab validate seed/ --as debian
  distrolab render debian --out seed && distrolab validate seed --as debian
  cat net.yaml | distrolab validate - --as ubuntu --document network-config
  distrolab validate old.yaml --as flatcar --format clc`,
		Args: minimum(1, "the files to check, or - for standard input"),
		RunE: func(_ *cobra.Command, args []string) error {
			v, err := a.validate(args, opt)
			if err != nil {
				return err
			}
			if a.json() {
				err = a.printJSON(v)
			} else {
				err = a.printVerdict(v)
			}
			if err == nil && (v.Errors > 0 || opt.strict && v.Warnings > 0) {
				err = codeError{ExitCheck, errSilent}
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&opt.as, "as", "", "`system` that is to read the files")
	a.formatFlags(cmd, &opt.choice)
	f.StringVar(&opt.document, "document", "", "which of the format's files it is, such as network-config, whatever it is called")
	f.BoolVar(&opt.strict, "strict", false, "count warnings as errors")
	cmd.RegisterFlagCompletionFunc("as", a.completeDistros)
	cmd.RegisterFlagCompletionFunc("document", cobra.NoFileCompletions)
	return cmd
}

func (a *application) validate(paths []string, opt validateOptions) (verdict, error) {
	if opt.as == "" {
		return verdict{}, usage(errors.New("say by --as NAME which system is to read it; `distrolab list` shows what there is"))
	}
	found, err := a.find([]string{opt.as})
	if err != nil {
		return verdict{}, err
	}
	d, o := found[0], render.Options{Format: opt.format, Release: opt.release}
	target, err := render.Target(d, o)
	if err != nil {
		return verdict{}, wrongChoice(fmt.Errorf("%s: %w", d.Name, err))
	}
	files, err := filesBelow(paths)
	if err != nil {
		return verdict{}, err
	}
	if opt.document != "" && len(files) > 1 {
		return verdict{}, usage(fmt.Errorf("--document %s is of one file; there are %d", opt.document, len(files)))
	}
	v := verdict{Distro: d.Name, Format: target.Profile.Format, Release: opt.release, Checked: checkedBy(target), Files: []checkedFile{}}
	for _, path := range files {
		file, err := a.checkFile(path, opt.document, d, o)
		if err != nil {
			return verdict{}, err
		}
		v.add(file)
	}
	return v, nil
}

func (a *application) checkFile(path, document string, d distros.Distro, o render.Options) (checkedFile, error) {
	data, err := a.readFile(path, maxConfigFile)
	if err != nil {
		return checkedFile{}, err
	}
	name := path
	if document != "" {
		name = document
	}
	findings, err := render.Check(name, string(data), d, o)
	if err != nil {
		return checkedFile{}, err
	}
	file := checkedFile{File: fileName(path), Findings: []provision.Finding{}, text: string(data)}
	for _, f := range findings {
		f.Message = provision.HideTokens(f.Message) // a reader may quote the line that it could not read
		file.Findings = append(file.Findings, f)
	}
	slices.SortStableFunc(file.Findings, func(x, y provision.Finding) int { return x.Line - y.Line })
	return file, nil
}

func (v *verdict) add(file checkedFile) {
	v.Files = append(v.Files, file)
	for _, f := range file.Findings {
		if f.Severity == provision.SeverityError {
			v.Errors++
		} else {
			v.Warnings++
		}
	}
}

// checkedBy says what checks a format, so that a clean result says how much it
// is worth.
func checkedBy(target provision.Target) string {
	switch target.Profile.Format {
	case "ignition":
		return "Butane's and Ignition's own code"
	case "clc":
		return "the Container Linux Config Transpiler's own code"
	case "talos":
		return "Talos's own machinery library"
	case "cloud-init":
		return "the rules of cloud-init's schema"
	case "combustion":
		return "a shell parser and the rules of Combustion"
	case "none":
		return "nothing"
	}
	return "a model of the keys that " + target.Profile.Format + " accepts"
}
