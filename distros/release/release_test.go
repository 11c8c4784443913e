package release

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distrolab/distros"
	"distrolab/distros/image"
)

// site is a vendor's server: documents by path.
type site map[string]string

func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, ok := s[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	fmt.Fprint(w, text) //nolint:errcheck // the client may be gone
}

func serve(t *testing.T, s http.Handler) string {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server.URL
}

func entry(t *testing.T, name string) distros.Distro {
	t.Helper()
	c, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func source(t *testing.T) Source {
	t.Helper()
	store, err := image.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return Source{Client: http.DefaultClient, Store: store}
}

func resolve(t *testing.T, name string, q Query, s http.Handler) (Release, error) {
	t.Helper()
	q.Mirror = serve(t, s)
	if q.Arch == "" {
		q.Arch = "amd64"
	}
	r, err := source(t).Resolve(context.Background(), entry(t, name), q)
	for i := range r.Artifacts { // the port differs each time
		r.Artifacts[i].URL = strings.TrimPrefix(r.Artifacts[i].URL, q.Mirror)
	}
	return r, err
}

const flatcarImage = "flatcar_production_qemu_image.img"

func digests(file, md5, sha1, sha512 string) string {
	return "# MD5 HASH\n" + md5 + "  " + file + "\n# SHA1 HASH\n" + sha1 + "  " + file + "\n# SHA512 HASH\n" + sha512 + "  " + file + "\n"
}

func flatcarSite(change func(s site)) site {
	s := site{
		"/amd64-usr/current/version.txt":                           "FLATCAR_VERSION=4593.2.5\nFLATCAR_VERSION_ID=4593.2.5\nFLATCAR_BUILD_ID=\"\"\nFLATCAR_SDK_VERSION=4593.0.0\n",
		"/amd64-usr/4593.2.5/" + flatcarImage + ".DIGESTS":         digests(flatcarImage, strings.Repeat("1", 32), strings.Repeat("2", 40), strings.Repeat("a", 128)),
		"/amd64-usr/4081.3.10/version.txt":                         "FLATCAR_VERSION=4081.3.10\n",
		"/amd64-usr/4081.3.10/" + flatcarImage + ".DIGESTS":        digests(flatcarImage, strings.Repeat("1", 32), strings.Repeat("2", 40), strings.Repeat("b", 128)),
		"/amd64-usr/current/" + flatcarImage + ".DIGESTS":          digests(flatcarImage, "", "", strings.Repeat("f", 128)), // of a version that came meanwhile
		"/amd64-usr/4593.2.5/flatcar_production_iso_image.DIGESTS": "",
	}
	if change != nil {
		change(s)
	}
	return s
}

func TestFlatcar(t *testing.T) {
	got, err := resolve(t, "flatcar", Query{}, flatcarSite(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := Release{
		Distro: "flatcar", Version: "4593.2.5", Channel: "stable", Arch: "amd64",
		Artifacts: []Artifact{{Role: "disk", URL: "/amd64-usr/4593.2.5/" + flatcarImage, Format: "qcow2", SHA512: strings.Repeat("a", 128)}},
		Verdict:   "sha512 from DIGESTS over plain HTTP from a mirror you named; OpenPGP signature not checked",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	pinned, err := resolve(t, "flatcar", Query{Version: "4081.3.10"}, flatcarSite(nil))
	if err != nil || pinned.Version != "4081.3.10" || pinned.Artifacts[0].SHA512 != strings.Repeat("b", 128) {
		t.Errorf("pinned version: %+v, %v", pinned, err)
	}
}

func TestVendorsOwnServersAreAskedByHTTPS(t *testing.T) {
	for name, want := range map[string]string{
		"flatcar":       "https://beta.release.flatcar-linux.net/arm64-usr/current/version.txt",
		"fedora-coreos": "https://builds.coreos.fedoraproject.org/streams/beta.json",
		"debian":        "https://cloud.debian.org/images/cloud/beta/latest/debian-13-genericcloud-arm64.json",
	} {
		r, a, err := prepare(entry(t, name), Query{Channel: "beta", Arch: "arm64"})
		if err != nil || r.indexURL(a) != want || a.plain {
			t.Errorf("%s asks %s (plain %v), %v; want %s", name, r.indexURL(a), a.plain, err, want)
		}
	}
}

func TestFlatcarRefuses(t *testing.T) {
	list := "/amd64-usr/4593.2.5/" + flatcarImage + ".DIGESTS"
	version := "/amd64-usr/current/version.txt"
	for name, tt := range map[string]struct {
		change func(s site)
		want   string
	}{
		"no index":                 {func(s site) { delete(s, version) }, "404 Not Found; this version, channel or architecture may not exist there"},
		"no digests":               {func(s site) { delete(s, list) }, "DIGESTS: the server answers 404"},
		"no version":               {func(s site) { s[version] = "SOMETHING=1\n" }, "has no line FLATCAR_VERSION"},
		"a web page":               {func(s site) { s[version] = "<html>Sign in</html>" }, "has no line FLATCAR_VERSION"},
		"a version that is a path": {func(s site) { s[version] = "FLATCAR_VERSION=../../evil\n" }, `FLATCAR_VERSION "../../evil" is not a version`},
		"only weak digests":        {func(s site) { s[list] = strings.Split(s[list], "# SHA512")[0] }, "the list has no digest for " + flatcarImage},
		"sha512 of another file":   {func(s site) { s[list] = strings.ReplaceAll(s[list], flatcarImage, "other.img") }, "the list has no digest for " + flatcarImage},
		"two digests":              {func(s site) { s[list] += strings.Repeat("c", 128) + "  " + flatcarImage + "\n" }, "the list has two digests for " + flatcarImage},
		"a short digest":           {func(s site) { s[list] = digests(flatcarImage, "", "", "abc") }, "the list has no digest"},
		"a huge index":             {func(s site) { s[version] = strings.Repeat("A=1\n", maxIndexBytes/4+1) }, "longer than 8388608 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := resolve(t, "flatcar", Query{}, flatcarSite(tt.change))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want it to say %q", err, tt.want)
			}
		})
	}
}

const fcosVersion = "44.20260707.3.1"

func fcosStream(location, sum, unpacked string) string {
	return fmt.Sprintf(`{"stream":"stable","metadata":{"last-modified":"2026-07-21T14:07:12Z","generator":"g"},
"architectures":{"x86_64":{"artifacts":{"qemu":{"release":%q,"formats":{"qcow2.xz":{"disk":{"location":%q,"signature":"x.sig","sha256":%q,"uncompressed-sha256":%q}}}},
"metal":{"release":"1","formats":{"4k.raw.xz":{"disk":{}},"pxe":{"kernel":{},"initramfs":{},"rootfs":{}}}}},"images":{"aws":{},"gcp":{},"kubevirt":{}}}}}`,
		fcosVersion, location, sum, unpacked)
}

func fcosLocation(root string) string {
	return root + "/prod/streams/stable/builds/" + fcosVersion + "/x86_64/fedora-coreos-" + fcosVersion + "-qemu.x86_64.qcow2.xz"
}

func TestFedoraCoreOS(t *testing.T) {
	s := site{"/streams/stable.json": fcosStream(fcosLocation(fcosBase), strings.Repeat("a", 64), strings.Repeat("b", 64))}
	got, err := resolve(t, "fedora-coreos", Query{}, s)
	if err != nil {
		t.Fatal(err)
	}
	if got.Version != fcosVersion || got.Published.Format("2006-01-02") != "2026-07-21" {
		t.Errorf("got %+v", got)
	}
	want := []Artifact{{
		Role: "disk", URL: fcosLocation(""), Format: "qcow2", Compression: "xz", // the mirror's, not the vendor's
		SHA256: strings.Repeat("a", 64), UnpackedSHA256: strings.Repeat("b", 64),
	}}
	if diff := cmp.Diff(want, got.Artifacts); diff != "" {
		t.Error(diff)
	}
}

func TestFedoraCoreOSRefuses(t *testing.T) {
	good := fcosStream(fcosLocation(fcosBase), strings.Repeat("a", 64), strings.Repeat("b", 64))
	for _, tt := range []struct{ name, old, replacement, want string }{
		{"another stream", `"stream":"stable"`, `"stream":"next"`, `it is of stream "next", not stable`},
		{"no architecture", "x86_64\":{", "s390x\":{", "it has no qemu image for x86_64"},
		{"no qemu image", `"qemu"`, `"kvm"`, "it has no qemu image for x86_64"},
		{"no format", `"qcow2.xz"`, `"raw.xz"`, "it has no qcow2.xz image"},
		{"no digest", strings.Repeat("a", 64), "", "has no two SHA-256 digests"},
		{"no unpacked digest", strings.Repeat("b", 64), "short", "has no two SHA-256 digests"},
		{"a path for a version", `"release":"` + fcosVersion, `"release":"../..`, `"../.." is not a version`},
		{"another file", "qemu.x86_64.qcow2.xz", "live.iso", "which is another file"},
		{"cut short", `"images"`, "", "invalid character"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := resolve(t, "fedora-coreos", Query{}, site{"/streams/stable.json": strings.Replace(good, tt.old, tt.replacement, 1)})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want it to say %q", err, tt.want)
			}
		})
	}
	_, err := resolve(t, "fedora-coreos", Query{Version: "43.20260101.3.0"}, site{"/streams/stable.json": good})
	if err == nil || !strings.Contains(err.Error(), "the stream offers "+fcosVersion) {
		t.Errorf("an older version: %v", err)
	}
}

