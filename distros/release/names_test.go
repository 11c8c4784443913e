package release

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"distrolab/distros/release/vendortest"
)

// edited is a world in which a system's vendor itself publishes a document
// that was changed: signed where the vendor signs.
func edited(t *testing.T, name string, which func(vendortest.Site) string, change func(string) string) *vendortest.World {
	t.Helper()
	_, site, d := served(t, name, "amd64")
	w, done := vendortest.New(t), false
	w.Edit(which(site), func(text []byte) []byte {
		after := change(string(text))
		done = done || after != string(text)
		return []byte(after)
	})
	w.Serve(d, "amd64")
	if !done {
		t.Fatalf("%s: %s stays the same, so nothing is tested", name, which(site))
	}
	return w
}

func indexOf(s vendortest.Site) string { return s.Index }
func listOf(s vendortest.Site) string  { return s.List }

func replace(from, to string) func(string) string {
	return func(text string) string { return strings.ReplaceAll(text, from, to) }
}

// twice repeats the lines that hold a digest with another digest.
func twice(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		out.WriteString(line)
		if flipped := []byte(line); hasDigest(line) {
			out.Write(flipDigit(flipped))
		}
	}
	return out.String()
}

func hasDigest(line string) bool { return regexp.MustCompile(`[0-9a-f]{64}`).MatchString(line) }

