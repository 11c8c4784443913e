package release

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"distrolab/distros/image"
	"distrolab/distros/release/vendortest"
	"distrolab/distros/signature"
)

func TestFlatcarsOtherChannels(t *testing.T) {
	w, d := vendortest.New(t), entry(t, "flatcar")
	w.Flatcar("lts", "arm64", "4999.3.11")
	got, err := source(t, w).Resolve(t.Context(), d, Query{Channel: "lts", Arch: "arm64"})
	if err != nil {
		t.Fatal(err)
	}
	want := Release{
		Distro: "flatcar", Version: "4999.3.11", Channel: "lts", Arch: "arm64", Trust: image.TrustSigned,
		Artifacts: []Artifact{{Role: "disk", Format: "qcow2", URL: "https://lts.release.flatcar-linux.net/arm64-usr/4999.3.11/flatcar_production_qemu_uefi_image.img"}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Release{}, "Verdict"), cmpopts.IgnoreFields(Artifact{}, "SHA512")); diff != "" {
		t.Error(diff)
	}
	if !strings.HasPrefix(got.Verdict, "sha512 from DIGESTS.asc, signed by ") || !isHex(got.Artifacts[0].SHA512, 128) {
		t.Errorf("verdict %q, digest %q", got.Verdict, got.Artifacts[0].SHA512)
	}
}

// Fedora CoreOS gives two digests and a signature; all go to the store.
func TestFedoraCoreOS(t *testing.T) {
	w, site, d := served(t, "fedora-coreos", "arm64")
	r, err := source(t, w).Resolve(t.Context(), d, Query{Arch: "arm64"})
	if err != nil {
		t.Fatal(err)
	}
	a := r.Artifacts[0]
	if a.SHA256 != vendortest.SHA256(w.Get(site.Image)) || !isHex(a.UnpackedSHA256, 64) || a.Signature == nil || a.Compression != "xz" {
		t.Errorf("artifact is %+v", a)
	}
	remote := r.spec(false).Remotes[0]
	if remote.Signature != a.Signature || remote.Unverified || r.Published.Format("2006-01-02") != "2026-07-21" {
		t.Errorf("the store is asked for %+v", remote)
	}
}