const (
	debianVersion = "20260712-2537"
	debianDir     = "/trixie/" + debianVersion + "/"
	debianFile    = "debian-13-genericcloud-amd64-" + debianVersion + ".qcow2"
	debianIndex   = "/trixie/latest/debian-13-genericcloud-amd64.json"
)

func debianSite(disk []byte) site {
	sum := sha512.Sum512(disk)
	return site{
		debianIndex: fmt.Sprintf(`{"apiVersion":"v1","kind":"List","items":[
{"kind":"Build","data":{"info":{"version":%[1]q},"packages":[{"name":"adduser"}]},"metadata":{"annotations":{"cloud.debian.org/digest":"sha512:x"},"labels":{"cloud.debian.org/version":%[1]q}}},
{"kind":"Upload","data":{"ref":"trixie/%[1]s/debian-13-genericcloud-amd64-%[1]s.raw"},"metadata":{"labels":{"upload.cloud.debian.org/image-format":"raw","cloud.debian.org/version":%[1]q}}},
{"kind":"Upload","data":{"familyRef":null,"ref":"trixie/%[1]s/debian-13-genericcloud-amd64-%[1]s.qcow2"},"metadata":{"annotations":{"cloud.debian.org/digest":"sha512:%[2]s"},
"labels":{"upload.cloud.debian.org/image-format":"qcow2","cloud.debian.org/version":%[1]q}}}]}`, debianVersion, base64.RawStdEncoding.EncodeToString(sum[:])),
		debianDir + "SHA512SUMS": strings.Repeat("9", 128) + "  debian-13-generic-amd64-" + debianVersion + ".qcow2\n" +
			hex.EncodeToString(sum[:]) + "  " + debianFile + "\n" + strings.Repeat("8", 128) + "  " + debianFile + ".json\n",
		debianDir + debianFile: string(disk),
	}
}

