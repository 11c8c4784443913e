package kubernetes

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// layer is an uncompressed layer that lies in a file. Uncompressed, because the
// network is this machine's memory while a guest's CPU may be emulated:
// docs/kubernetes.md has what each way costs there.
type layer struct {
	path   string
	digest v1.Hash
	size   int64
}

// writeLayer writes entries as a layer into a file.
func writeLayer(ctx context.Context, path string, entries []Entry) (v1.Layer, error) {
	digest, size, err := writeFile(path, func(w io.Writer) error { return writeTar(ctx, w, entries) })
	if err != nil {
		return nil, err
	}
	return layer{path, v1.Hash{Algorithm: "sha256", Hex: digest}, size}, nil
}

// Digest is that of the file. It is the same as DiffID.
func (l layer) Digest() (v1.Hash, error) { return l.digest, nil }

// DiffID is the digest of what is unpacked.
func (l layer) DiffID() (v1.Hash, error) { return l.digest, nil }

// Compressed gives the layer as it is transferred, which is uncompressed.
func (l layer) Compressed() (io.ReadCloser, error) { return os.Open(l.path) }

// Uncompressed gives the tar.
func (l layer) Uncompressed() (io.ReadCloser, error) { return os.Open(l.path) }

// Size is the length in bytes.
func (l layer) Size() (int64, error) { return l.size, nil }

// MediaType says that it is a plain tar.
func (l layer) MediaType() (types.MediaType, error) { return types.OCIUncompressedLayer, nil }

// imageOf makes an image of one layer that runs a program.
func imageOf(l v1.Layer, arch string, config v1.Config) (v1.Image, error) {
	base := mutate.MediaType(mutate.ConfigMediaType(empty.Image, types.OCIConfigJSON), types.OCIManifestSchema1)
	img, err := mutate.Append(base, mutate.Addendum{Layer: l, MediaType: types.OCIUncompressedLayer,
		History: v1.History{Created: v1.Time{Time: time.Unix(0, 0).UTC()}, CreatedBy: "distrolab"}})
	if err != nil {
		return nil, err
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Config = "linux", arch, config
	file.Created = v1.Time{Time: time.Unix(0, 0).UTC()}
	return mutate.ConfigFile(img, file)
}

// writeFile makes a file and gives its SHA-256 and length.
func writeFile(path string, write func(io.Writer) error) (digest string, size int64, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return "", 0, err
	}
	sum := sha256.New()
	count := &counter{}
	err = write(io.MultiWriter(f, sum, count))
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return "", 0, fmt.Errorf("writing %s: %w", path, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), count.n, nil
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
