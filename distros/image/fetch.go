package image

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"distrolab/distros/image/decompress"
	"distrolab/distros/signature"
	"distrolab/distros/web"
)

// Spec says what to fetch and what is to be noted of it.
type Spec struct {
	Manifest    Manifest // distro, version, arch, origin, trust, verdict, command line; Files is filled in
	Remotes     []Remote // the files
	PlainHTTP   bool     // allow http: only when the person named a plain mirror
	Connections int      // to use at once where the server knows ranges; 0: four, and one to this machine itself
}

// Remote is one file on a server. It needs a digest or a signature, unless it
// says by Unverified that the publisher gives none.
type Remote struct {
	Role           string
	URL            string
	Format         string     // of the unpacked file, see the roles; empty: whichever of the role's it is
	Compression    string     // one of [decompress.Compressions]
	SHA256         string     // of the bytes as served, hexadecimal
	SHA512         string     // of the bytes as served, hexadecimal
	UnpackedSHA256 string     // of the unpacked file, where the publisher gives it
	Signature      *Signature // over the bytes as served; nil: none
	Unverified     bool       // there is nothing to check the file against; the image gets [TrustNone]
	Size           int64      // bytes as served; 0: not published
}

// Signature is an OpenPGP signature that lies beside a file.
type Signature struct {
	Bytes []byte // in armor or not
	Keys  signature.Keyring
}

// Compressions returns the names of the compressions that can be unpacked; the
// empty name means none.
func Compressions() []string { return decompress.Compressions() }

// exact reports whether a digest of the served bytes decides in the end.
func (r Remote) exact() bool { return r.SHA256 != "" || r.SHA512 != "" }

// trust is how far the file is vouched for by what the remote gives.
func (r Remote) trust() string {
	switch {
	case r.Signature != nil:
		return TrustSigned
	case r.exact() || r.UnpackedSHA256 != "":
		return TrustDigest
	}
	return TrustNone
}

// final is the digest of the file as it will lie in the store, if it is known.
func (r Remote) final() string {
	sum := r.UnpackedSHA256
	if r.Compression == "" && r.SHA256 != "" {
		sum = r.SHA256
	}
	return strings.ToLower(sum)
}

// name is the name of the file as it will lie in the store.
func (r Remote) name() string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return ""
	}
	name := path.Base(u.Path)
	if r.Compression != "" {
		name = strings.TrimSuffix(name, "."+r.Compression)
	}
	return name
}

func (r Remote) validate() error {
	switch {
	case !plainName(r.name()):
		return fmt.Errorf("%s does not end in a plain file name", r.URL)
	case r.trust() == TrustNone && !r.Unverified:
		return fmt.Errorf("%s has no published digest and no signature, so it cannot be verified", r.URL)
	case !slices.Contains(Compressions(), r.Compression):
		return fmt.Errorf("%s: the compression %q is not known", r.URL, clip(r.Compression))
	case r.Format != "" && !slices.Contains(formatsOf(r.Role), r.Format):
		return fmt.Errorf("%s: a %s cannot have the format %q", r.URL, clip(r.Role), clip(r.Format))
	}
	return nil
}

// validate checks what is to be fetched and fills in the trust: the caller's
// word, since a signed list of digests makes more of it than the files show;
// without one that of the weakest file. A file without anything to check it
// against overrules the caller.
func (s Spec) validate() (Spec, error) {
	trust, seen := TrustSigned, map[string]bool{}
	for _, r := range s.Remotes {
		err := r.validate()
		for _, key := range []string{"role " + r.Role, "name " + r.name(), partKey(r)} {
			if err == nil && seen[key] {
				err = fmt.Errorf("%s: another file of the image has the same role, name or digest", r.URL)
			}
			seen[key] = true
		}
		if err != nil {
			return s, fmt.Errorf("fetching %s %s: %w", clip(s.Manifest.Distro), clip(s.Manifest.Version), err)
		}
		trust = weaker(trust, r.trust())
	}
	if s.Manifest.Trust == "" || trust == TrustNone {
		s.Manifest.Trust = trust
	}
	s.Manifest.Schema, s.Manifest.Files = Schema, map[string]File{}
	return s, nil
}