func TestDebian(t *testing.T) {
	disk := []byte("disk")
	got, err := resolve(t, "debian", Query{}, debianSite(disk))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512(disk)
	want := []Artifact{{Role: "disk", URL: debianDir + debianFile, Format: "qcow2", SHA512: hex.EncodeToString(sum[:])}}
	if diff := cmp.Diff(want, got.Artifacts); diff != "" || got.Version != debianVersion {
		t.Error(got.Version, diff)
	}
	pinned := debianSite(disk)
	delete(pinned, debianIndex) // a version asked for needs no "latest"
	if got, err := resolve(t, "debian", Query{Version: debianVersion}, pinned); err != nil || got.Version != debianVersion {
		t.Errorf("pinned: %+v, %v", got, err)
	}
}

func TestDebianRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(s site)
		want   string
	}{
		"lists that disagree":  {func(s site) { s[debianDir+"SHA512SUMS"] = strings.Repeat("7", 128) + "  " + debianFile + "\n" }, "one of them was changed"},
		"another place":        {func(s site) { s[debianIndex] = strings.ReplaceAll(s[debianIndex], `"trixie/`, `"../sid/`) }, `the image lies at "../sid/`},
		"no image":             {func(s site) { s[debianIndex] = `{"items":[]}` }, "it names no qcow2 image"},
		"not JSON":             {func(s site) { s[debianIndex] = "<html>" }, "invalid character"},
		"a path for a version": {func(s site) { s[debianIndex] = strings.ReplaceAll(s[debianIndex], debianVersion, "../x") }, `"../x" is not a version of a build`},
		"no digest":            {func(s site) { s[debianIndex] = strings.ReplaceAll(s[debianIndex], "sha512:", "md5:") }, "has no SHA-512 digest"},
	} {
		t.Run(name, func(t *testing.T) {
			s := debianSite([]byte("disk"))
			tt.change(s)
			_, err := resolve(t, "debian", Query{}, s)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want it to say %q", err, tt.want)
			}
		})
	}
}

