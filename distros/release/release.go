// Package release asks vendors' indexes which versions of a system there are
// and where their images lie, and brings those images into the store.
//
// It is the only package that knows vendors' addresses. It touches the network
// through the http.Client it is given, and the image store. What an index says
// is hostile until checked: it is bounded, validated, and every image it names
// is verified against the digest and the signature that its vendor publishes.
package release

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"distrolab/distros"
	"distrolab/distros/image"
	"distrolab/distros/signature"
	"distrolab/distros/web"
)

// ReachTimeout is how long [Source.Reachable] waits for an index.
const ReachTimeout = 2500 * time.Millisecond

// Release is one version of a system on one channel and architecture.
type Release struct {
	Distro    string     `json:"distro"`            // catalog name
	Version   string     `json:"version"`           // the vendor's
	Channel   string     `json:"channel,omitempty"` // channel, stream or suite
	Arch      string     `json:"arch"`              // "amd64" or "arm64"
	Artifacts []Artifact `json:"artifacts"`
	Trust     string     `json:"trust"`     // as in [image.Manifest]
	Verdict   string     `json:"verdict"`   // what is checked of the artifacts, and what is not
	Published time.Time  `json:"published"` // zero: the index does not say
}

// Artifact is one file of a release.
type Artifact struct {
	Role           string           `json:"role"`                      // as in [image.Manifest]
	URL            string           `json:"url"`                       //
	Format         string           `json:"format"`                    // of the unpacked file
	Compression    string           `json:"compression,omitempty"`     // as in [image.Compressions]
	SHA256         string           `json:"sha256,omitempty"`          // of the file as served
	SHA512         string           `json:"sha512,omitempty"`          // of the file as served
	UnpackedSHA256 string           `json:"unpacked_sha256,omitempty"` //
	Size           int64            `json:"size,omitempty"`            // bytes as served; 0: the index does not say
	Signature      *image.Signature `json:"-"`                         // of the file as served, checked while it is fetched; nil: its list of digests is signed, or nothing is
}

// Query narrows what is wanted; its zero value is the default channel's newest
// version for this machine.
type Query struct {
	Channel          string // empty: the catalog's
	Version          string // empty: the newest
	Arch             string // "amd64" or "arm64"; empty: this machine's
	Mirror           string // root of a mirror in place of the vendor's; may be plain http, because the person named it
	RequireSignature bool   // refuse what its publisher did not sign
}

// Source finds releases and brings their images into a store.
type Source struct {
	Client *http.Client // its timeout, if any, bounds whole downloads; leave it zero
	Store  *image.Store

	// Keys finds a vendor's keys by name; nil: those distrolab carries.
	Keys func(name string) (signature.Keyring, error)
	// Bundle checks a Sigstore bundle over an artifact, made by an identity
	// (RE2) that an issuer vouches for; nil: bundles are not checked, and the
	// verdict says so (docs/trust.md says why).
	Bundle func(artifact, bundle []byte, identity, issuer string) error
	// StateDir keeps what is trusted between runs, so that an index that goes
	// back in time is noticed; empty: each run stands for itself.
	StateDir string
}

// Resolve finds the release a query asks for. The error is a [*NoImageError]
// for systems without an index, an [*UnreachableError] when the index gives no
// answer, an [*UnsignedError] or a [*signature.Error] when it is not signed as
// it should be, a [*StaleError] when the index is older than what is known, and
// otherwise says what is wrong with it.
func (s Source) Resolve(ctx context.Context, d distros.Distro, q Query) (Release, error) {
	return s.resolve(ctx, d, q, nil)
}

func (s Source) resolve(ctx context.Context, d distros.Distro, q Query, progress func(image.Progress)) (Release, error) {
	r, a, err := s.prepare(d, q)
	if err != nil {
		return Release{}, err
	}
	a.progress = progress
	found, err := r.resolve(ctx, web.New(s.Client, a.plain), a)
	if err != nil {
		return Release{}, fmt.Errorf("finding a release of %s: %w", d.Name, err)
	}
	found.Distro, found.Channel, found.Arch = d.Name, a.channel, a.arch
	if err := checkPlaces(found, a); err != nil {
		return Release{}, fmt.Errorf("finding a release of %s: %w", d.Name, err)
	}
	if a.version == "" {
		if err := notStale(found); err != nil {
			return Release{}, err
		}
	}
	if q.RequireSignature && found.Trust != image.TrustSigned {
		return Release{}, &UnsignedError{Distro: d.Name, Version: found.Version, Missing: found.Verdict}
	}
	return found, nil
}

