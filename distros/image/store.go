package image

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Store is a directory of verified images, addressed by their content. Several
// processes may use one directory at the same time.
//
// Below the directory: images/ID holds image.json and the files, all read-only;
// staging/ what is being added; pins/ID/WHO and locks/ID protect images in use,
// and the time of a lock is when its image was last used; partial/ unfinished
// downloads; fresh/ID images that may not be on the disk yet. A file that
// several images have is stored once: they are links to it.
type Store struct {
	dir   string
	now   func() time.Time
	boot  func() string                                 // id of this boot of the machine
	free  func(dir string) (int64, error)               // bytes that may still be written
	retry func(ctx context.Context, failures int) error // waits before a download is tried again
	bombs bombs                                         // how much may come out of a compressed stream
}

// Image is an image in the store.
type Image struct {
	ID       string    `json:"id"`  // address: catalog name and 16 hexadecimal digits
	Dir      string    `json:"dir"` // absolute directory of the files
	Added    time.Time `json:"added"`
	Used     time.Time `json:"used"` // last time it was held, pinned or asked for
	Manifest Manifest  `json:"manifest"`
}

// Path is the absolute path of the file of a role; empty if the image has none.
func (i Image) Path(role string) string {
	f, ok := i.Manifest.Files[role]
	if !ok {
		return ""
	}
	return filepath.Join(i.Dir, f.Name)
}

// Disk reads the header of the image's disk, for the virtual size an overlay
// needs. The error matches [fs.ErrNotExist] if the image has no disk.
func (i Image) Disk() (Disk, error) {
	f, ok := i.Manifest.Files[RoleDisk]
	if !ok {
		return Disk{}, fmt.Errorf("reading the disk of %s: it has none, but %s: %w", i.ID, strings.Join(slices.Sorted(maps.Keys(i.Manifest.Files)), " and "), fs.ErrNotExist)
	}
	if f.Format == "raw" {
		return Disk{Path: i.Path(RoleDisk), Format: f.Format, VirtualSize: f.Size}, nil
	}
	file, err := os.Open(i.Path(RoleDisk))
	if err != nil {
		return Disk{}, fmt.Errorf("reading the disk of %s: %w", i.ID, err)
	}
	defer file.Close() //nolint:errcheck // only read
	header, err := ReadQCOW2(file)
	if err != nil {
		return Disk{}, fmt.Errorf("reading the disk of %s: %w", i.ID, err)
	}
	return Disk{Path: i.Path(RoleDisk), Format: f.Format, VirtualSize: header.VirtualSize}, nil
}

// Disk is an image's disk, ready to back an overlay.
type Disk struct {
	Path        string // absolute
	Format      string // "qcow2" or "raw"
	VirtualSize int64  // bytes the guest sees
}

// Open opens the store in a directory and creates it if it is not there.
func Open(dir string) (*Store, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the image store: %w", err)
	}
	for _, sub := range []string{"images", "staging", "pins", "locks", "partial", "fresh"} {
		// 0755: on the system daemon QEMU runs as another user and must reach the files.
		if err := os.MkdirAll(filepath.Join(abs, sub), 0o755); err != nil {
			return nil, fmt.Errorf("opening the image store: %w; choose a directory you can write", err)
		}
	}
	return &Store{dir: abs, now: time.Now, boot: bootID, free: freeBytes, retry: backOff, bombs: bombs{plain: 8 << 30, ratio: 100}}, nil
}

// Dir is the absolute directory of the store.
func (s *Store) Dir() string { return s.dir }

// Get returns an image by its address. The error matches [fs.ErrNotExist] if
// the store does not hold it.
func (s *Store) Get(id string) (Image, error) {
	if !isID(id) {
		return Image{}, fmt.Errorf("finding image %q: not an image address: %w", clip(id), fs.ErrNotExist)
	}
	dir := filepath.Join(s.dir, "images", id)
	f, err := os.Open(filepath.Join(dir, ManifestName))
	if err != nil {
		return Image{}, fmt.Errorf("finding image %s: %w", id, err)
	}
	defer f.Close() //nolint:errcheck // only read
	m, err := readManifest(f)
	if err != nil {
		return Image{}, fmt.Errorf("finding image %s: %w", id, err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return Image{}, fmt.Errorf("finding image %s: %w", id, err)
	}
	return Image{ID: id, Dir: dir, Added: info.ModTime(), Used: s.lastUse(id, info.ModTime()), Manifest: m}, nil
}

// List returns every readable image, the newest first. An image that cannot be
// read does not hide the others; the error, if any, names each of those.
func (s *Store) List() ([]Image, error) { return s.list("") }

// list is List for the images of one system, or of all.
func (s *Store) list(distro string) ([]Image, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "images"))
	if err != nil {
		return nil, fmt.Errorf("listing images: %w", err)
	}
	var images []Image
	var bad []error
	for _, e := range entries {
		if name := e.Name(); distro != "" && (!isID(name) || name[:len(name)-17] != distro) {
			continue
		}
		i, err := s.Get(e.Name())
		switch {
		case err == nil:
			images = append(images, i)
		case !errors.Is(err, fs.ErrNotExist): // removed in between by another process
			bad = append(bad, err)
		}
	}
	slices.SortFunc(images, newerFirst)
	return images, errors.Join(bad...)
}

// newerFirst orders by when an image was built or published, then by when it
// was added, then by address.
func newerFirst(a, b Image) int {
	return cmp.Or(
		b.Manifest.Created.Compare(a.Manifest.Created),
		b.Added.Compare(a.Added),
		cmp.Compare(a.ID, b.ID))
}

// Newest returns the newest image of a system. The error matches
// [fs.ErrNotExist] if there is none.
func (s *Store) Newest(distro, arch string) (Image, error) {
	images, err := s.List()
	for _, i := range images {
		if i.Manifest.Distro == distro && i.Manifest.Arch == arch {
			return i, nil
		}
	}
	return Image{}, errors.Join(fmt.Errorf("finding an image of %s for %s: the store has none: %w", clip(distro), clip(arch), fs.ErrNotExist), err)
}

// VerifyFiles reads every file of an image again and compares it with the
// manifest, for a disk that forgets or a person who edits.
func (s *Store) VerifyFiles(ctx context.Context, id string) error {
	i, err := s.Get(id)
	if err != nil {
		return err
	}
	var bad []error
	for role, f := range i.Manifest.Files {
		if err := verifyFile(ctx, i.Path(role), f); err != nil {
			bad = append(bad, fmt.Errorf("verifying %s of %s: %w", f.Name, id, err))
		}
	}
	return errors.Join(bad...)
}

func verifyFile(ctx context.Context, path string, want File) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	h := sha256.New()
	n, err := io.Copy(h, contextReader{ctx, f})
	if err != nil {
		return err
	}
	return want.compare(n, hex.EncodeToString(h.Sum(nil)))
}

// compare says how a file differs from its manifest; nil if it does not.
func (f File) compare(size int64, sum string) error {
	if size != f.Size {
		return fmt.Errorf("has %d bytes, but its manifest says %d; the copy was cut off or changed", size, f.Size)
	}
	if sum != f.SHA256 {
		return fmt.Errorf("has sha256 %s, but its manifest says %s; the file was changed", sum, f.SHA256)
	}
	return nil
}

// contextReader ends a long copy when its context does.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
