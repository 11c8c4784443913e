package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

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
	return a.fetch(ctx, store, d, release.Query{Arch: arch})
}

// imageFor is the image of a machine: the one that was asked for, or the newest.
func (a *application) imageFor(ctx context.Context, store *image.Store, w plannedMachine) (image.Image, error) {
	if w.image == "" {
		return a.imageOf(ctx, store, w.distro)
	}
	return imageNamed(store, w.distro, w.image)
}

// imageNamed finds one image of a system in the store: by its version, its
// address, or the beginning of what its address has after the name.
func imageNamed(store *image.Store, d distros.Distro, asked string) (image.Image, error) {
	all, err := store.List()
	var found []image.Image
	have := 0
	for _, i := range all {
		if i.Manifest.Distro != d.Name || i.Manifest.Arch != arch {
			continue
		}
		have++
		if asked == i.Manifest.Version || asked == i.ID || strings.HasPrefix(strings.TrimPrefix(i.ID, d.Name+"-"), asked) {
			found = append(found, i)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return image.Image{}, usage(fmt.Errorf("%s@%.40s: %d images are meant; name one by its address (`distrolab images`)", d.Name, asked, len(found)))
	}
	return image.Image{}, errors.Join(cannot(fmt.Errorf("%s@%.40s: the store has %d images of %s and none is that (`distrolab images`)", d.Name, asked, have, d.Name)), err)
}

func newImages(a *application) *cobra.Command {
	return &cobra.Command{
		Use: "images", Short: "List the images of the store", Args: none,
		Example: "  distrolab images\n  distrolab images -o json",
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
			return a.printImages(store, images)
		},
	}
}

func (a *application) printImages(store *image.Store, images []image.Image) error {
	if len(images) == 0 {
		_, err := fmt.Fprintln(a.world.Out, "no images yet: `distrolab pull NAME` fetches one, `distrolab import FILE --as NAME` takes yours")
		return err
	}
	v := a.view()
	columns := []chart.Column{{Title: "SYSTEM"}, {Title: "VERSION"}, {Title: "ARCH", Drop: 3}, {Title: "SIZE", Right: true},
		{Title: "TRUST"}, {Title: "USED BY", Drop: 2}, {Title: "ID", Drop: 0}, {Title: "CHECKED", Drop: 4}}
	var rows [][]chart.Cell
	for _, i := range images {
		pins, err := store.Pins(i.ID)
		if err != nil {
			return err
		}
		rows = append(rows, []chart.Cell{
			{Text: i.Manifest.Distro, Style: v.styles.Fg}, {Text: i.Manifest.Version, Style: v.styles.Fg},
			{Text: i.Manifest.Arch, Style: v.styles.FgMuted}, {Text: bytes(size(i)), Style: v.styles.Fg},
			v.trust(i.Manifest.Trust), {Text: strings.Join(pins, ", "), Style: v.styles.FgMuted},
			{Text: i.ID, Style: v.styles.FgMuted}, {Text: i.Manifest.Verdict, Style: v.styles.FgFaint}})
	}
	if err := printLines(a.world.Out, chart.Table(columns, rows, v.width, v.glyphs, v.styles)); err != nil {
		return err
	}
	return a.printUsage(store)
}

// trust is how far an image is vouched for, as mark, word and colour.
func (v view) trust(kind string) chart.Cell {
	switch kind {
	case image.TrustSigned:
		return chart.Cell{Text: v.glyphs.Check + " " + kind, Style: v.styles.OK}
	case image.TrustDigest:
		return chart.Cell{Text: v.glyphs.Bullet + " " + kind, Style: v.styles.Fg}
	case image.TrustLocal:
		return chart.Cell{Text: v.glyphs.Hollow + " " + kind, Style: v.styles.FgMuted}
	default:
		return chart.Cell{Text: v.glyphs.Warn + " " + kind, Style: v.styles.Warn}
	}
}

func (a *application) printUsage(store *image.Store) error {
	u, err := store.Usage()
	if err != nil {
		return err
	}
	unfinished := ""
	if u.Unfinished > 0 {
		unfinished = fmt.Sprintf(", and %s of downloads that were broken off", bytes(u.Unfinished))
	}
	_, err = fmt.Fprintf(a.world.Out, "\n%s on disk%s in %s\n", bytes(u.Bytes), unfinished, store.Dir())
	return err
}

func size(i image.Image) int64 {
	var sum int64
	for _, f := range i.Manifest.Files {
		sum += f.Size
	}
	return sum
}

// shrink keeps the store within the size that the person allows it.
func (a *application) shrink(store *image.Store, keep []image.Image) error {
	text := a.world.Getenv("DISTROLAB_IMAGES_MAX")
	if text == "" {
		return nil
	}
	limit, err := parseBytes(text)
	if err != nil {
		return usage(fmt.Errorf("DISTROLAB_IMAGES_MAX: %w", err))
	}
	var ids []string
	for _, i := range keep {
		ids = append(ids, i.ID)
	}
	removed, err := store.Shrink(limit, ids...)
	for _, i := range removed {
		fmt.Fprintf(a.world.Err, "removed %s %s, the longest unused, to keep the store within %s\n", i.Manifest.Distro, i.Manifest.Version, bytes(limit))
	}
	return err
}

// parseBytes reads a size such as 20GiB, 500M or 1073741824: units of 1024.
func parseBytes(text string) (int64, error) {
	number := strings.TrimRight(strings.ToUpper(strings.TrimSpace(text)), "IB")
	shift := 0
	if number != "" {
		if at := strings.IndexByte("KMGT", number[len(number)-1]); at >= 0 {
			number, shift = number[:len(number)-1], 10*(at+1)
		}
	}
	value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(value >= 0 && value < 1<<20) && shift > 0 || value < 0 || value > 1<<60 {
		return 0, fmt.Errorf("%.32q is not a size such as 20GiB", text)
	}
	return int64(value * float64(int64(1)<<shift)), nil
}

func newRemove(a *application) *cobra.Command {
	return &cobra.Command{
		Use: "rm IMAGE...", Short: "Remove images that no lab uses",
		Long:    "Rm removes images by their id, or by NAME or NAME@VERSION where that names one image only.",
		Example: "  distrolab rm flatcar@4593.2.5\n  distrolab rm flatcar-0123456789abcdef",
		Args:    minimum(1, "an image; `distrolab images` shows them"), ValidArgsFunction: a.completeImages,
		RunE: func(_ *cobra.Command, args []string) error {
			store, err := a.store()
			if err != nil {
				return err
			}
			for _, name := range args {
				id, err := a.imageID(store, name)
				if err != nil {
					return err
				}
				if err := store.Remove(id); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// imageID finds the one image that an argument of rm means.
func (a *application) imageID(store *image.Store, name string) (string, error) {
	images, err := store.List()
	if err != nil {
		return "", err
	}
	system, version, _ := strings.Cut(name, "@")
	var ids []string
	for _, i := range images {
		if i.ID == name {
			return name, nil
		}
		if i.Manifest.Distro == system && (version == "" || i.Manifest.Version == version) {
			ids = append(ids, i.ID)
		}
	}
	switch len(ids) {
	case 1:
		return ids[0], nil
	case 0:
		return "", usage(fmt.Errorf("there is no image %.64q; `distrolab images` shows them", name))
	default:
		return "", usage(fmt.Errorf("%.64q names %d images; name one of %s", name, len(ids), strings.Join(ids, ", ")))
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
		ids = append(ids, cobra.CompletionWithDesc(i.ID, i.Manifest.Distro+" "+i.Manifest.Version))
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
