package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/spf13/cobra"

	"distrolab/distros"
	"distrolab/distros/image"
	"distrolab/distros/release"
	"distrolab/tui/chart"
)

func (a *application) store() (*image.Store, error) {
	h, err := a.home()
	if err != nil {
		return nil, err
	}
	return image.Open(h.Images())
}

// arch is the only architecture that machines here have so far.
const arch = "amd64"

// imageOf gives an image of a system: the store's newest, which costs no
// network, else the vendor's newest release.
func (a *application) imageOf(ctx context.Context, store *image.Store, d distros.Distro) (image.Image, error) {
	have, err := store.Newest(d.Name, arch)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return have, err
	}
	return a.fetch(ctx, store, d, release.Query{})
}

func (a *application) fetch(ctx context.Context, store *image.Store, d distros.Distro, q release.Query) (image.Image, error) {
	source := release.Source{Client: http.DefaultClient, Store: store}
	if err := source.Reachable(ctx, d, q); err != nil {
		return image.Image{}, cannot(err)
	}
	meter := newMeter(a, d.Name)
	img, err := source.Image(ctx, d, q, meter.show)
	meter.end()
	var none *release.NoImageError
	if errors.As(err, &none) {
		return img, cannot(err)
	}
	return img, err
}

func newImage(a *application) *cobra.Command {
	cmd := &cobra.Command{Use: "image", Short: "List, add, fetch and remove images", Args: none,
		Example: "  distrolab image list\n  distrolab image pull flatcar",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(newImageList(a), newImageAdd(a), newImagePull(a), newImageRemove(a))
	return cmd
}

func newImageList(a *application) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the images of the store", Args: none,
		Example: "  distrolab image list\n  distrolab image list -o json",
		RunE: func(*cobra.Command, []string) error {
			store, err := a.store()
			if err != nil {
				return err
			}
			images, err := store.List()
			if err != nil {
				return err
			}
			if a.json() {
				if images == nil {
					images = []image.Image{}
				}
				return a.printJSON(images)
			}
			rows := [][]string{}
			for _, i := range images {
				rows = append(rows, []string{i.ID, i.Manifest.Distro, i.Manifest.Version, bytes(size(i)), i.Manifest.Verdict})
			}
			return a.printTable([]chart.Column{{Title: "ID"}, {Title: "SYSTEM"}, {Title: "VERSION"}, {Title: "SIZE", Right: true}, {Title: "CHECKED", Drop: 1}}, rows)
		},
	}
}

func size(i image.Image) int64 {
	var sum int64
	for _, f := range i.Manifest.Files {
		sum += f.Size
	}
	return sum
}

func newImageAdd(a *application) *cobra.Command {
	return &cobra.Command{
		Use: "add DIRECTORY...", Short: "Verify images that were built here and store them",
		Long:    "Add reads image.json in each directory, checks the files it names, and stores them.",
		Example: "  distrolab image add \"$(scripts/guests/build debian-local)\"",
		Args:    minimum(1, "a directory that holds image.json"),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := a.store()
			if err != nil {
				return err
			}
			for _, dir := range args {
				meter := newMeter(a, dir)
				img, err := store.Add(cmd.Context(), dir, meter.show)
				meter.end()
				if errors.Is(err, fs.ErrNotExist) {
					return usage(fmt.Errorf("%s is no image: it or a file that it needs is missing: %w", dir, err))
				}
				if err != nil {
					return err
				}
				fmt.Fprintf(a.world.Out, "%s %s\n", img.Manifest.Distro, img.ID)
			}
			return nil
		},
	}
}

func newImagePull(a *application) *cobra.Command {
	var channel, mirror string
	cmd := &cobra.Command{
		Use: "pull NAME...", Short: "Fetch and verify the newest release of systems",
		Example: "  distrolab image pull flatcar fedora-coreos\n  distrolab image pull flatcar --channel beta",
		Args:    minimum(1, aSystem), ValidArgsFunction: a.completeDistros,
		RunE: func(cmd *cobra.Command, args []string) error {
			found, err := a.find(args)
			if err != nil {
				return err
			}
			store, err := a.store()
			if err != nil {
				return err
			}
			for _, d := range found {
				img, err := a.fetch(cmd.Context(), store, d, release.Query{Channel: channel, Mirror: mirror})
				if err != nil {
					return err
				}
				fmt.Fprintf(a.world.Out, "%s %s (%s)\n", d.Name, img.Manifest.Version, img.Manifest.Verdict)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&channel, "channel", "", "channel or stream (default: the catalog's)")
	cmd.Flags().StringVar(&mirror, "mirror", "", "root of a mirror in place of the vendor's index")
	return cmd
}

func newImageRemove(a *application) *cobra.Command {
	return &cobra.Command{
		Use: "remove ID...", Aliases: []string{"rm"}, Short: "Remove images that no lab uses",
		Example: "  distrolab image remove flatcar-0123456789abcdef",
		Args:    minimum(1, "the id of an image; `distrolab image list` shows them"), ValidArgsFunction: a.completeImages,
		RunE: func(_ *cobra.Command, args []string) error {
			store, err := a.store()
			if err != nil {
				return err
			}
			for _, id := range args {
				if err := store.Remove(id); errors.Is(err, fs.ErrNotExist) {
					return usage(fmt.Errorf("there is no image %.64q; `distrolab image list` shows them", id))
				} else if err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// completeImages completes the ids of the store.
func (a *application) completeImages(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	store, err := a.store()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	images, err := store.List()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var ids []string
	for _, i := range images {
		ids = append(ids, i.ID)
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
