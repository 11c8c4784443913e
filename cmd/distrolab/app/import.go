package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"distrolab/distros/image"
)

// importOptions are the flags of import.
type importOptions struct {
	as   string
	spec image.ImportSpec
}

func newImport(a *application) *cobra.Command {
	var opt importOptions
	cmd := &cobra.Command{
		Use:   "import PATH... [--as NAME]",
		Short: "Store images that you bring",
		Long: `Import stores an image that did not come from its vendor's server: a disk
(qcow2 or raw) or a medium (ISO), compressed or not, or a kernel with its
initramfs. What a file is, its first bytes say. Its trust is "local": nobody
vouches for it but you.

A directory is taken whole: a kit that "distrolab pull --offline-kit" packed, or
a guest that scripts/guests/build made.`,
		Example: `  distrolab import flatcar.img.bz2 --as flatcar --version 4593.2.5
  distrolab import talos.raw.zst --as talos --digest 9f86d081884c7d65…
  distrolab import --as linuxkit --kernel lk-kernel --initrd lk-initrd.img --cmdline "console=ttyS0"
  distrolab import /media/stick
  distrolab import "$(scripts/guests/build debian-local)"`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runImport(cmd.Context(), args, opt) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.as, "as", "", "the system of the catalog that the file is an image of")
	flags.StringVar(&opt.spec.Version, "version", "", "its version (default: imported)")
	flags.StringVar(&opt.spec.Arch, "arch", arch, "its architecture: amd64 or arm64")
	flags.StringVar(&opt.spec.Digest, "digest", "", "SHA-256 or SHA-512 that the file must have, hexadecimal")
	flags.StringVar(&opt.spec.Kernel, "kernel", "", "a kernel, in place of a disk")
	flags.StringVar(&opt.spec.Initrd, "initrd", "", "the initramfs of that kernel")
	flags.StringVar(&opt.spec.Cmdline, "cmdline", "", "the command line of that kernel")
	cmd.RegisterFlagCompletionFunc("as", a.completeDistros)
	return cmd
}

func (a *application) runImport(ctx context.Context, paths []string, opt importOptions) error {
	if err := opt.check(paths); err != nil {
		return usage(err)
	}
	store, err := a.store()
	if err != nil {
		return err
	}
	var images []image.Image
	if opt.as != "" {
		images, err = a.importFile(ctx, store, paths, opt)
	} else {
		images, err = a.importDirectories(ctx, store, paths)
	}
	if err == nil {
		err = a.shrink(store, images)
	}
	if err != nil {
		return err
	}
	if a.json() {
		return a.printJSON(images)
	}
	for _, i := range images {
		fmt.Fprintf(a.world.Out, "%s %s %s: %s\n", i.Manifest.Distro, i.Manifest.Version, i.ID, i.Manifest.Verdict)
	}
	return nil
}

// check finds arguments that do not go together.
func (opt importOptions) check(paths []string) error {
	kernel := opt.spec.Kernel != ""
	switch {
	case opt.spec.Arch != "amd64" && opt.spec.Arch != "arm64":
		return fmt.Errorf("--arch %.32q: use amd64 or arm64", opt.spec.Arch)
	case !kernel && (opt.spec.Initrd != "" || opt.spec.Cmdline != ""):
		return errors.New("--initrd and --cmdline go with --kernel")
	case opt.as == "" && (kernel || opt.spec.Version != "" || opt.spec.Digest != ""):
		return errors.New("name the system by --as NAME; `distrolab list` shows what there is")
	case opt.as != "" && kernel == (len(paths) == 1), len(paths) > 1 && opt.as != "":
		return errors.New("with --as give one file, or --kernel")
	case opt.as == "" && len(paths) == 0:
		return errors.New("name a file with --as NAME, or a directory that holds image.json or a kit")
	}
	return nil
}

// importFile stores one file, or a kernel with what belongs to it.
func (a *application) importFile(ctx context.Context, store *image.Store, paths []string, opt importOptions) ([]image.Image, error) {
	found, err := a.find([]string{opt.as})
	if err != nil {
		return nil, err
	}
	opt.spec.Distro = found[0].Name
	path := ""
	if len(paths) == 1 {
		path = paths[0]
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, usage(fmt.Errorf("%s is a directory: leave --as out if it holds image.json or a kit, else name the file in it", path))
	}
	meter := newMeter(a, opt.spec.Distro)
	img, err := store.Import(ctx, path, opt.spec, meter.show)
	meter.end()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage(err)
	}
	return []image.Image{img}, err
}

// importDirectories stores kits and guests that were built here.
func (a *application) importDirectories(ctx context.Context, store *image.Store, dirs []string) ([]image.Image, error) {
	var images []image.Image
	for _, dir := range dirs {
		meter := newMeter(a, dir)
		more, err := takeDirectory(ctx, store, dir, meter)
		meter.end()
		if errors.Is(err, fs.ErrNotExist) {
			return nil, usage(fmt.Errorf("%s is no image: it or a file that it needs is missing: %w", dir, err))
		}
		if err != nil {
			return nil, err
		}
		images = append(images, more...)
	}
	return images, nil
}

func takeDirectory(ctx context.Context, store *image.Store, dir string, meter *meter) ([]image.Image, error) {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, usage(fmt.Errorf("%s is a file: say by --as NAME which system it is an image of", dir))
	}
	if _, err := os.Stat(filepath.Join(dir, image.KitName)); err == nil {
		return store.ReadKit(ctx, dir, meter.show)
	}
	img, err := store.Add(ctx, dir, meter.show)
	return []image.Image{img}, err
}
