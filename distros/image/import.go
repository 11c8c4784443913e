package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"distrolab/distros/image/decompress"
)

// ImportSpec says what a file is that a person brings.
type ImportSpec struct {
	Distro  string // catalog name
	Version string // empty: "imported"
	Arch    string // "amd64" or "arm64"
	Digest  string // SHA-256 or SHA-512 of the file as given, hexadecimal; empty: not known
	Kernel  string // path of a kernel, in place of a disk or a medium
	Initrd  string // path of its initramfs; empty: none
	Cmdline string // kernel command line
}

// Import stores an image that a person brings: a disk or a medium, compressed
// or not, or a kernel with its initramfs, in which case path is empty. What a
// file is, its first bytes say. The trust is [TrustLocal], and the verdict says
// that nobody vouches, or that the person's digest fits. Progress may be nil.
func (s *Store) Import(ctx context.Context, path string, spec ImportSpec, progress func(Progress)) (Image, error) {
	m, err := s.imported(path, spec)
	if err != nil {
		return Image{}, fmt.Errorf("importing an image: %w", err)
	}
	staging, err := s.stage()
	if err != nil {
		return Image{}, err
	}
	defer staging.discard()
	files := []Remote{{URL: path}}
	if path == "" {
		files = []Remote{{URL: spec.Kernel, Role: RoleKernel}}
	}
	if spec.Initrd != "" {
		files = append(files, Remote{URL: spec.Initrd, Role: RoleInitrd})
	}
	if files[0].SHA256, files[0].SHA512, err = splitDigest(spec.Digest); err != nil {
		return Image{}, fmt.Errorf("importing %s: %w", files[0].URL, err)
	}
	for _, r := range files {
		role, f, err := s.importFile(ctx, r, staging.dir, progress)
		if err != nil {
			return Image{}, fmt.Errorf("importing %s: %w", r.URL, s.noSpace(err))
		}
		m.Files[role] = f
	}
	if err := m.validate(); err != nil {
		return Image{}, fmt.Errorf("importing an image of %s: %w", clip(m.Distro), err)
	}
	return s.commit(staging, m)
}

// imported is the manifest of what a person brings, without its files.
func (s *Store) imported(path string, spec ImportSpec) (Manifest, error) {
	if (path == "") == (spec.Kernel == "") || path != "" && spec.Initrd != "" {
		return Manifest{}, errors.New("name either one disk or medium, or a kernel and perhaps its initramfs")
	}
	if spec.Version == "" {
		spec.Version = "imported"
	}
	name := cleaned(clip(filepath.Base(path + spec.Kernel)))
	m := Manifest{
		Schema: Schema, Distro: spec.Distro, Version: spec.Version, Arch: spec.Arch, Cmdline: spec.Cmdline,
		Origin: "brought by hand: " + name, Trust: TrustLocal, Verdict: "brought by hand; nobody vouches for it",
		Files: map[string]File{}, Created: s.now().UTC(),
	}
	if spec.Digest != "" {
		m.Verdict = "brought by hand; the digest given with it matches, and no signature was checked"
	}
	return m, nil
}

// splitDigest tells the kinds of digests apart by their lengths.
func splitDigest(digest string) (sha256, sha512 string, err error) {
	digest = strings.ToLower(digest)
	switch {
	case digest == "":
		return "", "", nil
	case isHex(digest, 64):
		return digest, "", nil
	case isHex(digest, 128):
		return "", digest, nil
	}
	return "", "", fmt.Errorf("digest %q is neither a SHA-256 of 64 nor a SHA-512 of 128 hexadecimal digits", clip(digest))
}

// importFile takes one file of this machine through all stages.
func (s *Store) importFile(ctx context.Context, r Remote, dir string, progress func(Progress)) (string, File, error) {
	src, size, err := openPlain(r.URL)
	if err != nil {
		return "", File{}, err
	}
	defer src.Close() //nolint:errcheck // only read
	head, err := readHead(src)
	if err != nil {
		return "", File{}, err
	}
	if r.Role != RoleInitrd { // which a kernel unpacks itself
		r.Compression = decompress.Detect(head)
	}
	if err := s.checkSpace(size + unpackedGuess(r.Compression, size)); err != nil {
		return "", File{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	target := filepath.Join(dir, "file")
	st, err := s.newStages(r, target, cancel)
	if err != nil {
		return "", File{}, err
	}
	from, copied := src, func() error { return nil }
	if r.Compression == "" {
		if from, copied, err = st.copyOf(src); err != nil {
			_, err = st.finish(ctx, err)
			return "", File{}, err
		}
	}
	meter := newMeter(progress, Progress{Phase: "reading", File: filepath.Base(r.URL), Total: size})
	f, err := st.finish(ctx, st.pour(from, func(n int) error {
		meter.add(n)
		return ctx.Err()
	}))
	meter.finish()
	var wrong *DigestError
	if errors.As(err, &wrong) {
		wrong.Own = true
	}
	if err := errors.Join(err, copied()); err != nil {
		return "", File{}, err
	}
	return s.importJudged(st, f)
}

// importJudged gives a finished file its name and role.
func (s *Store) importJudged(st *stages, f File) (string, File, error) {
	file, err := os.Open(st.target)
	if err != nil {
		return "", File{}, err
	}
	defer file.Close() //nolint:errcheck // only read
	if f, err = st.judge(f, file); err != nil {
		return "", File{}, err
	}
	role := st.remote.Role
	switch {
	case role == "" && f.Format == "iso9660":
		role, f.Name = RoleISO, "medium.iso"
	case role == "":
		role, f.Name = RoleDisk, "disk."+f.Format
	default:
		f.Name = role
	}
	named := filepath.Join(filepath.Dir(st.target), f.Name)
	if err := os.Rename(st.target, named); err != nil {
		return "", File{}, err
	}
	f, err = s.share(named, f)
	return role, f, err
}

// copyOf makes the target a copy of a file: a clone where the file system can,
// else one of the stages writes it. What is to be read is the file, or the clone,
// which no longer changes with it; end is to be called at the end.
func (st *stages) copyOf(src *os.File) (from *os.File, end func() error, err error) {
	dst, err := os.OpenFile(st.target, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, nil, err
	}
	if cloned(dst, src) {
		return dst, dst.Close, nil
	}
	file := newSparseFile(dst, 0)
	st.lanes.write(file)
	return src, func() error { return errors.Join(file.finish(), dst.Close()) }, nil
}

// openPlain opens a file that a person names, and no device or pipe.
func openPlain(path string) (*os.File, int64, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a plain file")
	}
	if err != nil {
		f.Close() //nolint:errcheck // the error says more
		return nil, 0, err
	}
	return f, info.Size(), nil
}