// Documents that no vendor would publish are refused even where the vendor
// signed them.
func TestWhatIndexesMayNotSay(t *testing.T) {
	for what, tt := range map[string]struct {
		system string
		which  func(vendortest.Site) string
		change func(string) string
		want   string
	}{
		"flatcar: a version that is a path":    {"flatcar", indexOf, replace("4999.2.5", "../../evil"), `FLATCAR_VERSION "../../evil" is not a version`},
		"flatcar: no version":                  {"flatcar", indexOf, replace("FLATCAR_VERSION=", "X="), `has no line FLATCAR_VERSION`},
		"flatcar: two digests":                 {"flatcar", listOf, twice, `two digests for flatcar_production_qemu_image.img`},
		"flatcar: only other files":            {"flatcar", listOf, replace("qemu_image", "iso_image"), `no digest for flatcar_production_qemu_image.img`},
		"flatcar: only weak digests":           {"flatcar", listOf, func(s string) string { s, _, _ = strings.Cut(s, "# SHA512"); return s }, `no digest for flatcar`},
		"flatcar: a short digest":              {"flatcar", listOf, func(s string) string { return strings.Replace(s, "HASH\n", "HASH\nab", 3) }, `no digest for flatcar`},
		"fcos: another host":                   {"fedora-coreos", indexOf, replace(`"location":"https://builds.coreos.fedoraproject.org`, `"location":"https://evil.example`), `is not below https://builds.coreos`},
		"fcos: a path upwards":                 {"fedora-coreos", indexOf, replace("/prod/streams/", "/prod/../streams/"), `does not lead straight to a file`},
		"fcos: another stream":                 {"fedora-coreos", indexOf, replace(`"stream":"stable"`, `"stream":"next"`), `it is of stream "next", not stable`},
		"fcos: a version that is a path":       {"fedora-coreos", indexOf, replace("44.20261107.3.1", "../44"), `"../44" is not a version`},
		"fcos: another version's image":        {"fedora-coreos", indexOf, replace("builds/44.20261107.3.1", "builds/44.20250101.3.1"), `which is another file`},
		"fcos: another file's signature":       {"fedora-coreos", indexOf, replace("qcow2.xz.sig", "other.xz.sig"), `which is that of another file`},
		"fcos: no digest":                      {"fedora-coreos", indexOf, replace(`"sha256":"`, `"sha256":"zz`), `has no two SHA-256 digests`},
		"fcos: no image for the architecture":  {"fedora-coreos", indexOf, replace("x86_64", "s390x"), `it has no qemu image for x86_64`},
		"fcos: no qemu image":                  {"fedora-coreos", indexOf, replace("qcow2.xz\":{", "raw.xz\":{"), `it has no qcow2.xz image`},
		"debian: a path upwards":               {"debian-13", indexOf, replace(`"ref":"trixie/2`, `"ref":"../trixie/2`), `the image lies at "../trixie`},
		"debian: a version that is a path":     {"debian-13", indexOf, replace("20261112-2537", "../x"), `"../x" is not a version of a build`},
		"debian: no digest":                    {"debian-13", indexOf, replace("sha512:", "sha256:"), `has no SHA-512 digest`},
		"debian: only raw":                     {"debian-13", indexOf, replace(`"qcow2"`, `"vhd"`), `it names no qcow2 image`},
		"debian: two digests":                  {"debian-13", listOf, twice, `two digests for debian-13`},
		"debian: digests that differ":          {"debian-13", listOf, func(s string) string { return s[:200] + string(flipDigit([]byte(s[200:]))) }, `one of them was changed`},
		"ubuntu: a path upwards":               {"ubuntu-2404", listOf, replace(`"path":"server/releases/noble/release-20261105`, `"path":"../x/release-20261105`), `which is another file`},
		"ubuntu: another build's path":         {"ubuntu-2404", listOf, replace("release-20261105/", "release-20240423/"), `which is another file`},
		"ubuntu: another release":              {"ubuntu-2404", listOf, replace(`"release":"noble"`, `"release":"jammy"`), `is "jammy" for "amd64", not noble for amd64`},
		"ubuntu: no digest":                    {"ubuntu-2404", listOf, replace(`"sha256":"`, `"sha256":"x`), `has no SHA-256 digest`},
		"ubuntu: another format":               {"ubuntu-2404", listOf, replace("products:1.0", "products:2.0"), `its format is "products:2.0"`},
		"ubuntu: a list of products elsewhere": {"ubuntu-2404", indexOf, replace("streams/v1/com", "https://evil.example/com"), `does not lead straight to a file`},
		"ubuntu: a list of products upwards":   {"ubuntu-2404", indexOf, replace("streams/v1/com", "../v1/com"), `does not lead straight to a file`},
		"ubuntu: no such product":              {"ubuntu-2404", indexOf, replace("24.04:amd64", "24.04:s390x"), `names no product com.ubuntu.cloud:server:24.04:amd64`},
		"alpine: only paths upwards":           {"alpine", indexOf, replace(`href="nocloud`, `href="../nocloud`), `names no image of this system`},
		"alpine: only other hosts":             {"alpine", indexOf, replace(`href="nocloud`, `href="https://evil.example/nocloud`), `names no image of this system`},
		"alpine: a digest of another length":   {"alpine", listOf, func(s string) string { return s[:64] }, `no digest for nocloud_alpine`},
		"oracle: a folder upwards":             {"oracle-9", indexOf, replace("/OL9/u11", "/../../u11"), `which is not a folder below /templates/OracleLinux`},
		"oracle: another host":                 {"oracle-9", indexOf, replace(`"base_url":"`, `"base_url":"//evil.example`), `which is not a folder below`},
		"oracle: another line":                 {"oracle-9", indexOf, replace("OL9U11", "OL8U11"), `not one of line 9 for amd64`},
		"oracle: another architecture":         {"oracle-9", indexOf, replace("x86_64-kvm", "aarch64-kvm"), `not one of line 9 for amd64`},
		"oracle: no digest":                    {"oracle-9", indexOf, replace(`"sha256":"`, `"sha256":"x`), `has no SHA-256 digest`},
		"stream: two digests":                  {"centos-stream-9", listOf, twice, `two digests for CentOS-Stream`},
		"stream: paths upwards":                {"centos-stream-9", listOf, replace("(CentOS", "(../CentOS"), `names no image of this system`},
		"stream: weak digests":                 {"centos-stream-9", listOf, replace("SHA256", "MD5"), `names no image of this system`},
		"rocky: two digests":                   {"rocky-9", listOf, twice, `two digests for Rocky-9`},
		"microos: the digest of another file":  {"microos", listOf, replace("Snapshot20261107", "Snapshot20261031"), `no digest for openSUSE-MicroOS.x86_64-16.0.0`},
		"github: a pre-release":                {"rancheros", indexOf, replace(`"prerelease":false`, `"prerelease":true`), `v99.5.8 is a pre-release`},
		"github: a draft":                      {"rancheros", indexOf, replace(`"draft":false`, `"draft":true`), `v99.5.8 is a draft`},
		"github: a tag that is a path":         {"rancheros", indexOf, replace(`"tag_name":"v99.5.8"`, `"tag_name":"../v99"`), `its tag "../v99" is not a version`},
		"github: another host":                 {"rancheros", indexOf, replace("https://github.com/", "https://evil.example/"), `which is not that of release v99.5.8`},
		"github: another project":              {"rancheros", indexOf, replace("github.com/rancher/os/", "github.com/mallory/os/"), `which is not that of release v99.5.8`},
		"github: another release's file":       {"rancheros", indexOf, replace("download/v99.5.8", "download/v1.0.0"), `which is not that of release v99.5.8`},
		"github: no image":                     {"rancheros", indexOf, replace(`"name":"rancheros-openstack.img"`, `"name":"other.img"`), `has no file rancheros-openstack.img`},
		"github: no list of digests":           {"rancheros", indexOf, replace(`"name":"checksums.txt"`, `"name":"other.txt"`), `has no file checksums.txt`},
		"github: two digests":                  {"k3os", listOf, twice, `two digests for k3os-vmlinuz-amd64`},
		"github: a list without the file":      {"k3os", listOf, replace("k3os-initrd-amd64", "k3os-initrd-arm64"), `no digest for k3os-initrd-amd64`},
		"talos: a pre-release":                 {"talos", indexOf, replace(`"prerelease":false`, `"prerelease":true`), `v1.13.99 is a pre-release`},
		"talos: a tag that is a path":          {"talos", indexOf, replace(`"tag_name":"v1.13.99"`, `"tag_name":"v1/../../x"`), `its tag "v1/../../x" is not a version`},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			refused(t, edited(t, tt.system, tt.which, tt.change), tt.system, tt.want)
		})
	}
}

