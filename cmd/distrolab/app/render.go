package app

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/render"
)

// rendered is the JSON shape of `render -o json`.
type rendered struct {
	Distro string           `json:"distro"`
	Intent provision.Intent `json:"intent"`
	Config provision.Config `json:"config"`
}

func newRender(a *application) *cobra.Command {
	var intentFile, out string
	cmd := &cobra.Command{
		Use:   "render NAME",
		Short: "Print the config that would be used, and how it is delivered",
		Long: `Render turns an intent into the first-boot config of one system.

Without --intent it renders what "up" and "bench" use: a host name and one user
with a key. The intent file is YAML; docs/intent.md describes it.`,
		Example:           "  distrolab render flatcar\n  distrolab render debian --intent node.yaml --out ./config",
		Args:              exactly(1, "one system; `distrolab list` shows what there is"),
		ValidArgsFunction: a.completeDistros,
		RunE: func(_ *cobra.Command, args []string) error {
			found, err := a.find(args)
			if err != nil {
				return err
			}
			d := found[0]
			intent, err := a.readIntent(intentFile, d, exampleKey)
			if err != nil {
				return err
			}
			cfg, err := renderFor(intent, d)
			if err != nil {
				return err
			}
			switch {
			case out != "":
				return a.writeConfig(out, cfg)
			case a.json():
				return a.printJSON(rendered{d.Name, intent, cfg})
			default:
				return a.printConfig(d, cfg)
			}
		},
	}
	cmd.Flags().StringVar(&intentFile, "intent", "", "YAML file that says what is wanted (- is standard input)")
	cmd.Flags().StringVar(&out, "out", "", "write the documents into this directory")
	cmd.MarkFlagDirname("out")
	return cmd
}

// exampleKey stands where a lab's own key will be.
const exampleKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA example-key-of-the-lab"

// readIntent reads a file, or gives the default intent of a system.
func (a *application) readIntent(path string, d distros.Distro, key string) (provision.Intent, error) {
	if path == "" && d.Boot.User == "" {
		return provision.Intent{Hostname: d.Name}, nil
	}
	if path == "" {
		return provision.DefaultIntent(d.Name, d.Boot.User, []string{key}), nil
	}
	var data []byte
	var err error
	if path == "-" {
		data, err = io.ReadAll(io.LimitReader(a.world.In, 4<<20))
	} else {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return provision.Intent{}, usage(fmt.Errorf("reading intent: %w", err))
	}
	intent, err := provision.ParseIntent(path, data)
	if err != nil {
		return provision.Intent{}, usage(err)
	}
	return intent, nil
}

// renderFor renders, and marks what the person got wrong as usage.
func renderFor(intent provision.Intent, d distros.Distro) (provision.Config, error) {
	cfg, err := render.Config(intent, d, render.Options{})
	var invalid *provision.InvalidIntentError
	if errors.As(err, &invalid) {
		return cfg, usage(err)
	}
	return cfg, err
}

func (a *application) printConfig(d distros.Distro, cfg provision.Config) error {
	v := a.view()
	lines := []string{v.styles.Title.Render(d.Title) + "  " + v.styles.FgMuted.Render(cfg.Format+", delivered by "+deliveryWords(cfg.Delivery))}
	for _, group := range []struct {
		title string
		docs  []provision.Document
	}{{"written as", cfg.Sources}, {"the guest reads", cfg.Documents}} {
		for _, doc := range group.docs {
			lines = append(lines, "", v.styles.FgMuted.Render(v.rule(group.title+" "+doc.Name)))
			for line := range strings.Lines(doc.Content) {
				lines = append(lines, v.glyphs.Clean(strings.TrimRight(line, "\n")))
			}
		}
	}
	for i, gap := range cfg.Gaps {
		if i == 0 {
			lines = append(lines, "", v.styles.Warn.Render("This system cannot do all of the intent:"))
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s", v.glyphs.Bullet, gap.Field, gap.Reason))
	}
	return printLines(a.world.Out, lines)
}

func (v view) rule(title string) string {
	line := strings.Repeat(v.glyphs.Line, 2) + " " + title + " "
	return line + strings.Repeat(v.glyphs.Line, max(2, min(v.width, 80)-len([]rune(line))))
}

func deliveryWords(d distros.Delivery) string {
	switch d.Kind {
	case distros.DeliverFWCfg:
		return "QEMU's fw_cfg entry " + d.Key
	case distros.DeliverVolume:
		return "an ISO 9660 volume labelled " + d.Label + " on a virtio disk"
	case distros.DeliverKernel:
		return "the kernel command line"
	default:
		return "nothing: there is no config"
	}
}

// writeConfig writes documents for their owner alone: they may hold secrets.
func (a *application) writeConfig(dir string, cfg provision.Config) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("writing config: %w", err)
	}
	for _, doc := range append(cfg.Sources, cfg.Documents...) {
		path := filepath.Join(dir, filepath.Base(doc.Name))
		if err := os.WriteFile(path, []byte(doc.Content), 0o600); err != nil {
			return fmt.Errorf("writing config: %w", err)
		}
		fmt.Fprintln(a.world.Out, path)
	}
	return nil
}
