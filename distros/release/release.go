// Package release asks vendors' indexes which versions of a system there are
// and where their images lie, and brings those images into the store.
//
// It is the only package that knows vendors' addresses. It touches the network
// through the http.Client it is given, and the image store. What an index says
// is hostile until checked: it is bounded, validated, and every image it names
// is verified against the digest it gives.
package release

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"time"

	"distrolab/distros"
	"distrolab/distros/image"
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
	Verdict   string     `json:"verdict"`   // what is checked of the artifacts, and what is not
	Published time.Time  `json:"published"` // zero: the index does not say
}

// Artifact is one file of a release.
type Artifact struct {
	Role           string `json:"role"`                      // as in [image.Manifest]
	URL            string `json:"url"`                       //
	Format         string `json:"format"`                    // of the unpacked file
	Compression    string `json:"compression,omitempty"`     // as in [image.Compressions]
	SHA256         string `json:"sha256,omitempty"`          // of the file as served
	SHA512         string `json:"sha512,omitempty"`          // of the file as served
	UnpackedSHA256 string `json:"unpacked_sha256,omitempty"` //
	Size           int64  `json:"size,omitempty"`            // bytes as served; 0: the index does not say
}

// Query narrows what is wanted; its zero value is the default channel's newest
// version for this machine.
type Query struct {
	Channel string // empty: the catalog's
	Version string // empty: the newest
	Arch    string // "amd64" or "arm64"; empty: this machine's
	Mirror  string // root of a mirror in place of the vendor's; may be plain http, because the person named it
}

// NoImageError says that a system's images cannot be had, and why.
type NoImageError struct {
	Distro string
	Reason string // what the catalog says, or what to do
}

// Error gives the reason.
func (e *NoImageError) Error() string {
	return fmt.Sprintf("there is no image of %s: %s", e.Distro, e.Reason)
}

// UnreachableError says that an index gave no usable answer; the same type as
// [web.UnreachableError], named here for those who only know releases.
type UnreachableError = web.UnreachableError

// Source finds releases and brings their images into a store.
type Source struct {
	Client *http.Client // its timeout, if any, bounds whole downloads; leave it zero
	Store  *image.Store
}

// resolver asks one kind of index.
type resolver interface {
	// indexURL is the first document that resolve asks for.
	indexURL(a asked) string
	// resolve finds the release; every error names what it read.
	resolve(ctx context.Context, client *web.Client, a asked) (Release, error)
}

// asked is a query with everything filled in and validated.
type asked struct {
	distro  distros.Distro
	channel string
	version string // empty: the newest
	arch    string
	base    string // root of the index, without a slash at its end; empty: the vendor's
	plain   bool   // the person named a plain http root
}

// Resolve finds the release a query asks for. The error is a [*NoImageError]
// for systems without an index, an [*UnreachableError] when the index gives no
// answer, and otherwise says what is wrong with it.
func (s Source) Resolve(ctx context.Context, d distros.Distro, q Query) (Release, error) {
	r, a, err := prepare(d, q)
	if err != nil {
		return Release{}, err
	}
	found, err := r.resolve(ctx, web.New(s.Client, a.plain), a)
	if err != nil {
		return Release{}, fmt.Errorf("finding a release of %s: %w", d.Name, err)
	}
	return found, nil
}

// Reachable asks quickly, within [ReachTimeout], whether a system's index
// answers. Systems without an index are always reachable.
func (s Source) Reachable(ctx context.Context, d distros.Distro, q Query) error {
	if d.Release.Resolver == "local" || d.Release.Resolver == "none" {
		return nil
	}
	r, a, err := prepare(d, q)
	if err != nil {
		return err
	}
	return web.New(s.Client, a.plain).Reachable(ctx, r.indexURL(a), ReachTimeout)
}

