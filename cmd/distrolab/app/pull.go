package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/distros"
	"distrolab/distros/image"
	"distrolab/distros/release"
	"distrolab/distros/signature"
	"distrolab/distros/web"
)

// pullOptions are the flags of pull.
type pullOptions struct {
	query release.Query
	kit   string
}

func newPull(a *application) *cobra.Command {
	var opt pullOptions
	cmd := &cobra.Command{
		Use:   "pull NAME[@VERSION]...",
		Short: "Fetch and verify images of systems",
		Long: `Pull asks the vendor which release is the newest, fetches its image, and checks
digest and signature while the bytes come. A download that was broken off goes
on where it stopped. "distrolab images" shows what is there and how far each
image is vouched for.

Trust of an image:
  signed   the publisher's signature was verified
  digest   only a digest from the publisher's HTTPS server
  none     the publisher gives nothing to check against
  local    built on this machine or brought by you`,
		Example: `  distrolab pull flatcar
  distrolab pull flatcar@4593.2.5 ubuntu --arch arm64
  distrolab pull fedora-coreos --channel testing --require-signature
  distrolab pull flatcar talos --offline-kit /media/stick    then, without network: distrolab import /media/stick`,
		Args: minimum(1, aSystem), ValidArgsFunction: a.completeDistros,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runPull(cmd.Context(), args, opt) },
	}
	cmd.Flags().StringVar(&opt.query.Channel, "channel", "", "channel, stream or suite (default: the catalog's)")
	cmd.Flags().StringVar(&opt.query.Arch, "arch", arch, "architecture: amd64 or arm64; machines here run amd64")
	cmd.Flags().StringVar(&opt.query.Mirror, "mirror", "", "root of a mirror in place of the vendor's index")
	cmd.Flags().BoolVar(&opt.query.RequireSignature, "require-signature", false, "refuse what its publisher did not sign")
	cmd.Flags().StringVar(&opt.kit, "offline-kit", "", "also pack the images into this directory, for a machine without network")
	cmd.RegisterFlagCompletionFunc("arch", cobra.FixedCompletions([]string{"amd64", "arm64"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// wanted is one argument of pull.
type wanted struct {
	distro  distros.Distro
	version string // empty: the newest
}

func (a *application) runPull(ctx context.Context, args []string, opt pullOptions) error {
	if opt.query.Arch != "amd64" && opt.query.Arch != "arm64" {
		return usage(fmt.Errorf("--arch %.32q: use amd64 or arm64", opt.query.Arch))
	}
	list, err := a.wanted(args)
	if err != nil {
		return err
	}
	store, err := a.store()
	if err != nil {
		return err
	}
	var images []image.Image
	for _, w := range list {
		q := opt.query
		q.Version = w.version
		img, err := a.fetch(ctx, store, w.distro, q)
		if err != nil {
			return err
		}
		images = append(images, img)
		if !a.json() {
			fmt.Fprintf(a.world.Out, "%s %s %s: %s (%s)\n", w.distro.Name, img.Manifest.Version, img.Manifest.Arch, img.Manifest.Trust, img.Manifest.Verdict)
		}
	}
	if err := a.shrink(store, images); err != nil {
		return err
	}
	if opt.kit != "" {
		if err := a.pack(ctx, store, opt.kit, images); err != nil {
			return err
		}
	}
	if a.json() {
		return a.printJSON(images)
	}
	return nil
}

// wanted reads NAME[@VERSION].
func (a *application) wanted(args []string) ([]wanted, error) {
	var list []wanted
	for _, arg := range args {
		name, version, dated := strings.Cut(arg, "@")
		found, err := a.find([]string{name})
		if err != nil {
			return nil, err
		}
		if dated && version == "" {
			return nil, usage(fmt.Errorf("%.64q names no version after the @", arg))
		}
		list = append(list, wanted{found[0], version})
	}
	return list, nil
}

// source is where releases are looked up, with the person's own keys before
// those that distrolab carries.
func (a *application) source(store *image.Store) release.Source {
	keys := os.DirFS(filepath.Join(a.configDir(), "keys"))
	return release.Source{
		Client: http.DefaultClient, Store: store, StateDir: filepath.Join(filepath.Dir(store.Dir()), "trust"),
		Keys: func(name string) (signature.Keyring, error) { return signature.Find(keys, name) },
	}
}

// fetch brings one image, with its progress on standard error.
func (a *application) fetch(ctx context.Context, store *image.Store, d distros.Distro, q release.Query) (image.Image, error) {
	source := a.source(store)
	if q.Version == "" {
		// Only silence ends it here: what else is wrong, the question itself will say.
		var silent *release.UnreachableError
		var status *web.StatusError
		if err := source.Reachable(ctx, d, q); errors.As(err, &silent) && !errors.As(err, &status) {
			return image.Image{}, cannot(a.orStored(source, d, q, err))
		}
	}
	meter := newMeter(a, d.Name)
	img, err := source.Image(ctx, d, q, meter.show)
	meter.end()
	var none *release.NoImageError
	var unreachable *release.UnreachableError
	if errors.As(err, &none) || errors.As(err, &unreachable) {
		return img, cannot(err)
	}
	return img, err
}

// orStored adds to an unreachable index what the store has all the same.
func (a *application) orStored(source release.Source, d distros.Distro, q release.Query, err error) error {
	if have, ok := source.Stored(d, q); ok {
		return fmt.Errorf("%w\nthe store holds %s %s, which `up` and `bench` use without asking anybody", err, d.Name, have.Manifest.Version)
	}
	return err
}

// pack writes the images into a directory that another machine can import.
func (a *application) pack(ctx context.Context, store *image.Store, dir string, images []image.Image) error {
	var ids []string
	for _, i := range images {
		ids = append(ids, i.ID)
	}
	meter := newMeter(a, "kit")
	_, err := store.WriteKit(ctx, dir, ids, meter.show)
	meter.end()
	if err == nil {
		fmt.Fprintf(a.world.Err, "packed %d into %s; on the other machine: distrolab import %s\n", len(ids), dir, dir)
	}
	return err
}