// Reachable asks quickly, within [ReachTimeout], whether a system's index
// answers. Systems without an index are always reachable.
func (s Source) Reachable(ctx context.Context, d distros.Distro, q Query) error {
	if d.Release.Resolver == "local" || d.Release.Resolver == "none" {
		return nil
	}
	r, a, err := s.prepare(d, q)
	if err != nil {
		return err
	}
	return web.New(s.Client, a.plain).Reachable(ctx, r.indexURL(a), ReachTimeout)
}

// Image returns a verified image of a system. What the store holds of the
// release found is not fetched again, and a version asked for that it holds
// costs no network at all. Systems built on this machine are taken from the
// store only. Progress may be nil. The errors are those of [Source.Resolve] and
// of [image.Store.Fetch].
func (s Source) Image(ctx context.Context, d distros.Distro, q Query, progress func(image.Progress)) (image.Image, error) {
	if d.Release.Resolver == "local" {
		return s.local(d, q)
	}
	if q.Version != "" {
		if i, ok := s.Stored(d, q); ok {
			return i, nil
		}
	}
	found, err := s.resolve(ctx, d, q, progress)
	if err != nil {
		return image.Image{}, err
	}
	i, err := s.Store.Fetch(ctx, s.Client, found.spec(strings.HasPrefix(q.Mirror, "http:") || strings.HasPrefix(d.Release.BaseURL, "http:")), progress)
	if err != nil {
		return image.Image{}, err
	}
	if q.RequireSignature && i.Manifest.Trust != image.TrustSigned {
		return image.Image{}, &UnsignedError{Distro: d.Name, Version: found.Version,
			Missing: "the store holds it from before, without a checked signature; remove that image first: distrolab rm " + i.ID}
	}
	return i, nil
}

// Stored returns the newest image in the store that fits the query, without
// asking the network: for when the index cannot be reached, or need not be.
func (s Source) Stored(d distros.Distro, q Query) (image.Image, bool) {
	images, _ := s.Store.List() //nolint:errcheck // a damaged image is as good as none
	for _, i := range images {
		m := i.Manifest
		if m.Distro != d.Name || m.Arch != archOr(q.Arch) || (q.Version != "" && m.Version != q.Version) {
			continue
		}
		if q.RequireSignature && m.Trust != image.TrustSigned {
			continue
		}
		return i, true
	}
	return image.Image{}, false
}

// local finds an image that was built on this machine.
func (s Source) local(d distros.Distro, q Query) (image.Image, error) {
	if i, ok := s.Stored(d, q); ok {
		return i, nil
	}
	if q.RequireSignature {
		q.RequireSignature = false
		if i, ok := s.Stored(d, q); ok {
			return image.Image{}, &UnsignedError{Distro: d.Name, Version: i.Manifest.Version, Missing: "it was built on this machine"}
		}
	}
	return image.Image{}, &NoImageError{Distro: d.Name, Reason: "it is built on this machine and the store has none yet; run ./scripts/demo, which builds it"}
}

// spec is what the store needs to fetch a release.
func (r Release) spec(plain bool) image.Spec {
	s := image.Spec{PlainHTTP: plain, Manifest: image.Manifest{
		Distro: r.Distro, Version: r.Version, Arch: r.Arch, Trust: r.Trust, Verdict: r.Verdict, Created: r.Published,
	}}
	for _, a := range r.Artifacts {
		if s.Manifest.Origin == "" {
			s.Manifest.Origin = a.URL
		}
		s.Remotes = append(s.Remotes, a.remote())
	}
	return s
}

func (a Artifact) remote() image.Remote {
	return image.Remote{
		Role: a.Role, URL: a.URL, Format: a.Format, Compression: a.Compression,
		SHA256: a.SHA256, SHA512: a.SHA512, UnpackedSHA256: a.UnpackedSHA256, Size: a.Size,
		Signature: a.Signature, Unverified: a.SHA256 == "" && a.SHA512 == "" && a.Signature == nil,
	}
}

// checkPlaces refuses a release whose files do not lie where its vendor keeps
// them. Resolvers build addresses from checked parts; this holds for all.
func checkPlaces(r Release, a asked) error {
	if !isVersion(r.Version) {
		return fmt.Errorf("%q is not a version", clip(r.Version))
	}
	if len(r.Artifacts) == 0 {
		return errors.New("the release has no image")
	}
	for _, artifact := range r.Artifacts {
		if err := checkPlace(artifact.URL, a.plain); err != nil {
			return err
		}
	}
	return nil
}
