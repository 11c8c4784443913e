package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// Parts are what a bundle is made of.
type Parts struct {
	Version string
	Arch    string
	Origin  string
	Node    []Entry // programs of a node, by their names from the root directory
	Images  []Named
	Pause   string // reference of one of the images
	Hello   string // of another one; empty: there is none
	Addons  []string
}

// Named is an image and the references by which it is asked for.
type Named struct {
	Refs  []string
	Image v1.Image
}

// Compose makes a bundle in a directory that is empty or not there yet. The same
// parts make the same bytes. What was broken off has no bundle.json.
func Compose(ctx context.Context, dir string, p Parts) (Bundle, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Bundle{}, fmt.Errorf("composing a bundle: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = errors.New("the directory is not empty")
	}
	if err != nil {
		return Bundle{}, fmt.Errorf("composing a bundle in %s: %w", dir, err)
	}
	m := Manifest{Schema: Schema, Version: p.Version, Arch: p.Arch, Origin: p.Origin, Pause: p.Pause, Hello: p.Hello,
		Addons: append([]string{}, p.Addons...)}
	digest, size, err := writeFile(filepath.Join(dir, ArchiveName), func(w io.Writer) error { return writeTar(ctx, w, p.Node) })
	if err != nil {
		return Bundle{}, fmt.Errorf("composing a bundle: %w", err)
	}
	m.Node = Archive{File: ArchiveName, SHA256: digest, Bytes: size}
	if m.Images, err = composeImages(ctx, filepath.Join(dir, ImagesName), p.Images); err != nil {
		return Bundle{}, fmt.Errorf("composing the images of a bundle: %w", err)
	}
	if err := m.check(); err != nil {
		return Bundle{}, fmt.Errorf("composing a bundle: %w", err)
	}
	if err := finish(dir, m); err != nil {
		return Bundle{}, fmt.Errorf("composing a bundle: %w", err)
	}
	return Open(dir)
}

// finish writes what names the other files.
func finish(dir string, m Manifest) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // only read
	b, err := withImages(root, m)
	if err == nil {
		err = b.writeIndex(filepath.Join(dir, ImagesName))
	}
	if err != nil {
		return err
	}
	return writeManifest(dir, m)
}

// composeImages writes the blobs of images into a layout.
func composeImages(ctx context.Context, dir string, images []Named) ([]Image, error) {
	at, err := layout.Write(dir, empty.Index)
	if err != nil {
		return nil, err
	}
	var list []Image
	for _, i := range images {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		digest, err := i.Image.Digest()
		if err == nil {
			err = at.WriteImage(i.Image)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", i.Refs[0], err)
		}
		for _, ref := range i.Refs {
			list = append(list, Image{Ref: ref, Digest: digest.String()})
		}
	}
	return list, nil
}

// refAnnotation is how an OCI image layout names its images.
const refAnnotation = "org.opencontainers.image.ref.name"

// writeIndex writes the index of the layout, for other programs: it says the
// same as bundle.json.
func (b Bundle) writeIndex(dir string) error {
	at, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	for _, i := range b.images {
		hash, err := v1.NewHash(i.Digest)
		if err == nil {
			err = at.AppendDescriptor(v1.Descriptor{MediaType: i.kind, Size: int64(len(i.raw)), Digest: hash,
				Annotations: map[string]string{refAnnotation: i.Ref}})
		}
		if err != nil {
			return fmt.Errorf("writing the index of images: %w", err)
		}
	}
	return nil
}

func writeManifest(dir string, m Manifest) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", ManifestName, err)
	}
	if err := os.WriteFile(filepath.Join(dir, ManifestName), append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", ManifestName, err)
	}
	return nil
}
