package release

import (
	"strings"
	"testing"
)

func FuzzFlatcarVersion(f *testing.F) {
	f.Add([]byte("FLATCAR_VERSION=4593.2.5\n"))
	f.Add([]byte("FLATCAR_VERSION=\"4593.2.5+nightly-1\"\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := flatcarVersion(text)
		if err == nil && (v == "" || strings.ContainsAny(v, "/ \n\\?#%") || strings.Contains(v, "..")) {
			t.Errorf("accepted %q", v)
		}
	})
}

func FuzzSum(f *testing.F) {
	f.Add([]byte("# SHA512 HASH\n" + strings.Repeat("a", 128) + "  a.img\n"))
	f.Add([]byte(strings.Repeat("A", 128) + " *a.img\r\n"))
	f.Fuzz(func(t *testing.T, list []byte) {
		for _, l := range [][]byte{list, section(list, "SHA512 HASH")} {
			digest, err := sum(l, "a.img", 128)
			if err == nil && (!isHex(digest, 128) || digest != strings.ToLower(digest)) {
				t.Errorf("digest is %q", digest)
			}
		}
	})
}

func FuzzStream(f *testing.F) {
	f.Add([]byte(fcosStream(fcosLocation(fcosBase), strings.Repeat("a", 64), strings.Repeat("b", 64))))
	f.Add([]byte(`{"stream":"stable","architectures":{"x86_64":null}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := fcosRelease(text, asked{channel: "stable", arch: "amd64"})
		if err != nil {
			return
		}
		a := r.Artifacts[0]
		if !isHex(a.SHA256, 64) || !isHex(a.UnpackedSHA256, 64) || !isVersion(r.Version) || !strings.HasSuffix(a.URL, ".xz") {
			t.Errorf("accepted %+v", r)
		}
	})
}

func FuzzDebianBuild(f *testing.F) {
	f.Add([]byte(debianSite([]byte("disk"))[debianIndex]))
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := readDebianBuild(text, "trixie", "debian-13-genericcloud-amd64")
		if err == nil && (!isHex(b.sha512, 128) || !isVersion(b.version)) {
			t.Errorf("accepted %+v", b)
		}
	})
}
