package app

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/distros"
	"distrolab/provision"
)

// explanation is the JSON shape of `explain -o json`.
type explanation struct {
	Distro   string           `json:"distro"`
	Format   string           `json:"format"`
	Delivery distros.Delivery `json:"delivery"`
	Steps    []provision.Step `json:"steps"`
	Gaps     []provision.Gap  `json:"gaps"`
}

func newExplain(a *application) *cobra.Command {
	var c choice
	var intent string
	var strict bool
	cmd := &cobra.Command{
		Use:   "explain NAME",
		Short: "Say what will happen at first boot, step by step",
		Long: `Explain says in words what a config makes a system do at its first boot, in the
order in which it happens, and what of the intent this system cannot do and why.
Every part of the intent is spoken of. Secrets are never shown.

Without --intent it explains what "up" and "bench" use.`,
		Example: `  distrolab explain flatcar
  distrolab explain talos --intent node.yaml
  distrolab explain bottlerocket --intent node.yaml --strict`,
		Args:              exactly(1, "one system; `distrolab list` shows what there is"),
		ValidArgsFunction: a.completeDistros,
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := a.explained(args[0], intent, c)
			if err != nil {
				return err
			}
			if a.json() {
				err = a.printJSON(r.explanation())
			} else {
				err = a.printExplanation(r)
			}
			if err == nil && strict {
				err = gapsError(r)
			}
			return err
		},
	}
	intentFlag(cmd, &intent)
	a.formatFlags(cmd, &c)
	a.deliveryFlag(cmd, &c)
	strictFlag(cmd, &strict)
	return cmd
}

func (a *application) explained(name, intentFile string, c choice) (rendition, error) {
	found, err := a.find([]string{name})
	if err != nil {
		return rendition{}, err
	}
	intentOf, err := a.readIntent(intentFile, exampleKey)
	if err != nil {
		return rendition{}, err
	}
	r, err := a.rendition(intentOf(found[0]), found[0], c)
	if err != nil {
		return rendition{}, err
	}
	return r.shown(false), nil
}

func (r rendition) explanation() explanation {
	e := explanation{Distro: r.distro.Name, Format: r.config.Format, Delivery: r.config.Delivery, Steps: r.config.Steps, Gaps: r.config.Gaps}
	if e.Steps == nil {
		e.Steps = []provision.Step{}
	}
	if e.Gaps == nil {
		e.Gaps = []provision.Gap{}
	}
	return e
}

// printExplanation numbers the steps through, under the stages at which they
// happen.
func (a *application) printExplanation(r rendition) error {
	v := a.view()
	lines := v.configHead(r)
	if len(r.config.Steps) == 0 {
		lines = append(append(lines, ""), v.paragraph("Nothing of the intent happens at first boot.", v.styles.Fg.Render)...)
	}
	number := len(fmt.Sprint(len(r.config.Steps)))
	stage := ""
	for i, step := range r.config.Steps {
		if i == 0 || step.Stage != stage {
			stage = step.Stage
			lines = append(append(lines, ""), v.paragraph(stage, v.styles.Accent.Render)...)
		}
		mark := fmt.Sprintf("%*d", number, i+1)
		lines = append(lines, v.labelled(mark, v.stepText(step), number, 2)...)
	}
	return printLines(a.world.Out, append(lines, v.gaps(r.config.Gaps)...))
}

// stepText is a step with the parts of the intent that ask for it, where there
// is room to read both.
func (v view) stepText(s provision.Step) string {
	if len(s.Fields) == 0 || v.width < 60 {
		return s.Does
	}
	return s.Does + " [" + strings.Join(s.Fields, ", ") + "]"
}
