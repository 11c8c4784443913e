package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// part is the unfinished download of one file, which survives its process. Its
// lock is held from before the first byte until the image is stored, so that
// whoever waits for it finds the image.
type part struct {
	lock    *os.File // a file of its own, since the part becomes the image's
	file    *os.File
	path    string
	notes   string // file that holds the version
	held    int64  // bytes that an earlier attempt left
	size    int64  // of the whole file, by its index; 0: not published
	version version
}

// version is what the server said of the file whose beginning a part holds.
type version struct {
	URL       string `json:"url"`
	Validator string `json:"validator"`
	Size      int64  `json:"size"`
}

// partKey names the unfinished download of a file. It is the expected digest,
// so that every mirror of the file continues it; without one it is the address.
func partKey(r Remote) string {
	key := r.URL
	switch {
	case r.SHA512 != "":
		key = "sha512 " + strings.ToLower(r.SHA512)
	case r.SHA256 != "":
		key = "sha256 " + strings.ToLower(r.SHA256)
	}
	h := sha256.Sum256([]byte(key))
	return hex.EncodeToString(h[:16])
}

// openPart opens the unfinished download of a file, or starts one. It waits
// while another process works on the same file.
func (s *Store) openPart(ctx context.Context, r Remote) (*part, error) {
	base := filepath.Join(s.dir, "partial", partKey(r))
	for {
		lock, err := os.OpenFile(base+".lock", os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, fmt.Errorf("opening an unfinished download: %w", err)
		}
		if err := waitLock(ctx, lock); err != nil {
			lock.Close() //nolint:errcheck // the error says more
			return nil, err
		}
		if !sameFile(lock, base+".lock") {
			lock.Close() //nolint:errcheck // another process finished it meanwhile; look again
			continue
		}
		p := &part{lock: lock, path: base + ".part", notes: base + ".version"}
		if err := p.load(r); err != nil {
			p.close()
			return nil, fmt.Errorf("opening an unfinished download: %w", err)
		}
		return p, nil
	}
}

// load looks at what an earlier attempt left.
func (p *part) load(r Remote) error {
	var err error
	if p.file, err = os.OpenFile(p.path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	if text, err := os.ReadFile(p.notes); err == nil {
		json.Unmarshal(text, &p.version) //nolint:errcheck // what cannot be read is as good as none
	}
	if p.version.URL != r.URL { // of a mirror, whose words mean nothing here
		p.version = version{URL: r.URL}
	}
	if p.size = r.Size; p.size > 0 {
		p.version.Size = p.size
	}
	if err := p.reload(); err != nil {
		return err
	}
	if tooMuch := p.version.Size > 0 && p.held > p.version.Size; tooMuch || !r.exact() && p.version.Validator == "" {
		return p.reset()
	}
	return nil
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

// note remembers which version of the file is being taken.
func (p *part) note(validator string, size int64) error {
	p.version.Validator, p.version.Size = validator, size
	text, err := json.Marshal(p.version)
	if err != nil {
		return err
	}
	return os.WriteFile(p.notes, text, 0o600)
}

// reload looks again at what is held, after an attempt that added to it.
func (p *part) reload() error {
	info, err := p.file.Stat()
	if err != nil {
		return err
	}
	p.held = info.Size()
	return nil
}

// reset throws away what is held.
func (p *part) reset() error {
	p.held, p.version.Validator, p.version.Size = 0, "", p.size
	os.Remove(p.notes) //nolint:errcheck // may not be there
	return p.file.Truncate(0)
}

// take moves the finished download to its place in an image.
func (p *part) take(target string) error {
	if err := os.Rename(p.path, target); err != nil {
		return err
	}
	os.Remove(p.notes) //nolint:errcheck // of no use now
	return nil
}

// drop removes a download whose content is elsewhere now.
func (p *part) drop() {
	os.Remove(p.path)  //nolint:errcheck // Sweep tries again, much later
	os.Remove(p.notes) //nolint:errcheck // may not be there
}

// close ends the work on the file and frees it for other processes. A part
// without a byte is of no use and goes.
func (p *part) close() {
	if p.file != nil {
		if info, err := p.file.Stat(); err == nil && info.Size() == 0 && sameFile(p.file, p.path) {
			p.drop()
		}
		p.file.Close() //nolint:errcheck // only worth what its digest says
	}
	os.Remove(p.lock.Name()) //nolint:errcheck // only tidying; who waits for it looks again
	p.lock.Close()           //nolint:errcheck // closing releases
}
