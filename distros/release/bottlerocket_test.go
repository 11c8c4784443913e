package release

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pierrec/lz4/v4"

	"distrolab/distros/image"
	"distrolab/distros/release/vendortest"
	"distrolab/distros/signature"
	"distrolab/distros/signature/tuf/tuftest"
	"distrolab/distros/web"
)

// tufDay is the day of these tests.
var tufDay = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

const metalPlace = "https://updates.bottlerocket.aws/2020-07-07/metal-k8s-1.28/x86_64/"

// rocket is Bottlerocket's server, with keys of the test.
type rocket struct {
	world   *vendortest.World
	vendor  *tuftest.Repository
	source  Source
	resolve bottlerocket
}

func newRocket(t *testing.T) *rocket {
	t.Helper()
	w := vendortest.New(t)
	r := &rocket{world: w, vendor: tuftest.New(tufDay), source: source(t, w)}
	r.source.StateDir = t.TempDir()
	r.resolve = bottlerocket{root: r.vendor.Root(), now: func() time.Time { return tufDay }}
	return r
}

// publish puts disks of some versions on the server, under the names the
// vendor gives them.
func (r *rocket) publish(t *testing.T, versions ...string) {
	t.Helper()
	for _, v := range versions {
		for _, name := range []string{"v" + v, v + "-0123abcd"} {
			r.vendor.Content["bottlerocket-metal-k8s-1.28-x86_64-"+name+".img.lz4"] = lz4Disk(t, v)
		}
		r.vendor.Content["bottlerocket-metal-k8s-1.28-x86_64-"+v+"-0123abcd-boot.ext4.lz4"] = []byte("an update, no disk")
	}
	r.vendor.Content["bottlerocket-vmware-k8s-1.28-x86_64-v9.9.9.img.lz4"] = []byte("another variant")
	r.vendor.Content["manifest.json"] = []byte("{}")
	r.vendor.Publish()
	r.upload()
}

// upload copies what the vendor has signed to the server.
func (r *rocket) upload() {
	for name, data := range r.vendor.Files {
		r.world.Put(metalPlace+name, data)
	}
	for name, content := range r.vendor.Content {
		r.world.Put("https://updates.bottlerocket.aws/targets/"+vendortest.SHA256(content)+"."+name, content)
	}
}

func (r *rocket) find(t *testing.T, q Query) (Release, error) {
	t.Helper()
	q.Arch = "amd64"
	_, a, err := r.source.prepare(entry(t, "bottlerocket"), q)
	if err != nil {
		t.Fatal(err)
	}
	found, err := r.resolve.resolve(t.Context(), web.New(r.source.Client, false), a)
	found.Distro, found.Arch = a.distro.Name, a.arch
	return found, err
}

