package app

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"distrolab/distros"
	"distrolab/provision"
)

// renderOptions are the flags of render.
type renderOptions struct {
	choice
	intent, out         string
	all, strict, reveal bool
	force               bool
}

// rendered is the JSON shape of `render -o json`.
type rendered struct {
	Distro string           `json:"distro"`
	Intent provision.Intent `json:"intent"`
	Config provision.Config `json:"config"`
	ByHand []handStep       `json:"by_hand,omitempty"`
}

func (r rendition) json() rendered {
	return rendered{r.distro.Name, r.intent, r.config, byHand(r.config)}
}

func newRender(a *application) *cobra.Command {
	var opt renderOptions
	cmd := &cobra.Command{
		Use:   "render NAME | --all",
		Short: "Print the config that would be used, and how it is delivered",
		Long: `Render turns an intent into the first-boot config of one system: what a person
would write by hand, what the guest reads, how it gets into the machine, and
what this system cannot do.

Without --intent it renders what "up" and "bench" use: a host name and one user
with a key. The intent file is YAML; docs/intent.md describes it.

Secrets, such as the token of a cluster, are hidden on the screen and in JSON
unless --show-secrets is given. --out writes them, into files of mode 0600; it
replaces no file unless --force is given.`,
		Example: `  distrolab render flatcar
  distrolab render debian --intent node.yaml --out ./config
  distrolab render flatcar --format clc
  distrolab render talos --intent node.yaml --delivery metal-iso
  distrolab render --all --intent node.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case opt.all && len(args) > 0:
				return usage(errors.New("name a system, or give --all, not both"))
			case opt.all && opt.format+opt.delivery+opt.release != "":
				return usage(errors.New("--format, --delivery and --release are of one system; leave out --all and name it"))
			case !opt.all && len(args) != 1:
				return usage(errors.New("name one system, or give --all; `distrolab list` shows what there is"))
			}
			return nil
		},
		ValidArgsFunction: a.completeDistros,
		RunE: func(_ *cobra.Command, args []string) error {
			if opt.all {
				return a.renderAll(opt)
			}
			return a.renderOne(args[0], opt)
		},
	}
	f := cmd.Flags()
	intentFlag(cmd, &opt.intent)
	a.formatFlags(cmd, &opt.choice)
	a.deliveryFlag(cmd, &opt.choice)
	secretsFlag(cmd, &opt.choice)
	strictFlag(cmd, &opt.strict)
	revealFlag(cmd, &opt.reveal)
	f.StringVar(&opt.out, "out", "", "write the files into this `directory`")
	f.BoolVar(&opt.force, "force", false, "with --out, replace files that are there")
	f.BoolVar(&opt.all, "all", false, "render for every system; with --out, each into a directory of its name")
	cmd.MarkFlagDirname("out")
	return cmd
}

func (a *application) renderOne(name string, opt renderOptions) error {
	found, err := a.find([]string{name})
	if err != nil {
		return err
	}
	intentOf, err := a.readIntent(opt.intent, exampleKey)
	if err != nil {
		return err
	}
	r, err := a.rendition(intentOf(found[0]), found[0], opt.choice)
	if err != nil {
		return err
	}
	if opt.strict {
		if err := gapsError(r); err != nil {
			return err
		}
	}
	if r.made != nil && opt.out == "" {
		fmt.Fprintln(a.world.Err, madeNote)
	}
	switch {
	case opt.out != "":
		return a.writeConfig(opt.out, r, opt.force)
	case a.json():
		return a.printJSON(r.shown(opt.reveal).json())
	default:
		return a.printConfig(r.shown(opt.reveal))
	}
}

func (a *application) printConfig(r rendition) error {
	v := a.view()
	lines := v.configHead(r)
	lines = append(lines, v.documents("written by hand:", r.config.Sources)...)
	lines = append(lines, v.documents("the guest reads:", r.config.Documents)...)
	lines = append(lines, v.delivering(r)...)
	return printLines(a.world.Out, append(lines, v.gaps(r.config.Gaps)...))
}

// configHead names the system, the format and the delivery.
func (v view) configHead(r rendition) []string {
	v.width = min(v.width, proseWidth)
	lines := v.paragraph(r.distro.Title, v.styles.Title.Render)
	return append(lines, v.paragraph(formatWords(r)+", delivered by "+r.config.Delivery.Sentence(), v.styles.FgMuted.Render)...)
}

// formatWords is the format with the version that the release reads.
func formatWords(r rendition) string {
	p := r.target.Profile
	p.Version = p.VersionFor(r.target.Release)
	return p.Dialect()
}

// delivering says how the config gets in, and what to type to do it by hand.
func (v view) delivering(r rendition) []string {
	steps := byHand(r.config)
	if r.config.Delivery.Kind == distros.DeliverNone || r.config.Delivery.Kind == "" {
		return nil
	}
	lines := []string{"", v.styles.FgMuted.Render(v.rule("how it gets in"))}
	if len(steps) > 0 {
		lines = append(lines, fold("`distrolab up "+r.distro.Name+"` does it. By hand, in the directory that --out wrote:", v.width)...)
	}
	label := 0
	for _, s := range steps {
		label = max(label, cells(s.With))
	}
	for _, s := range steps {
		for i, part := range foldCommand(s.Command, v.width-label-6) {
			lines = append(lines, "  "+v.styles.FgMuted.Render(padded([]string{s.With, ""}[min(i, 1)], label))+"  "+v.glyphs.Clean(part))
		}
	}
	lines = append(lines, v.otherWays(r)...)
	for _, note := range []string{r.config.Delivery.Note, r.target.Profile.Note} {
		if note != "" {
			lines = append(lines, v.labelled(v.glyphs.Bullet, note, 1, 0)...)
		}
	}
	return lines
}

// otherWays lists the deliveries and formats that were not taken.
func (v view) otherWays(r rendition) []string {
	var flags, texts []string
	for _, other := range r.target.Profile.Deliveries {
		if other.Call() != r.target.Delivery.Call() {
			flags, texts = append(flags, "--delivery "+other.Call()), append(texts, other.Sentence())
		}
	}
	for _, p := range r.distro.Configs() {
		if p.Format != r.target.Profile.Format {
			flags, texts = append(flags, "--format "+p.Format), append(texts, "the same intent as "+p.Dialect())
		}
	}
	if len(flags) == 0 {
		return nil
	}
	label := 0
	for _, f := range flags {
		label = max(label, cells(f))
	}
	lines := []string{"Other ways:"}
	for i, f := range flags {
		lines = append(lines, v.labelled(f, texts[i], label, 2)...)
	}
	return lines
}
