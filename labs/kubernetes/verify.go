package kubernetes

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"distrolab/distros/image"
)

// same reports whether two bundles say that they have the same parts.
func (b Bundle) same(other Bundle) bool { return reflect.DeepEqual(b.Manifest, other.Manifest) }

// digests are the files of the bundle with the SHA-256 that each must have.
func (b Bundle) digests() map[string]string {
	want := map[string]string{b.Manifest.Node.File: b.Manifest.Node.SHA256}
	for _, i := range b.images {
		for _, blob := range i.blobs {
			want[blobPath(blob.hex)] = blob.hex
		}
	}
	return want
}

// Verify reads the whole bundle and checks the digest of every file. Progress
// may be nil.
func (b Bundle) Verify(ctx context.Context, progress func(image.Progress)) error {
	root, err := os.OpenRoot(b.dir)
	if err != nil {
		return fmt.Errorf("checking a bundle: %w", err)
	}
	defer root.Close() //nolint:errcheck // only read
	err = b.each(ctx, root, "checking", progress, func(string) (io.WriteCloser, error) { return discard{}, nil })
	if err != nil {
		return fmt.Errorf("checking the bundle in %s: %w", b.dir, err)
	}
	return nil
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) Close() error                { return nil }

// copyTo makes a copy of the bundle below root within a staging directory, and
// checks it on the way. What is small is written anew and not copied, so that
// the copy holds nothing that was not read.
func (b Bundle) copyTo(ctx context.Context, root *os.Root, stagingDir string, progress func(image.Progress)) error {
	dir := filepath.Join(stagingDir, "bundle")
	blobs := filepath.Join(dir, ImagesName, "blobs", "sha256")
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		return err
	}
	err := b.each(ctx, root, "copying", progress, func(path string) (io.WriteCloser, error) {
		return os.OpenFile(filepath.Join(dir, path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	})
	if err != nil {
		return err
	}
	for _, i := range b.images {
		path := filepath.Join(dir, blobPath(strings.TrimPrefix(i.Digest, "sha256:")))
		if err := os.WriteFile(path, i.raw, 0o644); err != nil {
			return err
		}
	}
	if err := b.writeIndex(filepath.Join(dir, ImagesName)); err != nil {
		return err
	}
	return writeManifest(dir, b.Manifest)
}

// each reads the large files below root into what open gives for each, and
// checks length and digest of what arrives there.
func (b Bundle) each(ctx context.Context, root *os.Root, phase string, progress func(image.Progress), open func(path string) (io.WriteCloser, error)) error {
	sizes, digests := b.files(), b.digests()
	at := image.Progress{Phase: phase}
	for _, size := range sizes {
		at.Total += size
	}
	for _, path := range slices.Sorted(maps.Keys(sizes)) {
		at.File = filepath.Base(path)
		if progress != nil {
			progress(at)
		}
		dst, err := open(path)
		if err != nil {
			return err
		}
		err = checked(ctx, dst, root, path, sizes[path], digests[path], func(n int) {
			if at.Done += int64(n); progress != nil {
				progress(at)
			}
		})
		if closing := dst.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// DigestError says that a file of a bundle is not what it must be.
type DigestError struct {
	File      string
	Want, Got string // SHA-256
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("%s has SHA-256 %s, not %s: it is damaged or was changed", e.File, e.Got, e.Want)
}

// checked copies one file and checks it.
func checked(ctx context.Context, dst io.Writer, root *os.Root, path string, size int64, digest string, step func(int)) error {
	f, err := openRegular(root, path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	sum := sha256.New()
	buffer := make([]byte, 1<<20)
	var done int64
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := f.Read(buffer)
		if done += int64(n); done > size {
			return fmt.Errorf("%s has more than %d bytes", path, size)
		}
		sum.Write(buffer[:n])
		if _, err := dst.Write(buffer[:n]); err != nil {
			return err
		}
		step(n)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if done != size {
		return fmt.Errorf("%s has %d bytes, not %d", path, done, size)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != digest {
		return &DigestError{File: strings.TrimPrefix(path, ImagesName+"/"), Want: digest, Got: got}
	}
	return nil
}