// Image returns a verified image of a system. What the store holds of the
// release found is not fetched again, and a version asked for that it holds
// costs no network at all. Systems built on this machine are taken from the
// store only. Progress may be nil.
func (s Source) Image(ctx context.Context, d distros.Distro, q Query, progress func(image.Progress)) (image.Image, error) {
	if d.Release.Resolver == "local" {
		return s.local(d, q)
	}
	if q.Version != "" {
		if i, ok := s.Stored(d, q); ok {
			return i, nil
		}
	}
	found, err := s.Resolve(ctx, d, q)
	if err != nil {
		return image.Image{}, err
	}
	return s.Store.Fetch(ctx, s.Client, found.spec(strings.HasPrefix(q.Mirror, "http:") || strings.HasPrefix(d.Release.BaseURL, "http:")), progress)
}

// Stored returns the newest image in the store that fits the query, without
// asking the network: for when the index cannot be reached, or need not be.
func (s Source) Stored(d distros.Distro, q Query) (image.Image, bool) {
	images, _ := s.Store.List() //nolint:errcheck // a damaged image is as good as none
	for _, i := range images {
		m := i.Manifest
		if m.Distro == d.Name && m.Arch == archOr(q.Arch) && (q.Version == "" || m.Version == q.Version) {
			return i, true
		}
	}
	return image.Image{}, false
}

// local finds an image that was built on this machine.
func (s Source) local(d distros.Distro, q Query) (image.Image, error) {
	i, ok := s.Stored(d, q)
	if !ok {
		return image.Image{}, &NoImageError{Distro: d.Name, Reason: "it is built on this machine and the store has none yet; run ./scripts/demo, which builds it"}
	}
	return i, nil
}

// spec is what the store needs to fetch a release.
func (r Release) spec(plain bool) image.Spec {
	s := image.Spec{PlainHTTP: plain, Manifest: image.Manifest{
		Distro: r.Distro, Version: r.Version, Arch: r.Arch, Verdict: r.Verdict, Created: r.Published,
	}}
	for _, a := range r.Artifacts {
		s.Manifest.Origin = a.URL
		s.Remotes = append(s.Remotes, image.Remote{
			Role: a.Role, URL: a.URL, Format: a.Format, Compression: a.Compression,
			SHA256: a.SHA256, SHA512: a.SHA512, UnpackedSHA256: a.UnpackedSHA256, Size: a.Size,
		})
	}
	return s
}

// prepare chooses the resolver and checks the query.
func prepare(d distros.Distro, q Query) (resolver, asked, error) {
	if d.Release.Resolver == "none" {
		return nil, asked{}, &NoImageError{Distro: d.Name, Reason: d.Release.Reason}
	}
	r := map[string]resolver{"flatcar": flatcar{}, "fcos": fcos{}, "debian": debian{}}[d.Release.Resolver]
	if r == nil {
		return nil, asked{}, &NoImageError{Distro: d.Name, Reason: fmt.Sprintf("no index is known by the name %q", d.Release.Resolver)}
	}
	a := asked{distro: d, channel: q.Channel, version: q.Version, arch: archOr(q.Arch), base: q.Mirror}
	if a.channel == "" {
		a.channel = d.Release.Channel
	}
	if a.base == "" {
		a.base = d.Release.BaseURL
	}
	a.base = strings.TrimRight(a.base, "/")
	a.plain = strings.HasPrefix(a.base, "http://")
	switch {
	case !isWord(a.channel):
		return nil, asked{}, fmt.Errorf("finding a release of %s: %q is not a channel", d.Name, clip(a.channel))
	case a.version != "" && !isVersion(a.version):
		return nil, asked{}, fmt.Errorf("finding a release of %s: %q is not a version", d.Name, clip(a.version))
	case a.arch != "amd64" && a.arch != "arm64":
		return nil, asked{}, fmt.Errorf("finding a release of %s: architecture %q is not amd64 or arm64", d.Name, clip(a.arch))
	}
	return r, a, nil
}

func archOr(arch string) string {
	if arch == "" {
		return runtime.GOARCH
	}
	return arch
}
