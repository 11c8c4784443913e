package release

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"distrolab/distros"
	"distrolab/distros/image"
	"distrolab/distros/signature"
	"distrolab/distros/web"
)

// resolver asks one kind of index.
type resolver interface {
	// indexURL is the first document that resolve asks for.
	indexURL(a asked) string
	// resolve finds the release; every error names what it read. Distro,
	// Channel and Arch of the release are filled in by the caller.
	resolve(ctx context.Context, client *web.Client, a asked) (Release, error)
}

// lister is a resolver whose index tells which versions there are.
type lister interface {
	// releases returns them in any order.
	releases(ctx context.Context, client *web.Client, a asked) ([]Summary, error)
}

// resolvers are the indexes that are known, by the names of the catalog.
func resolvers() map[string]resolver {
	return map[string]resolver{
		"flatcar": flatcar{}, "fcos": fcos{}, "debian": debian{}, "ubuntu": ubuntu{}, "alpine": alpine{},
		"oracle": oracle{}, "checksums": checksums{}, "github": github{}, "talos": talos{}, "bottlerocket": bottlerocket{},
	}
}

// asked is a query with everything filled in and validated.
type asked struct {
	distro   distros.Distro
	channel  string // may be empty where the resolver needs none
	version  string // empty: the newest
	arch     string // "amd64" or "arm64"
	base     string // root of the index, without a slash at its end; empty: the vendor's
	plain    bool   // the person named a plain http root
	keys     func(name string) (signature.Keyring, error)
	bundle   func(artifact, bundle []byte, identity, issuer string) error // nil: not checked
	state    string                                                       // [Source.StateDir]
	progress func(image.Progress)                                         // may be nil
}

// prepare chooses the resolver and checks the query.
func (s Source) prepare(d distros.Distro, q Query) (resolver, asked, error) {
	if d.Release.Resolver == "none" || d.Release.Resolver == "local" {
		return nil, asked{}, &NoImageError{Distro: d.Name, Reason: d.Release.Reason}
	}
	r := resolvers()[d.Release.Resolver]
	if r == nil {
		return nil, asked{}, &NoImageError{Distro: d.Name, Reason: fmt.Sprintf("no index is known by the name %q", clip(d.Release.Resolver))}
	}
	a := asked{distro: d, channel: q.Channel, version: q.Version, arch: archOr(q.Arch), base: q.Mirror, keys: s.Keys, bundle: s.Bundle, state: s.StateDir}
	if a.keys == nil {
		a.keys = signature.Embedded
	}
	if a.channel == "" {
		a.channel = d.Release.Channel
	}
	if a.base == "" {
		a.base = d.Release.BaseURL
	}
	a.base = strings.TrimRight(a.base, "/")
	a.plain = strings.HasPrefix(a.base, "http://")
	return r, a, a.check()
}

func (a asked) check() error {
	switch {
	case a.channel != "" && !isChannel(a.channel):
		return fmt.Errorf("finding a release of %s: %q is not a channel", a.distro.Name, clip(a.channel))
	case a.channel == "" && needsChannel(a.distro.Release.Resolver):
		return fmt.Errorf("finding a release of %s: name a channel; its catalog entry has none in release.channel", a.distro.Name)
	case a.version != "" && !isVersion(a.version):
		return fmt.Errorf("finding a release of %s: %q is not a version", a.distro.Name, clip(a.version))
	case a.arch != "amd64" && a.arch != "arm64":
		return fmt.Errorf("finding a release of %s: architecture %q is not amd64 or arm64", a.distro.Name, clip(a.arch))
	}
	return nil
}

// needsChannel says whether a resolver cannot work without one.
func needsChannel(resolver string) bool {
	return resolver != "checksums" && resolver != "github" && resolver != "talos"
}

// root is where the index lies: the vendor's place unless another was named.
func (a asked) root(vendor string) string {
	if a.base == "" {
		return vendor
	}
	return a.base
}

// option is what the catalog entry says for its resolver.
func (a asked) option(name string) string { return a.distro.Release.Options[name] }

// vendorArch is the vendor's name of the architecture.
func (a asked) vendorArch(amd64, arm64 string) string {
	if a.arch == "arm64" {
		return arm64
	}
	return amd64
}

func archOr(arch string) string {
	if arch == "" {
		return runtime.GOARCH
	}
	return arch
}

// overTLS says how a digest travelled.
func (a asked) overTLS() string {
	if a.plain {
		return " over plain HTTP from a mirror you named"
	}
	return " over HTTPS"
}