// Fetch downloads an image, verifies and unpacks it in one pass over the bytes,
// and stores it. A download that was cut continues where it stopped, also in a
// later process and from another mirror. If the store already has an image of
// the same distro, version and architecture that is vouched for as well, that
// one is returned: no file of it is read and the network is not asked. Progress
// may be nil.
func (s *Store) Fetch(ctx context.Context, client *http.Client, spec Spec, progress func(Progress)) (Image, error) {
	spec, err := spec.validate()
	if err != nil {
		return Image{}, err
	}
	m := spec.Manifest
	if i, ok := s.held(m); ok {
		return i, s.use(i.ID)
	}
	staging, err := s.stage()
	if err != nil {
		return Image{}, err
	}
	defer staging.discard()
	f := &fetcher{store: s, client: web.New(client, spec.PlainHTTP), many: spec.Connections, progress: progress, wanted: m}
	defer f.close()
	// In one order for everybody, so that no two processes wait for each other.
	remotes := slices.SortedFunc(slices.Values(spec.Remotes), func(a, b Remote) int { return strings.Compare(partKey(a), partKey(b)) })
	for _, remote := range remotes {
		file, err := f.file(ctx, remote, filepath.Join(staging.dir, remote.name()))
		if errors.Is(err, errHeld) {
			i, _ := s.held(m)
			return i, s.use(i.ID)
		}
		if err != nil {
			return Image{}, fmt.Errorf("fetching %s %s: %w", m.Distro, m.Version, err)
		}
		m.Files[remote.Role] = file
	}
	if err := m.validate(); err != nil {
		return Image{}, fmt.Errorf("fetching %s %s: %w", clip(m.Distro), clip(m.Version), err)
	}
	return s.commit(staging, m)
}

// errHeld says that another process stored the image while we waited for it.
var errHeld = errors.New("the store has it by now")

// held finds an image of the same version that is vouched for as well.
func (s *Store) held(m Manifest) (Image, bool) {
	images, _ := s.list(m.Distro) //nolint:errcheck // a damaged image is as good as none
	for _, i := range images {
		have := i.Manifest
		if have.Distro == m.Distro && have.Version == m.Version && have.Arch == m.Arch && trustRank(have.Trust) >= trustRank(m.Trust) {
			return i, true
		}
	}
	return Image{}, false
}

// fetcher brings the files of one image.
type fetcher struct {
	store    *Store
	client   *web.Client
	many     int // connections; 0: by the address
	progress func(Progress)
	wanted   Manifest
	parts    []*part // locked until the image is stored
}

func (f *fetcher) close() {
	for _, p := range f.parts {
		p.close()
	}
}

// refused marks an error of the bytes themselves: keeping them is of no use.
type refused struct{ error }

func (r refused) Unwrap() error { return r.error }

// file brings one file to its target. It starts over when the server's file
// changed under a part that was left from before, and once when that part may
// be to blame for a wrong digest.
func (f *fetcher) file(ctx context.Context, r Remote, target string) (File, error) {
	if have, ok := f.store.linkHeld(r, target); ok {
		return have, nil
	}
	part, err := f.store.openPart(ctx, r)
	if err != nil {
		return File{}, err
	}
	f.parts = append(f.parts, part)
	if _, ok := f.store.held(f.wanted); ok {
		return File{}, errHeld
	}
	many := f.many
	if many <= 0 {
		many = connections(r.URL)
	}
	for attempt := 1; ; attempt++ {
		resumed := part.held > 0
		file, err := f.pass(ctx, r, part, target, many)
		if err == nil {
			return f.store.share(target, file)
		}
		var wrong refused
		bad, changed := errors.As(err, &wrong), errors.Is(err, errChanged)
		if bad || changed {
			if e := part.reset(); e != nil {
				return File{}, errors.Join(err, e)
			}
			many = 1 // the simplest way there is
		}
		if attempt == 3 || !changed && !(bad && resumed) {
			return File{}, f.store.noSpace(err)
		}
	}
}

// noSpace turns the kernel's word for a full disk into ours.
func (s *Store) noSpace(err error) error {
	if !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	free, _ := s.free(s.dir) //nolint:errcheck // only for the message
	return &NoSpaceError{Dir: s.dir, Need: free + spareBytes, Free: free}
}
