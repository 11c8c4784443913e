package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"distrolab/distros/image"
)

// Store is a directory of bundles, one of each version. Processes may use it at
// the same time: a bundle appears and goes in one step.
type Store struct {
	dir string
}

// OpenStore opens the store in a directory, which is made if need be.
func OpenStore(dir string) (*Store, error) {
	if err := os.MkdirAll(filepath.Join(dir, stagingName), 0o711); err != nil {
		return nil, fmt.Errorf("opening the store of Kubernetes: %w", err)
	}
	return &Store{dir: dir}, nil
}

// stagingName is the directory in which bundles come to be.
const stagingName = ".staging"

// Dir is where the store is.
func (s *Store) Dir() string { return s.dir }

// NotStoredError says that the store has no such bundle.
type NotStoredError struct {
	Version string // empty: it has none at all
}

func (e *NotStoredError) Error() string {
	if e.Version == "" {
		return "there is no Kubernetes in the store"
	}
	return fmt.Sprintf("there is no Kubernetes %s in the store", e.Version)
}

// Unwrap lets errors.Is find [fs.ErrNotExist].
func (e *NotStoredError) Unwrap() error { return fs.ErrNotExist }

// Get opens the bundle of a version. The error is a [*NotStoredError] if there is
// none.
func (s *Store) Get(version string) (Bundle, error) {
	if err := CheckVersion(version); err != nil {
		return Bundle{}, err
	}
	place := filepath.Join(s.dir, version)
	for {
		before, err := os.Lstat(place)
		if errors.Is(err, fs.ErrNotExist) {
			return Bundle{}, &NotStoredError{version}
		}
		if err != nil {
			return Bundle{}, fmt.Errorf("opening Kubernetes %s: %w", version, err)
		}
		b, err := Open(place)
		if err == nil {
			return b, nil
		}
		// One that was replaced while it was read is not damaged.
		if after, gone := os.Lstat(place); gone == nil && os.SameFile(before, after) {
			return Bundle{}, err
		}
	}
}

// Versions are the versions of the bundles, damaged ones too: releases before
// previews, and of each the newest first.
func (s *Store) Versions() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("reading the store of Kubernetes: %w", err)
	}
	var versions []string
	for _, e := range entries {
		if e.IsDir() && CheckVersion(e.Name()) == nil {
			versions = append(versions, e.Name())
		}
	}
	slices.SortFunc(versions, func(a, b string) int {
		if x, y := preview(a), preview(b); x != y {
			return cmp.Compare(x, y)
		}
		return CompareVersions(b, a)
	})
	return versions, nil
}

// preview is 1 for a version that is no release, such as v1.37.0-rc.1.
func preview(version string) int { return min(strings.Count(version, "-"), 1) }

// List opens every bundle, in the order of [Store.Versions]. The error names those that are
// damaged; the others are returned all the same.
func (s *Store) List() ([]Bundle, error) {
	versions, err := s.Versions()
	if err != nil {
		return nil, err
	}
	var list []Bundle
	var bad []error
	for _, v := range versions {
		b, err := s.Get(v)
		if err != nil {
			bad = append(bad, err)
			continue
		}
		list = append(list, b)
	}
	return list, errors.Join(bad...)
}

// Newest opens the first of [Store.Versions]. The
// error is a [*NotStoredError] if there is none.
func (s *Store) Newest() (Bundle, error) {
	versions, err := s.Versions()
	if err != nil {
		return Bundle{}, err
	}
	if len(versions) == 0 {
		return Bundle{}, &NotStoredError{}
	}
	return s.Get(versions[0])
}

// Remove removes the bundle of a version, damaged or not. A lab that serves it
// has nothing to serve any more.
func (s *Store) Remove(version string) error {
	if err := CheckVersion(version); err != nil {
		return err
	}
	gone, err := s.stage()
	if err != nil {
		return err
	}
	defer gone.discard()
	err = os.Rename(filepath.Join(s.dir, version), filepath.Join(gone.dir, version))
	if errors.Is(err, fs.ErrNotExist) {
		return &NotStoredError{version}
	}
	if err != nil {
		return fmt.Errorf("removing Kubernetes %s: %w", version, err)
	}
	return nil
}

// Import copies the bundle in a directory into the store and checks every part
// of it on the way: nothing is stored whose digest is wrong, that a link leads
// to, or that bundle.json does not name. A bundle of the same version is
// replaced, unless it is the same. Progress may be nil.
func (s *Store) Import(ctx context.Context, dir string, progress func(image.Progress)) (Bundle, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Bundle{}, fmt.Errorf("importing Kubernetes: %w", err)
	}
	defer root.Close() //nolint:errcheck // only read
	from, err := read(root)
	if err != nil {
		return Bundle{}, fmt.Errorf("importing Kubernetes from %s: %w", dir, err)
	}
	if have, ok := s.has(from); ok {
		return have, nil
	}
	if err := s.checkSpace(from.Bytes()); err != nil {
		return Bundle{}, fmt.Errorf("importing Kubernetes from %s: %w", dir, err)
	}
	st, err := s.stage()
	if err != nil {
		return Bundle{}, err
	}
	defer st.discard()
	if err := from.copyTo(ctx, root, st.dir, progress); err != nil {
		return Bundle{}, fmt.Errorf("importing Kubernetes from %s: %w", dir, err)
	}
	return s.commit(st, from)
}

