package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/distros/image"
	"distrolab/provision/linuxkit"
)

// buildOptions are the flags of build.
type buildOptions struct {
	intent, version, arch string
}

func newBuild(a *application) *cobra.Command {
	var opt buildOptions
	cmd := &cobra.Command{
		Use:   "build NAME",
		Short: "Build the image of a system that is a kit",
		Long: `Build makes the image of a system that publishes none because it is a kit, by its
own program, from what "distrolab render" writes for the intent, and stores it.
Today that is LinuxKit, whose program linuxkit must be in PATH; it fetches the
parts from container registries.`,
		Example:           "  distrolab build linuxkit\n  distrolab build linuxkit --intent node.yaml --version trial",
		Args:              exactly(1, "one system; `distrolab list` shows what there is"),
		ValidArgsFunction: a.completeDistros,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.runBuild(cmd.Context(), args[0], opt) },
	}
	intentFlag(cmd, &opt.intent)
	cmd.Flags().StringVar(&opt.version, "version", "built", "what to call the image's version")
	cmd.Flags().StringVar(&opt.arch, "arch", arch, "architecture: amd64 or arm64")
	return cmd
}

func (a *application) runBuild(ctx context.Context, name string, opt buildOptions) error {
	found, err := a.find([]string{name})
	if err != nil {
		return err
	}
	d := found[0]
	switch {
	case d.Config.Format != linuxkit.Format:
		return usage(fmt.Errorf("%s is no kit: `distrolab pull %s` fetches its image, `distrolab import FILE --as %s` takes yours", d.Name, d.Name, d.Name))
	case opt.arch != "amd64" && opt.arch != "arm64":
		return usage(fmt.Errorf("--arch %.32q: use amd64 or arm64", opt.arch))
	}
	intentOf, err := a.readIntent(opt.intent, exampleKey)
	if err != nil {
		return err
	}
	r, err := a.rendition(intentOf(d), d, choice{})
	if err != nil {
		return err
	}
	program, err := exec.LookPath("linuxkit")
	if err != nil {
		return cannot(errors.New("building with LinuxKit: its program linuxkit is not in PATH; take it from https://github.com/linuxkit/linuxkit/releases"))
	}
	store, err := a.store()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "distrolab-build-")
	if err != nil {
		return fmt.Errorf("building with LinuxKit: %w", err)
	}
	defer os.RemoveAll(dir)
	spec, err := a.buildLinuxKit(ctx, program, dir, r, opt)
	if err != nil {
		return err
	}
	return a.storeBuilt(ctx, store, spec)
}

// buildLinuxKit runs the program on the build file of the rendition. What it
// says is its own, and goes to standard error.
func (a *application) buildLinuxKit(ctx context.Context, program, dir string, r rendition, opt buildOptions) (image.ImportSpec, error) {
	const name = "distrolab"
	source := filepath.Join(dir, name+".yml")
	if err := os.WriteFile(source, []byte(r.config.Sources[0].Content), 0o600); err != nil {
		return image.ImportSpec{}, fmt.Errorf("building with LinuxKit: %w", err)
	}
	cmd := exec.CommandContext(ctx, program, "build", "--format", "kernel+initrd", "--arch", opt.arch, "--dir", dir, "--name", name, source)
	cmd.Stdout, cmd.Stderr = a.world.Err, a.world.Err
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return image.ImportSpec{}, context.Cause(ctx)
		}
		return image.ImportSpec{}, fmt.Errorf("building with LinuxKit: %s: %w; what it said is above", program, err)
	}
	cmdline, err := a.readFile(filepath.Join(dir, name+"-cmdline"), maxCmdline)
	if err != nil {
		return image.ImportSpec{}, fmt.Errorf("reading the command line that LinuxKit wrote: %w", err)
	}
	return image.ImportSpec{
		Distro: r.distro.Name, Version: opt.version, Arch: opt.arch, Cmdline: strings.TrimSpace(string(cmdline)),
		Kernel: filepath.Join(dir, name+"-kernel"), Initrd: filepath.Join(dir, name+"-initrd.img"),
	}, nil
}

// maxCmdline is more bytes than any kernel reads.
const maxCmdline = 64 << 10

// storeBuilt stores the image and says what can be done with it.
func (a *application) storeBuilt(ctx context.Context, store *image.Store, spec image.ImportSpec) error {
	meter := newMeter(a, spec.Distro)
	img, err := store.Import(ctx, "", spec, meter.show)
	meter.end()
	if err == nil {
		err = a.shrink(store, []image.Image{img})
	}
	if err != nil {
		return err
	}
	if a.json() {
		return a.printJSON(img)
	}
	_, err = fmt.Fprintf(a.world.Out, "%s %s %s: built on this machine; start it by `distrolab up %s`\n", img.Manifest.Distro, img.Manifest.Version, img.ID, img.Manifest.Distro)
	return err
}