// lz4Disk is a disk with a boot sector, compressed.
func lz4Disk(t *testing.T, name string) []byte {
	t.Helper()
	disk := make([]byte, 128<<10)
	seed := [32]byte{}
	copy(seed[:], name)
	rand.NewChaCha8(seed).Read(disk) //nolint:errcheck // never fails
	copy(disk[510:], "\x55\xaa")
	var out bytes.Buffer
	w := lz4.NewWriter(&out)
	if _, err := w.Write(disk); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestBottlerocketIsFetchedByItsSignedList(t *testing.T) {
	r := newRocket(t)
	r.publish(t, "1.9.2", "1.26.2", "1.26.1")
	found, err := r.find(t, Query{})
	if err != nil {
		t.Fatal(err)
	}
	if found.Version != "1.26.2" || found.Trust != image.TrustSigned || !strings.Contains(found.Verdict, "signed by Bottlerocket (TUF, root 1, list 2") {
		t.Errorf("%+v", found)
	}
	i, err := r.source.Store.Fetch(t.Context(), r.source.Client, found.spec(false), nil)
	if err != nil {
		t.Fatal(err)
	}
	if i.Manifest.Trust != image.TrustSigned || i.Manifest.Version != "1.26.2" {
		t.Errorf("%+v", i.Manifest)
	}
	old, err := r.find(t, Query{Version: "1.9.2"})
	if err != nil || old.Version != "1.9.2" {
		t.Errorf("%+v, %v", old, err)
	}
	if _, err := r.find(t, Query{Version: "1.0.0"}); err == nil || !strings.Contains(err.Error(), "no disk image of version 1.0.0") {
		t.Errorf("%v", err)
	}
	if plain := r.world.Plain(); len(plain) > 0 {
		t.Errorf("asked without TLS: %v", plain)
	}
}

func TestBottlerocketsVersionsAreListed(t *testing.T) {
	r := newRocket(t)
	r.publish(t, "1.26.1", "1.26.2")
	_, a, err := r.source.prepare(entry(t, "bottlerocket"), Query{Arch: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	all, err := r.resolve.releases(t.Context(), web.New(r.source.Client, false), a)
	seen := map[string]bool{}
	for _, s := range all {
		seen[s.Version] = true
	}
	if err != nil || len(seen) != 2 || !seen["1.26.1"] || !seen["1.26.2"] {
		t.Errorf("%v, %v", all, err)
	}
}

// A store that forbids what it does not have must not stop the walk of roots.
func TestAForbiddenRootIsTheEndOfTheWalk(t *testing.T) {
	r := newRocket(t)
	r.publish(t, "1.26.2")
	r.world.Fault(metalPlace+"2.root.json", vendortest.Status(403))
	if _, err := r.find(t, Query{}); err != nil {
		t.Error(err)
	}
	r.world.Fault(metalPlace+"2.root.json", vendortest.Status(500))
	if _, err := r.find(t, Query{}); err == nil {
		t.Error("an error of the server passed for the end of the walk: whoever stands between could hide new roots")
	}
}

func TestAnOldListOfBottlerocketIsRefused(t *testing.T) {
	r := newRocket(t)
	r.publish(t, "1.26.1")
	old := r.vendor.Copy()
	r.publish(t, "1.26.2")
	if _, err := r.find(t, Query{}); err != nil {
		t.Fatal(err)
	}
	before := content(t, r.source.Store)
	r.world.Put(metalPlace+"timestamp.json", old["timestamp.json"])
	_, err := r.find(t, Query{})
	var refusal *signature.Error
	if !errors.As(err, &refusal) || refusal.Reason != signature.Rollback || !strings.Contains(err.Error(), metalPlace) {
		t.Errorf("%v", err)
	}
	if after := content(t, r.source.Store); strings.Join(before, "\n") != strings.Join(after, "\n") {
		t.Errorf("the store changed: %v", after)
	}
}

// A disk of another length or digest than was signed never reaches the store.
func TestAnotherDiskThanTheSignedOneIsRefused(t *testing.T) {
	for name, change := range map[string]func([]byte) []byte{
		"longer":  func(b []byte) []byte { return append(bytes.Clone(b), 0) },
		"shorter": func(b []byte) []byte { return b[:len(b)-1] },
		"changed": func(b []byte) []byte { b = bytes.Clone(b); b[len(b)/2] ^= 1; return b },
		"another": func([]byte) []byte { return lz4Disk(t, "another") },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRocket(t)
			r.publish(t, "1.26.2")
			found, err := r.find(t, Query{})
			if err != nil {
				t.Fatal(err)
			}
			before := content(t, r.source.Store)
			r.world.Spoil(found.Artifacts[0].URL, change)
			if _, err := r.source.Store.Fetch(t.Context(), r.source.Client, found.spec(false), nil); err == nil {
				t.Fatal("accepted")
			}
			if after := content(t, r.source.Store); len(after) < len(before) {
				t.Errorf("the store lost something: %v", after)
			}
			if images, err := r.source.Store.List(); len(images) > 0 {
				t.Errorf("stored %v, %v", images, err)
			}
		})
	}
}

func TestEndlessMetadataIsCutOff(t *testing.T) {
	r := newRocket(t)
	r.publish(t, "1.26.2")
	r.world.Fault(metalPlace+"timestamp.json", vendortest.Endless())
	if _, err := r.find(t, Query{}); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("%v", err)
	}
}

// The list of the world's real keys is not that of the test's: the root that
// distrolab carries must refuse it.
func TestTheCarriedRootRefusesOtherKeys(t *testing.T) {
	r := newRocket(t)
	r.publish(t, "1.26.2")
	r.resolve.root = nil
	_, err := r.find(t, Query{})
	var refusal *signature.Error
	if !errors.As(err, &refusal) || refusal.Reason != signature.UnknownKey {
		t.Errorf("%v", err)
	}
}
