package image

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"distrolab/distros/web"
)

// Spec says what to fetch and what is to be noted of it.
type Spec struct {
	Manifest  Manifest // distro, version, arch, origin, verdict, command line; Files is filled in
	Remotes   []Remote // the files
	PlainHTTP bool     // allow http: only when the person named a plain mirror
}

// Remote is one file on a server.
type Remote struct {
	Role           string
	URL            string
	Format         string // of the unpacked file, see the roles
	Compression    string // one of [Compressions]
	SHA256         string // of the bytes as served, hexadecimal; this or SHA512 is required
	SHA512         string // of the bytes as served, hexadecimal
	UnpackedSHA256 string // of the unpacked file, where the publisher gives it
	Size           int64  // bytes as served; 0: not published
}

// DigestError says that a file is not the one its index describes.
type DigestError struct {
	URL  string
	Kind string // "sha256", "sha512" or "sha256 of the unpacked file"
	Want string
	Got  string
}

// Error says what it means and what to do.
func (e *DigestError) Error() string {
	return fmt.Sprintf("%s has %s %s, but its index says %s: it was changed or damaged on the way and was thrown away; try again, and do not use it if this repeats",
		e.URL, e.Kind, e.Got, e.Want)
}

// Fetch downloads an image, verifies and unpacks it in one pass over the bytes,
// and stores it. A download that was cut continues where it stopped, also in a
// later process. If the store already has an image of the same distro, version
// and architecture, that one is returned and the network is not asked.
// Progress may be nil.
func (s *Store) Fetch(ctx context.Context, client *http.Client, spec Spec, progress func(Progress)) (Image, error) {
	if i, ok := s.held(spec.Manifest); ok {
		return i, nil
	}
	staging, err := s.stage()
	if err != nil {
		return Image{}, err
	}
	defer staging.discard()
	m := spec.Manifest
	m.Schema, m.Files = Schema, map[string]File{}
	guarded := web.New(client, spec.PlainHTTP)
	for _, remote := range spec.Remotes {
		f, err := s.fetchFile(ctx, guarded, m, remote, staging.dir, progress)
		if errors.Is(err, errHeld) {
			i, _ := s.held(m)
			return i, nil
		}
		if err != nil {
			return Image{}, fmt.Errorf("fetching %s %s: %w", m.Distro, m.Version, err)
		}
		m.Files[remote.Role] = f
	}
	if err := m.validate(); err != nil {
		return Image{}, fmt.Errorf("fetching %s %s: %w", clip(m.Distro), clip(m.Version), err)
	}
	return s.commit(staging, m)
}

// errHeld says that another process stored the image while we waited for it.
var errHeld = errors.New("the store has it by now")

// held finds an image of the same version.
func (s *Store) held(m Manifest) (Image, bool) {
	images, _ := s.List() //nolint:errcheck // a damaged image is as good as none
	for _, i := range images {
		if i.Manifest.Distro == m.Distro && i.Manifest.Version == m.Version && i.Manifest.Arch == m.Arch {
			return i, true
		}
	}
	return Image{}, false
}

// fetchFile brings one file into dir, starting over when the server's file
// changed under a part that was left from before.
func (s *Store) fetchFile(ctx context.Context, client *web.Client, m Manifest, r Remote, dir string, progress func(Progress)) (File, error) {
	name := fileName(r.URL)
	if r.Compression != "" {
		name = strings.TrimSuffix(name, "."+r.Compression)
	}
	if !plainName(name) {
		return File{}, fmt.Errorf("%s does not end in a plain file name", r.URL)
	}
	if r.SHA256 == "" && r.SHA512 == "" {
		return File{}, fmt.Errorf("%s has no published digest, so it cannot be verified", r.URL)
	}
	part, err := s.openPart(ctx, r)
	if err != nil {
		return File{}, err
	}
	defer part.close()
	if _, ok := s.held(m); ok {
		return File{}, errHeld
	}
	for attempt := 1; ; attempt++ {
		f, err := s.take(ctx, client, r, part, filepath.Join(dir, name), progress)
		if err == nil {
			return f, nil
		}
		var wrong *DigestError
		changed := errors.Is(err, errChanged)
		if changed || errors.As(err, &wrong) {
			if e := part.reset(); e != nil {
				return File{}, errors.Join(err, e)
			}
		}
		if !changed || attempt == 3 {
			return File{}, noSpace(dir, err)
		}
	}
}

