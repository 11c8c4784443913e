package release

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
)

// corpus adds the documents that an imitated vendor publishes, so that fuzzing
// starts from what is real.
func corpus(f *testing.F, names ...string) {
	f.Helper()
	f.Add([]byte(""))
	for _, name := range names {
		w, site, _ := served(f, name, "amd64")
		f.Add(w.Get(site.Index))
		f.Add(w.Get(site.List))
	}
}

// safe reports whether a release's file lies below a root and has a digest.
func safe(r Release, root string) bool {
	a := r.Artifacts[0]
	return isVersion(r.Version) && checkPlace(a.URL, false) == nil && strings.HasPrefix(a.URL, root) &&
		(isHex(a.SHA256, 64) || isHex(a.SHA512, 128))
}

// FuzzSums reads lists of digests of every style.
func FuzzSums(f *testing.F) {
	corpus(f, "flatcar", "debian-13", "oracle-9", "centos-stream-9", "rancheros", "alt")
	f.Add([]byte("sha256: " + strings.Repeat("a", 64) + "  a.img\n# a.img: 12 bytes\nSHA256 (a.img) = " + strings.Repeat("A", 64)))
	f.Add([]byte(`{"x":["a.img","sha512:` + base64.RawStdEncoding.EncodeToString(make([]byte, 64)) + `"]}`))
	f.Fuzz(func(t *testing.T, list []byte) {
		for _, digits := range []int{64, 128} {
			for _, text := range [][]byte{list, section(list, "SHA512 HASH")} {
				files, err := readSums(text, digits, func(string) bool { return true })
				seen := map[string]bool{}
				for _, file := range files {
					if err != nil || !isName(file.name) || !isHex(file.digest, digits) || file.digest != strings.ToLower(file.digest) || file.size < 0 || seen[file.name] {
						t.Errorf("accepted %+v, %v", file, err)
					}
					seen[file.name] = true
				}
			}
			if digest, err := bareSum(list, "a.img", digits); err == nil && !isHex(digest, digits) {
				t.Errorf("digest is %q", digest)
			}
		}
	})
}