// The current version moves between two requests: the image is still the one
// whose version was read first, or the change is noticed.
func TestTheCurrentVersionMoves(t *testing.T) {
	for _, name := range attacked() {
		w, site, d := served(t, name, "amd64")
		moved := bytes.ReplaceAll(w.Get(site.Index), []byte(site.Version), []byte("9"+site.Version))
		w.Fault(site.Index, vendortest.Moving(moved))
		src := source(t, w)
		i, err := src.Image(t.Context(), d, Query{Arch: "amd64"}, nil)
		if err != nil || i.Manifest.Version != site.Version {
			t.Errorf("%s: version %s, %v; want %s", name, i.Manifest.Version, err, site.Version)
		}
	}
}

// A directory of images of which the newest is replaced after the listing was
// read gives an error, never a mix of two builds.
func TestAnImageThatVanishes(t *testing.T) {
	w, site, _ := served(t, "microos", "amd64")
	w.Remove(site.List)
	refused(t, w, "microos", `404 Not Found; this version, channel or architecture may not exist there`)
}

func TestRequireSignature(t *testing.T) {
	for _, d := range indexed(t) {
		w := vendortest.New(t)
		site, ok := w.Serve(d, "amd64")
		if !ok {
			continue
		}
		src := source(t, w)
		i, err := src.Image(t.Context(), d, Query{Arch: "amd64", RequireSignature: true}, nil)
		if wantedTrust(d) == "signed" {
			if err != nil || i.Manifest.Trust != "signed" {
				t.Errorf("%s is signed, but: %v", d.Name, err)
			}
			continue
		}
		var missing *UnsignedError
		if !errors.As(err, &missing) || missing.Version != site.Version || !strings.Contains(err.Error(), "signature is missing") {
			t.Errorf("%s: error is %v, want an UnsignedError", d.Name, err)
		}
		for _, request := range w.Asked() {
			if request == "GET "+site.Image {
				t.Errorf("%s: an image that is refused was fetched", d.Name)
			}
		}
		if _, err := src.Image(t.Context(), d, Query{Arch: "amd64"}, nil); err != nil {
			t.Fatal(err)
		}
		if i, ok := src.Stored(d, Query{Arch: "amd64", RequireSignature: true}); ok {
			t.Errorf("%s: the store gives %s, which nobody signed", d.Name, i.ID)
		}
	}
}

func TestSigstoreBundles(t *testing.T) {
	const identity, issuer = `release@project\.example`, "https://accounts.example"
	d := entry(t, "rancheros")
	d.Release.Options = map[string]string{
		"repo": "some/project", "disk": "disk-{version}-{arch}.qcow2", "checksums": "sha256sum.txt", "digest": "sha256",
		"bundle": "sha256sum.txt.bundle", "identity": identity, "issuer": issuer,
	}
	disk := vendortest.Disk("bundled")
	sums := fmt.Appendf(nil, "%s disk-99.1.0-amd64.qcow2\n", vendortest.SHA256(disk))
	for what, tt := range map[string]struct {
		bundle []byte
		want   string
	}{
		"good":             {vendortest.MakeBundle(sums, identity, issuer), ""},
		"another identity": {vendortest.MakeBundle(sums, "mallory@project.example", issuer), "checking https://github.com/some/project/releases/download/v99.1.0/sha256sum.txt.bundle"},
		"another document": {vendortest.MakeBundle([]byte("x"), identity, issuer), "was not made by that identity over this document"},
		"missing":          {nil, "release v99.1.0 has no sha256sum.txt.bundle, and this project signs"},
	} {
		w := vendortest.New(t)
		files := []vendortest.GitFile{{Name: "disk-99.1.0-amd64.qcow2", Content: disk}, {Name: "sha256sum.txt", Content: sums}}
		if tt.bundle != nil {
			files = append(files, vendortest.GitFile{Name: "sha256sum.txt.bundle", Content: tt.bundle})
		}
		w.GitHub("some/project", "v99.1.0", files...)
		r, err := source(t, w).Resolve(t.Context(), d, Query{Arch: "amd64"})
		switch {
		case tt.want == "" && (err != nil || r.Trust != "signed"):
			t.Errorf("%s: %+v, %v", what, r, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: error is %v, want it to say %q", what, err, tt.want)
		}
	}
}
