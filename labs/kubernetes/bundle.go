package kubernetes

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Bundle is Kubernetes of one version in a directory.
type Bundle struct {
	Manifest Manifest
	dir      string
	images   []stored
}

// stored is an image whose manifest was read.
type stored struct {
	Image
	raw   []byte
	kind  types.MediaType
	blobs []blob // the configuration and the layers
}

// blob is a file of the layout that an image needs.
type blob struct {
	hex  string
	size int64
}

// Open reads the manifests of a bundle, which are small, and checks that each
// file is there and as long as it must be. That the large files have the right
// content was checked when they came into the store.
func Open(dir string) (Bundle, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Bundle{}, fmt.Errorf("opening a bundle: %w", err)
	}
	defer root.Close() //nolint:errcheck // only read
	b, err := read(root)
	if err != nil {
		return Bundle{}, fmt.Errorf("opening the bundle in %s: %w", dir, err)
	}
	b.dir = dir
	for path, size := range b.files() {
		if err := checkSize(root, path, size); err != nil {
			return Bundle{}, fmt.Errorf("opening the bundle in %s: %w", dir, err)
		}
	}
	return b, nil
}

// Dir is where the bundle lies.
func (b Bundle) Dir() string { return b.dir }

// NodeArchive is the path of the archive that nodes unpack.
func (b Bundle) NodeArchive() string { return filepath.Join(b.dir, b.Manifest.Node.File) }

// Bytes is how much room the bundle takes.
func (b Bundle) Bytes() int64 {
	var sum int64
	for _, size := range b.files() {
		sum += size
	}
	for _, i := range b.images {
		sum += int64(len(i.raw))
	}
	return sum
}

// files are the large files with their sizes, by their paths in the bundle.
func (b Bundle) files() map[string]int64 {
	files := map[string]int64{b.Manifest.Node.File: b.Manifest.Node.Bytes}
	for _, i := range b.images {
		for _, blob := range i.blobs {
			files[blobPath(blob.hex)] = blob.size
		}
	}
	return files
}

func blobPath(hex string) string { return ImagesName + "/blobs/sha256/" + hex }

// read reads bundle.json and the manifest of each image.
func read(root *os.Root) (Bundle, error) {
	f, err := openRegular(root, ManifestName)
	if err != nil {
		return Bundle{}, err
	}
	defer f.Close() //nolint:errcheck // only read
	m, err := parseManifest(f)
	if err != nil {
		return Bundle{}, err
	}
	return withImages(root, m)
}

// withImages reads the manifests of the images that bundle.json names.
func withImages(root *os.Root, m Manifest) (Bundle, error) {
	b := Bundle{Manifest: m}
	sizes := map[string]int64{}
	for _, i := range m.Images {
		s, err := readImage(root, i)
		if err != nil {
			return Bundle{}, fmt.Errorf("image %s: %w", i.Ref, err)
		}
		for _, blob := range s.blobs {
			if size, known := sizes[blob.hex]; known && size != blob.size {
				return Bundle{}, fmt.Errorf("image %s: blob %s has %d bytes here and %d in another image", i.Ref, blob.hex, blob.size, size)
			}
			sizes[blob.hex] = blob.size
		}
		b.images = append(b.images, s)
	}
	return b, nil
}

// readImage reads the manifest of an image and checks its digest.
func readImage(root *os.Root, i Image) (stored, error) {
	digest := strings.TrimPrefix(i.Digest, "sha256:")
	f, err := openRegular(root, blobPath(digest))
	if err != nil {
		return stored{}, err
	}
	defer f.Close() //nolint:errcheck // only read
	raw, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err != nil {
		return stored{}, err
	}
	if len(raw) > maxManifest {
		return stored{}, fmt.Errorf("its manifest is longer than %d bytes", maxManifest)
	}
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != digest {
		return stored{}, fmt.Errorf("its manifest has digest %x, not %s", sum, digest)
	}
	var m v1.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return stored{}, fmt.Errorf("reading its manifest: %w", err)
	}
	s := stored{Image: i, raw: raw, kind: m.MediaType}
	if s.kind == "" {
		s.kind = types.OCIManifestSchema1
	}
	if s.kind != types.OCIManifestSchema1 && s.kind != types.DockerManifestSchema2 {
		return stored{}, fmt.Errorf("its manifest is of kind %.80q; only those of single images are served", s.kind)
	}
	if len(m.Layers) > maxLayers {
		return stored{}, fmt.Errorf("%d layers; at most %d", len(m.Layers), maxLayers)
	}
	for _, d := range append([]v1.Descriptor{m.Config}, m.Layers...) {
		if d.Digest.Algorithm != "sha256" || !isSHA256(d.Digest.Hex) || d.Size <= 0 || d.Size > maxBlob {
			return stored{}, fmt.Errorf("its manifest names a blob %.80q of %d bytes", d.Digest.String(), d.Size)
		}
		s.blobs = append(s.blobs, blob{d.Digest.Hex, d.Size})
	}
	return s, nil
}

func checkSize(root *os.Root, path string, want int64) error {
	f, err := openRegular(root, path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err == nil && info.Size() != want {
		err = fmt.Errorf("%s has %d bytes, not %d", path, info.Size(), want)
	}
	return err
}

// openRegular opens a plain file below a directory: no link, device or pipe.
func openRegular(root *os.Root, path string) (*os.File, error) {
	info, err := root.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a plain file; links and devices are not followed", path)
	}
	f, err := root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if opened, err := f.Stat(); err != nil || !os.SameFile(info, opened) {
		f.Close() //nolint:errcheck // the error below says more
		return nil, errors.New(path + " changed while it was opened")
	}
	return f, nil
}