// has gives the bundle of the store that is the same as another.
func (s *Store) has(b Bundle) (Bundle, bool) {
	have, err := s.Get(b.Manifest.Version)
	return have, err == nil && have.same(b)
}

// checkSpace refuses what the file system has no room for.
func (s *Store) checkSpace(need int64) error {
	const spare = 256 << 20
	var st syscall.Statfs_t
	if err := syscall.Statfs(s.dir, &st); err != nil {
		return fmt.Errorf("asking for free space in %s: %w", s.dir, err)
	}
	if free := int64(st.Bavail) * st.Bsize; free < need+spare {
		return &image.NoSpaceError{Dir: s.dir, Need: need + spare, Free: free}
	}
	return nil
}

// staging is a directory in which a bundle comes to be or goes. Its lock tells
// the work of a living process from what a killed one left.
type staging struct {
	dir  string
	lock *os.File
}

func (s *Store) stage() (*staging, error) {
	s.sweep()
	dir, err := os.MkdirTemp(filepath.Join(s.dir, stagingName), "bundle-")
	if err != nil {
		return nil, fmt.Errorf("preparing the store of Kubernetes: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, fmt.Errorf("preparing the store of Kubernetes: %w", err)
	}
	return &staging{dir, lock}, nil
}

func (st *staging) discard() {
	os.RemoveAll(st.dir) //nolint:errcheck // the next one sweeps
	st.lock.Close()      //nolint:errcheck // closing releases
}

func lockDir(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close() //nolint:errcheck // the error says more
		return nil, err
	}
	return f, nil
}

// sweep removes what killed processes left. What is younger than a minute may
// not be locked yet.
func (s *Store) sweep() {
	top := filepath.Join(s.dir, stagingName)
	entries, _ := os.ReadDir(top) // what cannot be read cannot be swept
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		lock, err := lockDir(filepath.Join(top, e.Name()))
		if err != nil {
			continue // a living process works there
		}
		os.RemoveAll(filepath.Join(top, e.Name())) //nolint:errcheck // the next one tries again
		lock.Close()                               //nolint:errcheck // closing releases
	}
}

// commit puts a whole bundle in its place. What was there before changes places
// with it in one step, and goes with the staging directory; the same bundle,
// which another process was faster with, stays.
func (s *Store) commit(st *staging, b Bundle) (Bundle, error) {
	if have, ok := s.has(b); ok {
		return have, nil
	}
	version := b.Manifest.Version
	place := filepath.Join(s.dir, version)
	err := os.Chmod(st.bundle(), 0o755)
	if err == nil {
		err = os.Rename(st.bundle(), place)
	}
	if errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.ENOTEMPTY) {
		err = unix.Renameat2(unix.AT_FDCWD, st.bundle(), unix.AT_FDCWD, place, unix.RENAME_EXCHANGE)
	}
	if errors.Is(err, unix.EINVAL) { // the file system cannot exchange: for a moment there is none
		err = errors.Join(os.Rename(place, filepath.Join(st.dir, "before")), os.Rename(st.bundle(), place))
	}
	if err != nil {
		return Bundle{}, fmt.Errorf("storing Kubernetes %s: %w", version, err)
	}
	return s.Get(version)
}

// bundle is where the new one lies within the staging directory.
func (st *staging) bundle() string { return filepath.Join(st.dir, "bundle") }

// CompareVersions orders versions of Kubernetes: previews come before their
// release. What is no version comes first.
func CompareVersions(a, b string) int {
	x, y := versionKey(a), versionKey(b)
	return slices.Compare(x[:], y[:])
}

// versionKey are the numbers of a version, with the kind of preview between.
func versionKey(version string) [5]int {
	var key [5]int
	if CheckVersion(version) != nil {
		return key
	}
	release, preview, is := strings.Cut(version[1:], "-")
	for i, part := range strings.Split(release, ".") {
		key[i], _ = strconv.Atoi(part) // the pattern has digits there
	}
	kind, number, _ := strings.Cut(preview, ".")
	key[3] = map[string]int{"alpha": 1, "beta": 2, "rc": 3}[kind]
	if !is {
		key[3] = 4
	}
	key[4], _ = strconv.Atoi(cmp.Or(number, "0"))
	return key
}