// fileName is the last part of an address's path; empty if there is none.
func fileName(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return path.Base(u.Path)
}

// take is one pass over the bytes: it hashes them as served, unpacks them,
// hashes the unpacked file and writes it.
func (s *Store) take(ctx context.Context, client *web.Client, r Remote, part *part, target string, progress func(Progress)) (File, error) {
	d := part.download(ctx, client, r, progress)
	d.retry = s.retry
	d.room = func(missing, size int64) error { return s.checkSpace(missing + unpackedGuess(r.Compression, size)) }
	defer d.Close()
	served := newDigests(r)
	source := io.TeeReader(d, served)
	f := File{Name: filepath.Base(target), Format: r.Format}
	size, sum, err := unpackTo(target, r.Compression, source)
	if errors.Is(err, syscall.ENOSPC) {
		return File{}, err
	}
	// The end of the served file is read in any case: its digest explains a
	// failed unpacking better than the unpacker can.
	if _, restErr := io.Copy(io.Discard, source); restErr != nil {
		return File{}, restErr
	}
	if wrong := served.compare(r); wrong != nil {
		return File{}, wrong
	}
	if err != nil {
		return File{}, err
	}
	if r.UnpackedSHA256 != "" && sum != r.UnpackedSHA256 {
		return File{}, &DigestError{URL: r.URL, Kind: "sha256 of the unpacked file", Want: r.UnpackedSHA256, Got: sum}
	}
	f.Size, f.SHA256 = size, sum
	return f, part.settle(target, r.Compression, f)
}

// unpackTo writes the unpacked stream to a new file and returns its size and
// SHA-256. An uncompressed stream is only hashed: its part file is the file.
func unpackTo(target, compression string, source io.Reader) (int64, string, error) {
	h := sha256.New()
	if compression == "" {
		n, err := io.Copy(h, source)
		return n, hex.EncodeToString(h.Sum(nil)), err
	}
	u, err := unpacker(compression, source)
	if err != nil {
		return 0, "", err
	}
	defer u.Close() //nolint:errcheck // only read
	out, err := os.OpenFile(target, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, "", err
	}
	defer out.Close() //nolint:errcheck // sealed later, with its errors
	n, err := io.Copy(io.MultiWriter(out, h), io.LimitReader(u, maxUnpacked+1))
	if err != nil {
		return 0, "", fmt.Errorf("unpacking %s: %w", compression, err)
	}
	if n > maxUnpacked {
		return 0, "", fmt.Errorf("unpacking %s: more than %s come out", compression, formatBytes(maxUnpacked))
	}
	return n, hex.EncodeToString(h.Sum(nil)), nil
}

// unpackedGuess is the room to ask for beside the served bytes: what xz makes
// of a system disk is about a third of it.
func unpackedGuess(compression string, served int64) int64 {
	if compression == "" {
		return 0
	}
	return 3 * served
}

// noSpace turns the kernel's word for a full disk into ours.
func noSpace(dir string, err error) error {
	if !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	free, _ := freeBytes(dir) //nolint:errcheck // only for the message
	return &NoSpaceError{Dir: dir, Need: free + spareBytes, Free: free}
}

// digests hashes served bytes in every way their index names.
type digests struct {
	sha256, sha512 hash.Hash // nil: not asked for
}

func newDigests(r Remote) *digests {
	d := &digests{}
	if r.SHA256 != "" {
		d.sha256 = sha256.New()
	}
	if r.SHA512 != "" {
		d.sha512 = sha512.New()
	}
	return d
}

// Write hashes p; it never fails.
func (d *digests) Write(p []byte) (int, error) {
	for _, h := range []hash.Hash{d.sha256, d.sha512} {
		if h != nil {
			h.Write(p) //nolint:errcheck // a hash never fails
		}
	}
	return len(p), nil
}

// compare returns the first digest that differs, as an error.
func (d *digests) compare(r Remote) error {
	for _, c := range []struct {
		kind, want string
		h          hash.Hash
	}{{"sha256", r.SHA256, d.sha256}, {"sha512", r.SHA512, d.sha512}} {
		if c.h == nil {
			continue
		}
		if got := hex.EncodeToString(c.h.Sum(nil)); !strings.EqualFold(got, c.want) {
			return &DigestError{URL: r.URL, Kind: c.kind, Want: c.want, Got: got}
		}
	}
	return nil
}