// From the index to the store, with the compression and digests of a stream.
func TestImageGoesFromIndexToStore(t *testing.T) {
	disk := make([]byte, 300<<10)
	copy(disk, "QFI\xfb\x00\x00\x00\x03")
	disk[23], disk[27] = 16, 1 // clusters of 64 KiB, 4 GiB
	var packed bytes.Buffer
	cmd := exec.Command("xz", "-c")
	cmd.Stdin, cmd.Stdout = bytes.NewReader(disk), &packed
	if err := cmd.Run(); err != nil {
		t.Skipf("xz cannot be run: %v", err)
	}
	hexSum := func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
	files := site{
		"/streams/stable.json": fcosStream(fcosLocation(fcosBase), hexSum(packed.Bytes()), hexSum(disk)),
		fcosLocation(""):       packed.String(),
	}
	src, q := source(t), Query{Mirror: serve(t, files), Arch: "amd64"}
	i, err := src.Image(context.Background(), entry(t, "fedora-coreos"), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := i.Manifest
	if m.Version != fcosVersion || m.Files["disk"].SHA256 != hexSum(disk) || !strings.Contains(m.Verdict, "OpenPGP signature not checked") {
		t.Errorf("manifest is %+v", m)
	}
	q.Version, q.Mirror = fcosVersion, "http://127.0.0.1:1" // nothing listens there
	again, err := src.Image(context.Background(), entry(t, "fedora-coreos"), q, nil)
	if err != nil || again.ID != i.ID {
		t.Errorf("a stored version needs the network: %v", err)
	}
}

func TestSystemsWithoutIndex(t *testing.T) {
	src := source(t)
	for name, want := range map[string]string{
		"talos":        "image factory",
		"linuxkit":     "There is no image to download",
		"debian-local": "it is built on this machine and the store has none yet; run ./scripts/demo",
	} {
		_, err := src.Image(context.Background(), entry(t, name), Query{Arch: "amd64"}, nil)
		var none *NoImageError
		if !errors.As(err, &none) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want a NoImageError that says %q", name, err, want)
		}
		if err := src.Reachable(context.Background(), entry(t, name), Query{}); err != nil {
			t.Errorf("%s has nothing to reach, but: %v", name, err)
		}
	}
}

func TestReachable(t *testing.T) {
	src, d := source(t), entry(t, "flatcar")
	reach := func(h http.HandlerFunc) error {
		return src.Reachable(context.Background(), d, Query{Mirror: serve(t, h), Arch: "amd64"})
	}
	if err := reach(flatcarSite(nil).ServeHTTP); err != nil {
		t.Error(err)
	}
	var away *UnreachableError
	if err := reach(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }); !errors.As(err, &away) {
		t.Errorf("a proxy's refusal: %v", err)
	}
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	if err := reach(silent); !errors.As(err, &away) || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("a silent server: %v", err)
	}
	err := src.Reachable(context.Background(), d, Query{Mirror: "http://127.0.0.1:1", Arch: "amd64"})
	if !errors.As(err, &away) || away.Host != "127.0.0.1:1" || !strings.Contains(err.Error(), "connection refused") || away.Hint == "" {
		t.Errorf("nothing there: %v", err)
	}
}

func TestQueriesAreChecked(t *testing.T) {
	for want, q := range map[string]Query{
		"is not a channel":          {Channel: "../x", Arch: "amd64"},
		"is not a version":          {Version: "1/../2", Arch: "amd64"},
		"is not amd64 or arm64":     {Arch: "mips"},
		"is not https":              {Arch: "amd64", Mirror: "ftp://mirror.example"},
		"is not an address of a se": {Arch: "amd64", Mirror: "https://user:secret@mirror.example"},
	} {
		_, err := source(t).Resolve(context.Background(), entry(t, "flatcar"), q)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: error is %v, want it to say %q", q, err, want)
		}
	}
}
