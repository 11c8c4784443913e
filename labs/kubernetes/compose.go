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
// parts make the same bytes. bundle.json comes last: with it the bundle is whole.
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
	if err := writeManifest(dir, m); err != nil {
		return Bundle{}, err
	}
	return Open(dir)
}

// refAnnotation is how an OCI image layout names its images.
const refAnnotation = "org.opencontainers.image.ref.name"

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
		if err != nil {
			return nil, fmt.Errorf("%v: %w", i.Refs, err)
		}
		for _, ref := range i.Refs {
			if err := at.AppendImage(i.Image, layout.WithAnnotations(map[string]string{refAnnotation: ref})); err != nil {
				return nil, fmt.Errorf("%s: %w", ref, err)
			}
			list = append(list, Image{Ref: ref, Digest: digest.String()})
		}
	}
	return list, nil
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