// FuzzFlatcar reads version.txt and the list of releases.
func FuzzFlatcar(f *testing.F) {
	corpus(f, "flatcar")
	f.Add([]byte("FLATCAR_VERSION=\"4593.2.5+nightly-1\"\r\n"))
	f.Add([]byte(`{"current":{"release_date":"x"},"1.2.3":{"architectures":["amd64"]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if v, err := flatcarVersion(text); err == nil && !isVersion(v) {
			t.Errorf("accepted %q", v)
		}
		all, err := flatcarReleases(text, "amd64")
		for _, s := range all {
			if err != nil || !isVersion(s.Version) {
				t.Errorf("accepted %+v", s)
			}
		}
	})
}

// FuzzFCOS reads streams, builds and lists of builds.
func FuzzFCOS(f *testing.F) {
	corpus(f, "fedora-coreos")
	f.Add([]byte(`{"stream":"stable","architectures":{"x86_64":null}}`))
	f.Add([]byte(`{"release":"44.20260707.3.1","architectures":{"x86_64":{"media":{"qemu":{"artifacts":{"qcow2.xz":{"disk":{}}}}}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		a := asked{channel: "stable", arch: "amd64", version: "44.20260707.3.1"}
		for _, read := range []func([]byte, asked) (fcosImage, error){fcosStreamImage, fcosBuildImage} {
			i, err := read(text, a)
			if err == nil && i.check(a) == nil && (checkPlace(i.location, false) != nil || !strings.HasPrefix(i.location, fcosBase+"/") || !isVersion(i.version)) {
				t.Errorf("accepted %+v", i)
			}
		}
		all, _ := fcosReleases(text, a) //nolint:errcheck // only what it returns matters
		for _, s := range all {
			if !isVersion(s.Version) {
				t.Errorf("accepted %+v", s)
			}
		}
	})
}

// FuzzDebianAndOracle read the JSON that lies beside images.
func FuzzDebianAndOracle(f *testing.F) {
	corpus(f, "debian-13", "oracle-9")
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := readDebianBuild(text, "trixie", "debian-13-genericcloud-amd64")
		if err == nil && (!isHex(b.sha512, 128) || !isVersion(b.version)) {
			t.Errorf("accepted %+v", b)
		}
		r, err := oracleRelease(text, asked{channel: "9", arch: "amd64"})
		if err == nil {
			r.Artifacts[0].URL = "https://yum.oracle.com" + r.Artifacts[0].URL
			if !safe(r, "https://yum.oracle.com/templates/OracleLinux/") {
				t.Errorf("accepted %+v", r)
			}
		}
	})
}

// FuzzUbuntu reads simplestreams, once the signatures were found good.
func FuzzUbuntu(f *testing.F) {
	w, site, _ := served(f, "ubuntu-2404", "amd64")
	for _, address := range []string{site.Index, site.List} {
		text, err := w.Signer(ubuntuKey).Keyring().OpenClearsigned(w.Get(address))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	const id = "com.ubuntu.cloud:server:24.04:amd64"
	a := asked{distro: entry(f, "ubuntu-2404"), channel: "noble", arch: "amd64"}
	f.Fuzz(func(t *testing.T, text []byte) {
		if path, err := ubuntuProducts(text, id); err == nil && !isPath(path) {
			t.Errorf("accepted the path %q", path)
		}
		p, err := readUbuntuProduct(text, id, a)
		if err != nil {
			return
		}
		for _, serial := range p.serials() {
			artifact, err := p.disk(serial, a)
			if err == nil && (!isVersion(serial) || !isPath(artifact.URL) || !isHex(artifact.SHA256, 64) || artifact.Size < 0) {
				t.Errorf("accepted %+v", artifact)
			}
		}
	})
}

// FuzzGitHub reads releases.
func FuzzGitHub(f *testing.F) {
	corpus(f, "rancheros", "k3os")
	f.Add([]byte(`[{"tag_name":"v1.0","assets":null},{"tag_name":"../x"}]`))
	a := asked{distro: entry(f, "rancheros"), arch: "amd64"}
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := readGitRelease(text, ""); err == nil {
			asset, err := r.file(a, "rancher/os", "rancheros-openstack.img")
			if err == nil && (checkPlace(asset.URL, false) != nil || !strings.HasPrefix(asset.URL, "https://github.com/rancher/os/releases/download/")) {
				t.Errorf("accepted %+v", asset)
			}
		}
		all, _ := readGitReleases(text) //nolint:errcheck // only what it returns matters
		for _, s := range all {
			if !isVersion(s.Version) {
				t.Errorf("accepted %+v", s)
			}
		}
	})
}

// FuzzListing reads the pages that servers make of directories.
func FuzzListing(f *testing.F) {
	corpus(f, "alpine", "microos")
	pattern := regexp.MustCompile(`^(?P<version>.*)$`)
	f.Fuzz(func(t *testing.T, page []byte) {
		names := readListing(page)
		for _, name := range names {
			if !isName(strings.TrimSuffix(name, "/")) {
				t.Errorf("accepted %q", name)
			}
		}
		all := candidates(names, pattern)
		for i := 1; i < len(all); i++ {
			if compareVersions(all[i-1].version, all[i].version) < 0 {
				t.Errorf("%q stands before %q", all[i-1].version, all[i].version)
			}
		}
	})
}

// FuzzVersions orders any three texts the same way round.
func FuzzVersions(f *testing.F) {
	f.Add("1.2.3", "v1.2.3-rc.1", "1.2.3~x")
	f.Add("20260705.1", "", "9.8-b293")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if compareVersions(a, b) != -compareVersions(b, a) || compareVersions(a, a) != 0 {
			t.Errorf("%q and %q have no order", a, b)
		}
		if compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0 && compareVersions(a, c) > 0 {
			t.Errorf("%q, %q and %q go in a circle", a, b, c)
		}
	})
}
