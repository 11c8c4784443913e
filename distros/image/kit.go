package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A kit is a directory that carries images to a machine without network: one
// directory for each image with its files and image.json, and kit.json, which
// lists every file with its digest. An image that kit.json does not list was
// never finished.

// KitName is the index of a kit.
const KitName = "kit.json"

// KitSchema is the schema name of [KitName].
const KitSchema = "distrolab.kit/1"

// The limits of an index that we read.
const (
	maxKitBytes  = 1 << 20
	maxKitImages = 1000
)

// Kit is what a kit holds.
type Kit struct {
	Schema string     `json:"schema"` // [KitSchema]
	Packed time.Time  `json:"packed"` // last time something was added
	Images []KitImage `json:"images"`
}

// KitImage is one image of a kit; its directory has the name of its address.
type KitImage struct {
	ID    string    `json:"id"`
	Files []KitFile `json:"files"` // image.json among them
}

// KitFile is one file of an image of a kit.
type KitFile struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// WriteKit packs images into a directory, which may be a kit already. Files are
// clones or hard links where the file systems allow it, else copies, which are
// compared with their digests on the way. The index is written after each
// image, so what an interrupted packing left is no image yet, and the same call
// goes on with it. Progress may be nil.
func (s *Store) WriteKit(ctx context.Context, dir string, ids []string, progress func(Progress)) (Kit, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Kit{}, fmt.Errorf("packing a kit: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return Kit{}, fmt.Errorf("packing a kit: %s cannot be locked, perhaps another distrolab packs there: %w", dir, err)
	}
	defer lock.Close() //nolint:errcheck // closing releases
	kit, err := beganKit(dir)
	if err != nil {
		return Kit{}, fmt.Errorf("packing a kit in %s: %w", dir, err)
	}
	for _, id := range ids {
		if slices.ContainsFunc(kit.Images, func(i KitImage) bool { return i.ID == id && i.packed(dir) }) {
			continue
		}
		packed, err := s.pack(ctx, dir, id, progress)
		if err != nil {
			return Kit{}, fmt.Errorf("packing %s into %s: %w", clip(id), dir, err)
		}
		kit.Images = append(slices.DeleteFunc(kit.Images, func(i KitImage) bool { return i.ID == id }), packed)
		kit.Packed = s.now().UTC()
		if err := kit.write(dir); err != nil {
			return Kit{}, fmt.Errorf("packing %s into %s: %w", id, dir, err)
		}
	}
	return kit, nil
}

// beganKit reads the index of a kit that more is added to, and removes what an
// interrupted packing left.
func beganKit(dir string) (Kit, error) {
	left, err := filepath.Glob(filepath.Join(dir, ".packing-*"))
	if err != nil {
		return Kit{}, err
	}
	for _, path := range left {
		if err := os.RemoveAll(path); err != nil {
			return Kit{}, err
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Kit{}, err
	}
	defer root.Close() //nolint:errcheck // only read
	kit, err := kitIn(root)
	if errors.Is(err, fs.ErrNotExist) {
		return Kit{Schema: KitSchema}, nil
	}
	return kit, err
}

// packed reports whether the files of an image are there in their sizes.
func (i KitImage) packed(dir string) bool {
	for _, f := range i.Files {
		info, err := os.Lstat(filepath.Join(dir, i.ID, f.Name))
		if err != nil || !info.Mode().IsRegular() || info.Size() != f.Size {
			return false
		}
	}
	return true
}

// pack puts one image into a kit's directory in one step.
func (s *Store) pack(ctx context.Context, dir, id string, progress func(Progress)) (KitImage, error) {
	release, err := s.Hold(id)
	if err != nil {
		return KitImage{}, err
	}
	defer release()
	i, err := s.Get(id)
	if err != nil {
		return KitImage{}, err
	}
	tmp, err := os.MkdirTemp(dir, ".packing-")
	if err != nil {
		return KitImage{}, err
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // the next packing tries again
	packed := KitImage{ID: id}
	for role, f := range i.Manifest.Files {
		if err := s.packFile(ctx, i.Path(role), filepath.Join(tmp, f.Name), f, progress); err != nil {
			return KitImage{}, fmt.Errorf("%s: %w", f.Name, err)
		}
		packed.Files = append(packed.Files, KitFile{Name: f.Name, SHA256: f.SHA256, Size: f.Size})
	}
	if err := writeManifest(tmp, i.Manifest); err != nil {
		return KitImage{}, err
	}
	text, err := os.ReadFile(filepath.Join(tmp, ManifestName))
	if err != nil {
		return KitImage{}, err
	}
	sum := sha256.Sum256(text)
	packed.Files = append(packed.Files, KitFile{Name: ManifestName, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(text))})
	final := filepath.Join(dir, id)
	os.Chmod(tmp, 0o755) //nolint:errcheck // not every medium knows modes
	return packed, errors.Join(os.RemoveAll(final), os.Rename(tmp, final))
}

// packFile brings one file into a kit and waits until the medium has it, since
// somebody will pull it out.
func (s *Store) packFile(ctx context.Context, from, to string, f File, progress func(Progress)) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close() //nolint:errcheck // only read
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer dst.Close() //nolint:errcheck // closed with its error checked below
	if !cloned(dst, src) {
		if err := os.Remove(to); err != nil {
			return err
		}
		if os.Link(from, to) == nil {
			return src.Sync()
		}
		if dst, err = s.copyOut(ctx, src, to, f, progress); err != nil {
			return err
		}
	}
	dst.Chmod(0o444) //nolint:errcheck // not every medium knows modes
	return errors.Join(dst.Sync(), dst.Close())
}

// copyOut copies a file to another file system and compares its digest.
func (s *Store) copyOut(ctx context.Context, src io.Reader, to string, f File, progress func(Progress)) (*os.File, error) {
	if free, err := s.free(filepath.Dir(to)); err != nil || free < f.Size {
		return nil, errors.Join(err, &NoSpaceError{Dir: filepath.Dir(to), Need: f.Size, Free: free})
	}
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	sum, file := sha256.New(), newSparseFile(dst, 0)
	meter := newMeter(progress, Progress{Phase: "copying", File: f.Name, Total: f.Size})
	n, err := io.Copy(io.MultiWriter(file, sum, meter), contextReader{ctx, src})
	meter.finish()
	if err == nil {
		err = errors.Join(file.finish(), f.compare(n, hexOf(sum)))
	}
	if err != nil {
		dst.Close() //nolint:errcheck // the error says more
		return nil, err
	}
	return dst, nil
}

// write replaces the index in one step.
func (k Kit) write(dir string) error {
	text, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".packing-")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // moved, or of no use
	tmp.Chmod(0o644)            //nolint:errcheck // not every medium knows modes
	_, err = tmp.Write(append(text, '\n'))
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), filepath.Join(dir, KitName))
}
