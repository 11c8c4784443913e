package release

import (
	"strings"
	"testing"

	"distrolab/distros"
	"distrolab/distros/image"
	"distrolab/distros/release/vendortest"
)

// indexed are the entries of the catalog whose images can be fetched.
func indexed(t testing.TB) []distros.Distro {
	t.Helper()
	var all []distros.Distro
	for _, d := range catalog(t).All() {
		if d.Release.Resolver != "none" && d.Release.Resolver != "local" {
			all = append(all, d)
		}
	}
	if len(all) < 15 {
		t.Fatalf("only %d entries can be fetched: the test would prove little", len(all))
	}
	return all
}

// trusts are how far each kind of index vouches for its images.
func wantedTrust(d distros.Distro) string {
	switch d.Release.Resolver {
	case "flatcar", "fcos", "ubuntu", "alpine", "bottlerocket":
		return image.TrustSigned
	case "talos":
		return image.TrustNone
	}
	if d.Release.Options["signature"] != "" || d.Release.Options["bundle"] != "" {
		return image.TrustSigned
	}
	return image.TrustDigest
}

// Every entry of the catalog that names an index is taken from the index to the
// store, for both architectures.
func TestEveryEntryIsFetched(t *testing.T) {
	for _, d := range indexed(t) {
		for _, arch := range []string{"amd64", "arm64"} {
			t.Run(d.Name+" "+arch, func(t *testing.T) {
				t.Parallel()
				w := vendortest.New(t)
				site, ok := w.Serve(d, arch)
				if !ok && d.Release.Resolver == "bottlerocket" {
					return // its imitation is in bottlerocket_test.go
				}
				if !ok && arch == "amd64" {
					t.Fatalf("no imitation of %s", d.Name)
				}
				if !ok {
					return // the vendor has no image for it
				}
				src := source(t, w)
				if err := src.Reachable(t.Context(), d, Query{Arch: arch}); err != nil {
					t.Fatal(err)
				}
				i, err := src.Image(t.Context(), d, Query{Arch: arch}, nil)
				if err != nil {
					t.Fatal(err)
				}
				m := i.Manifest
				if m.Distro != d.Name || m.Version != site.Version || m.Arch != arch || m.Trust != wantedTrust(d) || m.Verdict == "" {
					t.Errorf("manifest is %+v, want version %s, trust %s", m, site.Version, wantedTrust(d))
				}
				if m.Origin != site.Image {
					t.Errorf("origin is %s, want %s", m.Origin, site.Image)
				}
				if err := src.Store.VerifyFiles(t.Context(), i.ID); err != nil {
					t.Error(err)
				}
				if len(w.Plain()) > 0 {
					t.Errorf("asked without TLS: %v", w.Plain())
				}
				asked := len(w.Asked())
				again, err := src.Image(t.Context(), d, Query{Arch: arch, Version: m.Version}, nil)
				if err != nil || again.ID != i.ID || len(w.Asked()) != asked {
					t.Errorf("a stored version costs the network: %v, %v", err, w.Asked()[asked:])
				}
			})
		}
	}
}

// A version that is asked for is found as the newest is.
func TestEveryEntryIsFetchedByVersion(t *testing.T) {
	for _, d := range indexed(t) {
		w := vendortest.New(t)
		site, ok := w.Serve(d, "amd64")
		if !ok {
			continue
		}
		r, err := source(t, w).Resolve(t.Context(), d, Query{Arch: "amd64", Version: site.Version})
		if err != nil || r.Version != site.Version || r.Artifacts[0].URL != site.Image {
			t.Errorf("%s@%s: %+v, %v", d.Name, site.Version, r, err)
		}
		_, err = source(t, w).Resolve(t.Context(), d, Query{Arch: "amd64", Version: "1.2.3"})
		if err == nil || !strings.Contains(err.Error(), "1.2.3") && !strings.Contains(err.Error(), "404") {
			t.Errorf("%s has no version 1.2.3, but: %v", d.Name, err)
		}
	}
}

func TestEveryEntryListsItsReleases(t *testing.T) {
	for _, d := range indexed(t) {
		w := vendortest.New(t)
		site, ok := w.Serve(d, "amd64")
		if !ok {
			continue
		}
		all, err := source(t, w).Releases(t.Context(), d, Query{Arch: "amd64"})
		if err != nil || len(all) == 0 || all[0].Version != site.Version {
			t.Errorf("%s: %+v, %v; want %s first", d.Name, all, err, site.Version)
			continue
		}
		for i, s := range all {
			if s.Arch != "amd64" || s.Channel != d.Release.Channel || (i > 0 && compareVersions(all[i-1].Version, s.Version) <= 0) {
				t.Errorf("%s: %+v is out of order or incomplete", d.Name, s)
			}
		}
	}
}

// The root of every index can be replaced by a mirror with the same layout.
func TestEveryEntryIsFetchedFromAMirror(t *testing.T) {
	for _, d := range indexed(t) {
		w := vendortest.New(t)
		site, ok := w.Serve(d, "amd64")
		if !ok {
			continue
		}
		mirror := "https://mirror.example/path"
		for _, root := range roots(d) {
			w.Mirror(root, mirror)
		}
		asked := len(w.Asked())
		i, err := source(t, w).Image(t.Context(), d, Query{Arch: "amd64", Mirror: mirror + "/"}, nil)
		if err != nil || i.Manifest.Version != site.Version {
			t.Errorf("%s: %v", d.Name, err)
		}
		for _, request := range w.Asked()[asked:] {
			if !strings.Contains(request, mirror) {
				t.Errorf("%s: with a mirror, %s", d.Name, request)
			}
		}
	}
}

// roots are the vendor's places that a mirror stands for.
func roots(d distros.Distro) []string {
	switch d.Release.Resolver {
	case "flatcar":
		return []string{"https://" + d.Release.Channel + ".release.flatcar-linux.net"}
	case "fcos":
		return []string{fcosBase}
	case "debian":
		return []string{"https://cloud.debian.org/images/cloud"}
	case "ubuntu":
		return []string{"https://cloud-images.ubuntu.com/releases"}
	case "alpine":
		return []string{"https://dl-cdn.alpinelinux.org/alpine"}
	case "oracle":
		return []string{"https://yum.oracle.com"}
	case "checksums":
		return []string{d.Release.BaseURL}
	default:
		return []string{"https://api.github.com", "https://github.com", talosFactory}
	}
}
