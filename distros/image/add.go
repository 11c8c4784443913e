package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Progress is one step of adding or fetching a file. Phases follow each other;
// within one, Done grows.
type Progress struct {
	Phase string  // "copying", "downloading", "checking what is already here"
	File  string  // name of the file
	Done  int64   // bytes so far
	Total int64   // bytes to expect; 0: unknown
	Rate  float64 // bytes per second over the last moments; 0: not known yet
}

// Add copies the image that image.json in a directory describes into the
// store, and checks it on the way: sizes, SHA-256, first bytes, and that no
// file leads out of the directory. Its trust is [TrustLocal]: a directory cannot
// vouch for itself. An image the store holds already is returned without reading
// the files again. Progress may be nil; it is called from this goroutine, at
// least once for each file.
func (s *Store) Add(ctx context.Context, srcDir string, progress func(Progress)) (Image, error) {
	root, err := os.OpenRoot(srcDir)
	if err != nil {
		return Image{}, fmt.Errorf("adding an image: %w", err)
	}
	defer root.Close() //nolint:errcheck // only read
	m, err := manifestIn(root)
	if err != nil {
		return Image{}, fmt.Errorf("adding the image in %s: %w", srcDir, err)
	}
	if i, err := s.Get(m.id()); err == nil {
		return i, errors.Join(s.touch(i), s.use(i.ID))
	}
	var need int64
	for _, f := range m.Files {
		need += f.Size
	}
	if err := s.checkSpace(need); err != nil {
		return Image{}, fmt.Errorf("adding the image in %s: %w", srcDir, err)
	}
	staging, err := s.stage()
	if err != nil {
		return Image{}, err
	}
	defer staging.discard()
	for _, f := range m.Files {
		if err := s.bring(ctx, root, staging.dir, f, progress); err != nil {
			return Image{}, fmt.Errorf("adding %s from %s: %w", f.Name, srcDir, err)
		}
	}
	return s.commit(staging, m)
}

// manifestIn reads the manifest of an image that is built here.
func manifestIn(root *os.Root) (Manifest, error) {
	f, err := openRegular(root, ManifestName)
	if err != nil {
		return Manifest{}, err
	}
	defer f.Close() //nolint:errcheck // only read
	m, err := parseManifest(f)
	if err != nil {
		return Manifest{}, err
	}
	if m.Trust != "" && m.Trust != TrustLocal {
		return Manifest{}, fmt.Errorf("checking %s: trust %q cannot be claimed by a directory; leave it out, or fetch the image from its publisher", ManifestName, clip(m.Trust))
	}
	m.Trust = TrustLocal
	if err := m.validate(); err != nil {
		return Manifest{}, fmt.Errorf("checking %s: %w", ManifestName, err)
	}
	return m, nil
}

// openRegular opens a plain file of a directory: no link, device or pipe, and
// without waiting on one.
func openRegular(root *os.Root, name string) (*os.File, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a plain file; links and devices are not followed", name)
	}
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if opened, err := f.Stat(); err != nil || !os.SameFile(info, opened) {
		f.Close() //nolint:errcheck // the error below says more
		return nil, fmt.Errorf("%s changed while it was opened", name)
	}
	return f, nil
}

// bring copies one file into a staging directory, unless another image has it.
func (s *Store) bring(ctx context.Context, root *os.Root, dir string, f File, progress func(Progress)) error {
	if s.link(f, filepath.Join(dir, f.Name)) {
		return nil
	}
	return s.noSpace(copyFile(ctx, root, dir, f, progress))
}

// copyFile copies one file into dir and checks what arrives there, so that a
// source that changes meanwhile is noticed.
func copyFile(ctx context.Context, root *os.Root, dir string, want File, progress func(Progress)) error {
	src, err := openRegular(root, want.Name)
	if err != nil {
		return err
	}
	defer src.Close() //nolint:errcheck // only read
	if err := checkFormat(src, want.Format); err != nil {
		return err
	}
	dst, err := os.OpenFile(filepath.Join(dir, want.Name), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer dst.Close() //nolint:errcheck // closed with its error checked below
	h := sha256.New()
	meter := newMeter(progress, Progress{Phase: "copying", File: want.Name, Total: want.Size})
	// A clone shares the blocks and costs nothing; it is read back for the
	// digest. Hard links are not used: whoever writes the source in place would
	// change the store.
	from, to := io.Reader(src), io.Writer(io.MultiWriter(dst, h))
	if cloned(dst, src) {
		from, to = dst, h
	}
	n, err := io.Copy(io.MultiWriter(to, meter), io.LimitReader(contextReader{ctx, from}, want.Size+1))
	if err != nil {
		return err
	}
	meter.finish()
	if err := want.compare(n, hex.EncodeToString(h.Sum(nil))); err != nil {
		return err
	}
	if err := dst.Chmod(0o444); err != nil {
		return err
	}
	return dst.Close()
}

// cloned reports whether a file now shares the blocks of another, which not
// every file system can do.
func cloned(dst, src *os.File) bool {
	return unix.IoctlFileClone(int(dst.Fd()), int(src.Fd())) == nil
}
