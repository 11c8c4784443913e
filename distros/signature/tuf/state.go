package tuf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
)

// files are metadata by the name they are kept under.
type files map[string][]byte

// load reads what an earlier run trusted. What is missing was never trusted.
func load(dir string) (files, error) {
	kept := files{}
	if dir == "" {
		return kept, nil
	}
	for _, name := range []string{rootFile, timestampFile, snapshotFile, targetsFile} {
		data, err := readKept(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading the metadata kept from before: %w", err)
		}
		kept[name] = data
	}
	return kept, nil
}

func readKept(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	return io.ReadAll(io.LimitReader(f, maxTargets+1))
}

// same reports whether two runs keep the same.
func (f files) same(other files) bool { return maps.EqualFunc(f, other, bytes.Equal) }

// save keeps what this run trusts: each file whole or not at all, the root
// first, so that whatever a crash leaves still fits together.
func (f files) save(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("keeping trusted metadata: %w", err)
	}
	for _, name := range []string{rootFile, timestampFile, snapshotFile, targetsFile} {
		if err := replace(dir, name, f[name]); err != nil {
			return fmt.Errorf("keeping trusted metadata: %w", err)
		}
	}
	return nil
}

// replace writes a file beside its place and moves it there.
func replace(dir, name string, data []byte) error {
	f, err := os.CreateTemp(dir, "."+name+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone when all went well
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}
