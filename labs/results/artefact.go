package results

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// artefactsDirectory holds raw logs: ab/cdef… is the one of digest abcdef…
const artefactsDirectory = "artefacts"

// Bounds on raw logs. A boot writes some 100 KiB to its console.
const (
	maxArtefact = 1 << 30
	maxName     = 255
)

// keep puts content into the store, as the named artefact of a session. Digest
// and size of the file are filled in.
func (s *Store) keep(ctx context.Context, session int64, file *File, content io.Reader) error {
	if err := checkFileName(file.Name); err != nil {
		return err
	}
	staged, err := s.stage(file, content)
	if err != nil {
		return err
	}
	defer os.Remove(staged) // it is there no more once it has its place
	// Its place is taken inside the transaction: nobody can delete a file of that
	// content, that nothing named before, between the two.
	return s.change(ctx, "naming it", func(tx *sql.Tx) error {
		if err := s.settle(staged, file.SHA256); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM garbage WHERE sha256 = ?", file.SHA256); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO artefact (session, name, kind, sha256, bytes) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (session, name) DO UPDATE SET kind = excluded.kind, sha256 = excluded.sha256, bytes = excluded.bytes`,
			session, file.Name, file.Kind, file.SHA256, file.Bytes)
		return err
	})
}

// stage copies content to the disk of the store and finds its digest out.
func (s *Store) stage(file *File, content io.Reader) (path string, err error) {
	dir := filepath.Join(s.dir, artefactsDirectory)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	file.Bytes, err = io.Copy(io.MultiWriter(f, sum), io.LimitReader(content, maxArtefact+1))
	if err == nil && file.Bytes > maxArtefact {
		err = fmt.Errorf("it is larger than %d bytes", maxArtefact)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	file.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return f.Name(), nil
}

// settle gives a staged file its place by its digest.
func (s *Store) settle(staged, digest string) error {
	path := s.artefact(digest)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.Rename(staged, path); err != nil {
		return err
	}
	return errors.Join(syncDir(filepath.Dir(path)), syncDir(filepath.Dir(filepath.Dir(path))))
}

func (s *Store) artefact(digest string) string {
	return filepath.Join(s.dir, artefactsDirectory, digest[:2], digest[2:])
}

// Artefact opens a raw log by its SHA-256. Reading it to its end fails when it
// is no longer what was kept.
func (s *Store) Artefact(_ context.Context, digest string) (io.ReadCloser, error) {
	if raw, err := hex.DecodeString(digest); err != nil || len(raw) != sha256.Size || strings.ToLower(digest) != digest {
		return nil, fmt.Errorf("reading a raw log: %q is no SHA-256", bounded(digest))
	}
	f, err := openRegular(s.artefact(digest))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("reading a raw log: the store has none of SHA-256 %s: %w", digest, err)
	}
	if err != nil {
		return nil, fmt.Errorf("reading a raw log: %w", err)
	}
	return &checkedFile{File: f, sum: sha256.New(), want: digest}, nil
}

// checkedFile is a file whose content must have a digest.
type checkedFile struct {
	*os.File
	sum  hash.Hash
	want string
}

// Read implements [io.Reader].
func (f *checkedFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.sum.Write(p[:n])
	if errors.Is(err, io.EOF) && hex.EncodeToString(f.sum.Sum(nil)) != f.want {
		return n, fmt.Errorf("%s was changed since it was kept", f.Name())
	}
	return n, err
}

// WriteTo hides that of [os.File], which would not look at the content.
func (f *checkedFile) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{f})
}

// checkFileName refuses names that lead out of a session's directory, or that
// stand for its records.
func checkFileName(name string) error {
	switch {
	case len(name) > maxName || !printable(name) || !filepath.IsLocal(name) || filepath.Clean(name) != name:
		return fmt.Errorf("%q cannot be the name of a raw log", bounded(name))
	case !strings.Contains(name, "/"):
		return fmt.Errorf("%q is no name of a raw log: those lie in a directory of the session's, such as logs", bounded(name))
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("syncing %s: %w", dir, err)
	}
	return errors.Join(d.Sync(), d.Close())
}