func TestProjectsWithKernelInitrdAndMedium(t *testing.T) {
	w, _, d := served(t, "k3os", "arm64")
	i, err := source(t, w).Image(t.Context(), d, Query{Arch: "arm64"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for role, f := range i.Manifest.Files {
		got[role] = f.Format
	}
	want := map[string]string{"kernel": "Image", "initrd": "cpio", "iso": "iso9660"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The factory makes an image when it is first asked for; the wait is shown.
func TestTalosWaitsForTheFactory(t *testing.T) {
	w, site, d := served(t, "talos", "amd64")
	var phases []string
	i, err := source(t, w).Image(t.Context(), d, Query{Arch: "amd64"}, func(p image.Progress) { phases = append(phases, p.Phase) })
	if err != nil {
		t.Fatal(err)
	}
	if phases[0] != "waiting until the factory has built" || phases[len(phases)-1] == phases[0] {
		t.Errorf("phases are %q", phases)
	}
	if i.Manifest.Trust != image.TrustNone || !strings.Contains(i.Manifest.Verdict, "publishes neither digest nor signature") {
		t.Errorf("manifest is %+v", i.Manifest)
	}
	// A factory that is paid for gives digests.
	w.Put(site.Image+".sha256", []byte(vendortest.SHA256(w.Get(site.Image))+"  nocloud-amd64.raw.xz\n"))
	w.Fault(site.Image+".sha256", nil)
	r, err := source(t, w).Resolve(t.Context(), d, Query{Arch: "amd64"})
	if err != nil || r.Trust != image.TrustDigest || r.Artifacts[0].SHA256 == "" {
		t.Errorf("release is %+v, %v", r, err)
	}
}

// A list whose name holds that of the image, one signed inside, and an image
// compressed in a way of its own.
func TestListsOfOtherShapes(t *testing.T) {
	d := entry(t, "centos-stream-9")
	d.Release.BaseURL, d.Release.Channel = "https://vendor.example/pub", ""
	d.Release.Options = map[string]string{
		"directory": "images/{arch}", "list": "SUMS-{version}.json", "file": `os-(?P<version>\d+\.\d+)-{arch}\.raw\.gz`,
		"digest": "sha512", "format": "raw", "compression": "gz", "signature": "clearsigned", "key": "vendor", "arch_amd64": "x86_64",
	}
	w := vendortest.New(t)
	root := "https://vendor.example/pub/images/x86_64/"
	w.Put(root, []byte(`<a href="os-9.9-x86_64.raw.gz">x</a><A class=x HREF='./os-9.10-x86_64.raw.gz'>y</a><a href="os-9.11-arm.raw.gz">`))
	digest := strings.Repeat("a", 128)
	w.Put(root+"SUMS-9.10.json", w.Signer("vendor").Clearsign([]byte(`{"files":[{"name":"os-9.10-x86_64.raw.gz","sha512":"`+digest+`"}]}`)))
	r, err := source(t, w).Resolve(t.Context(), d, Query{Arch: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	want := []Artifact{{Role: "disk", URL: root + "os-9.10-x86_64.raw.gz", Format: "raw", Compression: "gz", SHA512: digest}}
	if diff := cmp.Diff(want, r.Artifacts); diff != "" || r.Version != "9.10" || r.Trust != image.TrustSigned {
		t.Errorf("%s, version %s, trust %s", diff, r.Version, r.Trust)
	}
}

// Where distrolab carries no key, the digest is all there is, and it is said.
func TestSignaturesByUnknownPublishers(t *testing.T) {
	for _, name := range []string{"alpine", "rocky-9"} {
		w, _, d := served(t, name, "amd64")
		src := source(t, w)
		src.Keys = func(string) (signature.Keyring, error) { return signature.Embedded("nobody-has-this") }
		r, err := src.Resolve(t.Context(), d, Query{Arch: "amd64"})
		if err != nil || r.Trust != image.TrustDigest || !strings.Contains(r.Verdict, "its signature is not checked: ") {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func TestSystemsWithoutIndex(t *testing.T) {
	w := vendortest.New(t)
	for name, want := range map[string]string{
		"linuxkit":     "There is no image to download",
		"debian-local": "it is built on this machine and the store has none yet; run ./scripts/demo",
	} {
		src, d := source(t, w), entry(t, name)
		_, err := src.Image(t.Context(), d, Query{Arch: "amd64"}, nil)
		var none *NoImageError
		if !errors.As(err, &none) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want a NoImageError that says %q", name, err, want)
		}
		if _, err := src.Releases(t.Context(), d, Query{}); !errors.As(err, &none) {
			t.Errorf("%s: error is %v", name, err)
		}
		if err := src.Reachable(t.Context(), d, Query{}); err != nil {
			t.Errorf("%s has nothing to reach, but: %v", name, err)
		}
	}
	if len(w.Asked()) > 0 {
		t.Errorf("asked %v", w.Asked())
	}
}

func TestReachable(t *testing.T) {
	w, site, d := served(t, "flatcar", "amd64")
	src := source(t, w)
	var away *UnreachableError
	w.Fault(site.Index, vendortest.Status(http.StatusForbidden))
	if err := src.Reachable(t.Context(), d, Query{Arch: "amd64"}); !errors.As(err, &away) {
		t.Errorf("a proxy's refusal: %v", err)
	}
	w.Fault(site.Index, vendortest.Silent())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := src.Reachable(ctx, d, Query{Arch: "amd64"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	err := src.Reachable(t.Context(), d, Query{Mirror: "http://127.0.0.1:1", Arch: "amd64"})
	if !errors.As(err, &away) || away.Host != "127.0.0.1:1" || away.Hint == "" {
		t.Errorf("nothing there: %v", err)
	}
}

// A plain mirror is used when the person names it, and the verdict says so.
func TestPlainMirrors(t *testing.T) {
	w, _, d := served(t, "debian-13", "amd64")
	root := "https://cloud.debian.org/images/cloud"
	plain := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.Write(w.Get(root + r.URL.Path)) //nolint:errcheck // the client may be gone
	}))
	t.Cleanup(plain.Close)
	src := source(t, w)
	src.Client = plain.Client()
	i, err := src.Image(t.Context(), d, Query{Arch: "amd64", Mirror: plain.URL}, nil)
	if err != nil || !strings.Contains(i.Manifest.Verdict, "over plain HTTP from a mirror you named") {
		t.Errorf("%+v, %v", i.Manifest, err)
	}
}

func TestQueriesAreChecked(t *testing.T) {
	w := vendortest.New(t)
	for want, q := range map[string]Query{
		"is not a channel":          {Channel: "../x", Arch: "amd64"},
		"is not a version":          {Version: "1/../2", Arch: "amd64"},
		"is not amd64 or arm64":     {Arch: "mips"},
		"is not https":              {Arch: "amd64", Mirror: "ftp://mirror.example"},
		"is not an address of a se": {Arch: "amd64", Mirror: "https://user:secret@mirror.example"},
	} {
		_, err := source(t, w).Resolve(t.Context(), entry(t, "flatcar"), q)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: error is %v, want it to say %q", q, err, want)
		}
	}
	if len(w.Asked()) > 0 {
		t.Errorf("asked %v", w.Asked())
	}
}

func TestEntriesThatAreNotWhole(t *testing.T) {
	for _, name := range []string{"debian-13", "ubuntu-2404", "alpine", "centos-stream-9", "rancheros", "talos"} {
		w, d := vendortest.New(t), entry(t, name)
		d.Release.Options = nil
		_, err := source(t, w).Resolve(t.Context(), d, Query{Arch: "amd64"})
		if err == nil || !strings.Contains(err.Error(), "its catalog entry ") || len(w.Asked()) > 0 {
			t.Errorf("%s: error is %v; asked %v", name, err, w.Asked())
		}
	}
	d := entry(t, "flatcar")
	d.Release.Channel = ""
	if _, err := source(t, vendortest.New(t)).Resolve(t.Context(), d, Query{Arch: "amd64"}); err == nil || !strings.Contains(err.Error(), "name a channel") {
		t.Errorf("error is %v", err)
	}
	d.Release.Resolver = "unheard-of"
	var none *NoImageError
	if _, err := source(t, vendortest.New(t)).Resolve(t.Context(), d, Query{Arch: "amd64"}); !errors.As(err, &none) {
		t.Errorf("error is %v", err)
	}
}

// A pre-release is only for those who name it.
func TestPrereleasesByTheirTag(t *testing.T) {
	w, site, d := served(t, "rancheros", "amd64")
	tagged := strings.Replace(site.Index, "latest", "tags/"+site.Version, 1)
	w.Spoil(tagged, func(text []byte) []byte {
		return bytes.Replace(text, []byte(`"prerelease":false`), []byte(`"prerelease":true`), 1)
	})
	r, err := source(t, w).Resolve(t.Context(), d, Query{Arch: "amd64", Version: site.Version})
	if err != nil || r.Version != site.Version {
		t.Errorf("%+v, %v", r, err)
	}
	w.Spoil(tagged, func(text []byte) []byte {
		return bytes.ReplaceAll(text, []byte(`"tag_name":"v99.5.8"`), []byte(`"tag_name":"v99.5.7"`))
	})
	if _, err := source(t, w).Resolve(t.Context(), d, Query{Arch: "amd64", Version: site.Version}); err == nil || !strings.Contains(err.Error(), "it is release v99.5.7, not v99.5.8") {
		t.Errorf("error is %v", err)
	}
}

// However many versions an index knows, only the newest are returned.
func TestReleasesAreBounded(t *testing.T) {
	w, site, d := served(t, "debian-13", "amd64")
	root, _, _ := strings.Cut(site.Index, "latest/")
	w.Spoil(root, func([]byte) []byte {
		var page bytes.Buffer
		for i := range 1000 {
			fmt.Fprintf(&page, "<a href=\"20260101-%d/\">x</a>\n", i)
		}
		return page.Bytes()
	})
	all, err := source(t, w).Releases(t.Context(), d, Query{Arch: "amd64"})
	if err != nil || len(all) != maxSummaries || all[0].Version != "20260101-999" {
		t.Errorf("%d releases, the first is %+v, %v", len(all), all[0], err)
	}
}
