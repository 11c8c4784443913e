package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"distrolab/distros/web"
)

// part is the unfinished download of one file. It is locked while a process
// works on it, and survives that process.
type part struct {
	file    *os.File
	path    string
	note    string // file that holds the validator
	held    int64
	version string // validator of the bytes held
}

// openPart opens the unfinished download of a file, or starts one. It waits
// while another process works on the same file.
func (s *Store) openPart(ctx context.Context, r Remote) (*part, error) {
	key := sha256.Sum256([]byte(r.URL + "\n" + r.SHA256 + "\n" + r.SHA512))
	base := filepath.Join(s.dir, "partial", hex.EncodeToString(key[:16]))
	for {
		f, err := os.OpenFile(base+".part", os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, fmt.Errorf("opening an unfinished download: %w", err)
		}
		if err := waitLock(ctx, f); err != nil {
			f.Close() //nolint:errcheck // the error says more
			return nil, err
		}
		if sameFile(f, base+".part") {
			return loadPart(f, base)
		}
		f.Close() //nolint:errcheck // another process finished it meanwhile; look again
	}
}

func loadPart(f *os.File, base string) (*part, error) {
	info, err := f.Stat()
	if err != nil {
		f.Close() //nolint:errcheck // the error says more
		return nil, fmt.Errorf("opening an unfinished download: %w", err)
	}
	p := &part{file: f, path: base + ".part", note: base + ".version", held: info.Size()}
	if version, err := os.ReadFile(p.note); err == nil {
		p.version = string(version)
	}
	return p, nil
}

// waitLock takes the lock of a file; a second process waits here for the first.
func waitLock(ctx context.Context, f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("locking an unfinished download: %w", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func sameFile(f *os.File, path string) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(opened, there)
}

// download starts reading the file from its first byte.
func (p *part) download(ctx context.Context, client *web.Client, r Remote, progress func(Progress)) *download {
	return &download{
		ctx: ctx, client: client, url: r.URL, size: r.Size, limit: maxServedBytes,
		part: p.file, held: p.held, validator: p.version, remember: p.remember,
		meter: func(phase string, done, total int64) *meter {
			return newMeter(progress, Progress{Phase: phase, File: fileName(r.URL), Done: done, Total: total})
		},
	}
}

func (p *part) remember(version string) error {
	p.version = version
	return os.WriteFile(p.note, []byte(version), 0o600)
}

// reset throws away what is held.
func (p *part) reset() error {
	p.held, p.version = 0, ""
	os.Remove(p.note) //nolint:errcheck // may not be there
	return p.file.Truncate(0)
}

// settle makes the finished file part of an image: an uncompressed download is
// moved there, a compressed one was unpacked there and is thrown away.
func (p *part) settle(target, compression string, f File) error {
	if compression == "" {
		if err := os.Rename(p.path, target); err != nil {
			return err
		}
	}
	os.Remove(p.path) //nolint:errcheck // moved, or of no use now
	os.Remove(p.note) //nolint:errcheck // may not be there
	out, err := os.OpenFile(target, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer out.Close() //nolint:errcheck // sealed below, with its errors
	if err := checkFormat(out, f.Format); err != nil {
		return err
	}
	return seal(out)
}

// close ends the work on the file and frees it for other processes. A part
// without a byte is of no use and goes.
func (p *part) close() {
	info, err := p.file.Stat()
	if err == nil && info.Size() == 0 && sameFile(p.file, p.path) {
		os.Remove(p.path) //nolint:errcheck // only tidying
		os.Remove(p.note) //nolint:errcheck // may not be there
	}
	p.file.Close() //nolint:errcheck // its content is synced where it counts
}
