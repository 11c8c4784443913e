package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/render"
)

// choice is what a person may choose of what a system offers.
type choice struct {
	format, delivery, release string
	secrets                   string // file; see machineSecrets
	given                     []byte // its content, or what was made once for several machines
}

// formatFlags are the choices that every command on configs has.
func (a *application) formatFlags(cmd *cobra.Command, c *choice) {
	cmd.Flags().StringVar(&c.format, "format", "", "which of the system's formats (default: its own; \"distrolab show\" lists them)")
	cmd.Flags().StringVar(&c.release, "release", "", "version of the image, where older ones read an older format (default: today's)")
	cmd.RegisterFlagCompletionFunc("format", a.completeOf(formatsOf))
	cmd.RegisterFlagCompletionFunc("release", cobra.NoFileCompletions)
}

// deliveryFlag asks for one of the ways in.
func (a *application) deliveryFlag(cmd *cobra.Command, c *choice) {
	cmd.Flags().StringVar(&c.delivery, "delivery", "", "how the config gets into the machine (default: the first that \"distrolab show\" lists)")
	cmd.RegisterFlagCompletionFunc("delivery", a.completeOf(func(d distros.Distro) []string { return deliveriesOf(d, c.format) }))
}

// completeOf completes what the systems named so far have.
func (a *application) completeOf(words func(distros.Distro) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if as := cmd.Flags().Lookup("as"); as != nil {
			args = append([]string{as.Value.String()}, args...)
		}
		var found []string
		for _, name := range args {
			if systems, err := a.find([]string{name}); err == nil {
				found = append(found, words(systems[0])...)
			}
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

func formatsOf(d distros.Distro) []string {
	var names []string
	for _, p := range d.Configs() {
		names = append(names, cobra.CompletionWithDesc(p.Format, p.Dialect()))
	}
	return names
}

func deliveriesOf(d distros.Distro, format string) []string {
	var names []string
	for _, p := range d.Configs() {
		if format != "" && p.Format != format || format == "" && p.Format != d.Config.Format {
			continue
		}
		for _, way := range p.Deliveries {
			names = append(names, cobra.CompletionWithDesc(way.Call(), way.Sentence()))
		}
	}
	return names
}

// rendition is an intent rendered for one system.
type rendition struct {
	distro distros.Distro
	intent provision.Intent
	target provision.Target
	config provision.Config
	made   []byte // machine secrets that were made for it
}

// rendition renders the intent, and marks what the person got wrong as usage.
func (a *application) rendition(intent provision.Intent, d distros.Distro, c choice) (rendition, error) {
	secrets, made, err := a.machineSecrets(d, c)
	if err != nil {
		return rendition{}, err
	}
	opt := render.Options{Format: c.format, Delivery: c.delivery, Release: c.release, Secrets: secrets}
	target, err := render.Target(d, opt)
	if err != nil {
		return rendition{}, wrongChoice(fmt.Errorf("%s: %w", d.Name, err))
	}
	cfg, err := render.Config(intent, d, opt)
	if err != nil {
		return rendition{}, wrongChoice(withoutSecrets(err, intent))
	}
	inOrder(cfg.Gaps, intent.Fields())
	if cfg.Documents == nil {
		cfg.Documents = []provision.Document{} // no document is an empty list, in JSON too
	}
	r := rendition{distro: d, intent: intent, target: target, config: cfg}
	if made {
		r.made = secrets
	}
	return r, nil
}

// inOrder sorts gaps as the intent has its parts.
func inOrder(gaps []provision.Gap, fields []string) {
	place := func(g provision.Gap) int {
		return slices.IndexFunc(fields, func(f string) bool { return provision.Concerns(g.Field, f) })
	}
	slices.SortStableFunc(gaps, func(a, b provision.Gap) int { return place(a) - place(b) })
}

// withoutSecrets hides the intent's secrets in an error: a format's own code
// may quote what it was given.
func withoutSecrets(err error, intent provision.Intent) error {
	if text := provision.Redact(err.Error(), intent.Secrets()); text != err.Error() {
		return errors.New(text)
	}
	return err
}

// wrongChoice marks an error as wrong usage when it is one of what was asked for.
func wrongChoice(err error) error {
	var invalid *provision.InvalidIntentError
	var choice *render.UnknownChoiceError
	if errors.As(err, &invalid) || errors.As(err, &choice) {
		return usage(err)
	}
	return err
}

// shown is the rendition as a screen may show it.
func (r rendition) shown(secrets bool) rendition {
	if secrets {
		return r
	}
	r.config, r.intent = r.config.Redacted(), r.intent.Redacted()
	return r
}

// gapsError makes gaps an error, for --strict.
func gapsError(r rendition) error {
	if len(r.config.Gaps) == 0 {
		return nil
	}
	lines := []string{fmt.Sprintf("%s cannot do all of the intent, and --strict was given:", r.distro.Name)}
	for _, g := range r.config.Gaps {
		lines = append(lines, fmt.Sprintf("  %s: %s", g.Field, g.Reason))
	}
	return codeError{ExitCheck, errors.New(strings.Join(lines, "\n"))}
}
