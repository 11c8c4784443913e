package image

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"

	"distrolab/distros/signature"
)

// vendor signs with a key of its own.
type vendor struct{ entity *openpgp.Entity }

func newVendor(t *testing.T) vendor {
	t.Helper()
	e, err := openpgp.NewEntity("vendor", "", "vendor@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	return vendor{e}
}

func (v vendor) sign(t *testing.T, content []byte) []byte {
	t.Helper()
	var sig bytes.Buffer
	if err := openpgp.DetachSign(&sig, v.entity, bytes.NewReader(content), nil); err != nil {
		t.Fatal(err)
	}
	return sig.Bytes()
}

func (v vendor) keys(t *testing.T) signature.Keyring {
	t.Helper()
	var text bytes.Buffer
	w, err := armor.Encode(&text, openpgp.PublicKeyType, nil)
	if err == nil {
		err = errors.Join(v.entity.Serialize(w), w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	k, err := signature.ReadKeyring(text.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSignedFileIsTrusted(t *testing.T) {
	disk, v := bigDisk(), newVendor(t)
	for _, how := range []string{"", "zst"} {
		file := compressed(t, how, disk)
		suffix := "/a.img"
		if how != "" {
			suffix += "." + how
		}
		spec := specOf(serve(t, served(file))+suffix, how, file)
		spec.Remotes[0].SHA256 = "" // the signature is enough
		spec.Remotes[0].Signature = &Signature{Bytes: v.sign(t, file), Keys: v.keys(t)}
		if i := wantStored(t, open(t), spec, disk); i.Manifest.Trust != TrustSigned {
			t.Errorf("trust is %q", i.Manifest.Trust)
		}
	}
}

// Every attack on an image is refused with a sentence that says which check
// failed, and the store is as before.
func TestAttacks(t *testing.T) {
	disk, v, stranger := bigDisk(), newVendor(t), newVendor(t)
	other := bytes.Clone(disk)
	other[5000]++
	packed := compressed(t, "zst", disk)
	portal := []byte("\n\t<!DOCTYPE HTML><html><title>Welcome to the hotel</title></html>" + strings.Repeat("<br>", 2000))
	bomb := compressed(t, "zst", make([]byte, 64<<20))
	gzBomb := compressed(t, "gz", append(bytes.Clone(qcow2Bytes(nil)), make([]byte, 64<<20)...))
	signed := func(by vendor, of []byte) *Signature { return &Signature{Bytes: by.sign(t, of), Keys: v.keys(t)} }
	for _, tt := range []struct {
		name   string
		file   []byte
		how    string
		change func(r *Remote)
		want   string
		kind   any // type of the error
	}{
		{"another digest", other, "", func(r *Remote) { r.SHA256 = hexSum(disk) }, "has sha256 " + hexSum(other), new(*DigestError)},
		{"another digest of a compressed file", compressed(t, "zst", other), "zst", func(r *Remote) { r.SHA256 = hexSum(packed) }, "but its index says " + hexSum(packed), new(*DigestError)},
		{"signature of another file", disk, "", func(r *Remote) { r.Signature = signed(v, other) }, "or the signature is of another file", new(*signature.Error)},
		{"signature of another file, digest right", packed, "zst", func(r *Remote) { r.Signature = signed(v, disk) }, "or the signature is of another file", new(*signature.Error)},
		{"signature of a stranger", disk, "", func(r *Remote) { r.Signature = signed(stranger, disk) }, "which is not in", new(*signature.Error)},
		{"no signature in the file", disk, "", func(r *Remote) { r.Signature = &Signature{Bytes: portal, Keys: v.keys(t)} }, "", new(*signature.Error)},
		{"bomb that is no disk", bomb, "zst", nil, "it does not start as a qcow2 image does", new(*FormatError)},
		{"bomb that starts as a disk", gzBomb, "gz", nil, "such a stream is made to fill a disk", nil},
		{"truncated, with a digest of that", packed[:len(packed)-7], "zst", nil, "decompressing zst: unexpected EOF", nil},
		{"truncated, padded to its length", append(bytes.Clone(packed[:len(packed)-1000]), make([]byte, 1000)...), "zst", func(r *Remote) { r.SHA256 = hexSum(packed) }, "it was changed or damaged on the way", new(*DigestError)},
		{"truncated, padded, nothing published", append(bytes.Clone(packed[:len(packed)-1000]), make([]byte, 1000)...), "zst", func(r *Remote) { r.SHA256, r.Unverified = "", true }, "decompressing zst", nil},
		{"portal in place of a disk", portal, "", func(r *Remote) { r.SHA256 = hexSum(disk) }, "it is a web page, not an image: perhaps the login page of the network", new(*FormatError)},
		{"portal in place of a compressed disk", portal, "zst", func(r *Remote) { r.SHA256 = hexSum(packed) }, "it is a web page, not an image: perhaps the login page of the network", new(*FormatError)},
		{"portal, nothing published", portal, "", func(r *Remote) { r.SHA256, r.Unverified = "", true }, "it is a web page", new(*FormatError)},
		{"short portal", []byte("<html>"), "", func(r *Remote) { r.SHA256 = hexSum(disk) }, "it is a web page", new(*FormatError)},
		{"nothing at all", nil, "", nil, "it is empty", new(*FormatError)},
		{"another compression", compressed(t, "gz", disk), "zst", nil, "it is compressed by gz", new(*FormatError)},
		{"a disk that reads files of this machine", qcow2Bytes(func(h []byte) { h[15] = 104 }), "", nil, "names a backing file", new(*FormatError)},
		{"a disk in place of a medium", disk, "", func(r *Remote) { r.Role, r.Format = RoleISO, "" }, "it does not start as an ISO medium does", new(*FormatError)},
		{"no word of being unverified", disk, "", func(r *Remote) { r.SHA256 = "" }, "has no published digest and no signature, so it cannot be verified", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			s.bombs = bombs{plain: 1 << 20, ratio: 100}
			suffix := "/a.img"
			if tt.how != "" {
				suffix += "." + tt.how
			}
			spec := specOf(serve(t, served(tt.file))+suffix, tt.how, tt.file)
			if tt.change != nil {
				tt.change(&spec.Remotes[0])
			}
			_, err := s.Fetch(t.Context(), http.DefaultClient, spec, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want it to say %q", err, tt.want)
			}
			if tt.kind != nil && !errors.As(err, tt.kind) {
				t.Errorf("error %v is no %T", err, tt.kind)
			}
			untouchedStore(t, s)
		})
	}
}

// What cannot be an image is refused by its first bytes; the rest is not taken.
func TestPortalIsNoticedAtItsStart(t *testing.T) {
	var sent int
	done := make(chan struct{})
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		w.Header().Set("Content-Length", fmt.Sprint(1<<30))
		page := append([]byte("<html>"), make([]byte, 1<<20)...)
		for r.Context().Err() == nil && sent < 1<<30 {
			n, err := w.Write(page)
			if sent += n; err != nil {
				return
			}
		}
	}))
	s := open(t)
	_, err := s.Fetch(t.Context(), http.DefaultClient, specOf(url+"/a.img", "", nil), nil)
	var format *FormatError
	if !errors.As(err, &format) {
		t.Errorf("error is %v", err)
	}
	<-done
	if sent > 256<<20 {
		t.Errorf("%d bytes were sent", sent)
	}
	untouchedStore(t, s)
}

func TestTrustIsThatOfTheWeakestFile(t *testing.T) {
	disk, v := bigDisk(), newVendor(t)
	kernel := make([]byte, 4096)
	copy(kernel[0x202:], "HdrS")
	base := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "kernel") {
			served(kernel)(w, r)
		} else {
			served(disk)(w, r)
		}
	}))
	for _, tt := range []struct {
		name, said, want string
		change           func(k *Remote)
	}{
		{"both digests", "", TrustDigest, func(k *Remote) { k.SHA256 = hexSum(kernel) }},
		{"digests from a signed list", TrustSigned, TrustSigned, func(k *Remote) { k.SHA256 = hexSum(kernel) }},
		{"one signed", "", TrustDigest, func(k *Remote) { k.Signature = &Signature{Bytes: v.sign(t, kernel), Keys: v.keys(t)} }},
		{"one unverified", TrustSigned, TrustNone, func(k *Remote) { k.Unverified = true }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			spec := specOf(base+"/a.img", "", disk)
			spec.Manifest.Trust = tt.said
			spec.Remotes = append(spec.Remotes, Remote{Role: RoleKernel, URL: base + "/kernel"})
			tt.change(&spec.Remotes[1])
			i, err := open(t).Fetch(t.Context(), http.DefaultClient, spec, nil)
			if err != nil || i.Manifest.Trust != tt.want || i.Manifest.Files[RoleKernel].Format != "bzImage" {
				t.Errorf("trust is %q, %v, want %q; %+v", i.Manifest.Trust, err, tt.want, i.Manifest.Files)
			}
		})
	}
}

// An image that somebody brought must not pass for the publisher's.
func TestLocalImageDoesNotStandForAPublishedOne(t *testing.T) {
	disk := bigDisk()
	s := open(t)
	path := filepath.Join(t.TempDir(), "mine.img")
	write(t, path, disk)
	local, err := s.Import(t.Context(), path, ImportSpec{Distro: "flatcar", Version: "1.2.3", Arch: "amd64"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := &asked{next: served(disk)}
	spec := specOf(serve(t, a)+"/a.img.zst", "zst", compressed(t, "zst", disk))
	a.next = served(compressed(t, "zst", disk))
	i, err := s.Fetch(t.Context(), http.DefaultClient, spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.ranges) != 1 || i.Manifest.Trust != TrustDigest || i.Manifest.Verdict != "test" {
		t.Errorf("%d requests, trust %q, verdict %q", len(a.ranges), i.Manifest.Trust, i.Manifest.Verdict)
	}
	if i.ID != local.ID { // the same content has one address, and the better word counts
		t.Errorf("two addresses %s and %s of one content", i.ID, local.ID)
	}
	if again, err := s.Get(i.ID); err != nil || again.Manifest.Trust != TrustDigest {
		t.Errorf("stored trust is %q, %v", again.Manifest.Trust, err)
	}
	if left, err := os.ReadDir(i.Dir); err != nil || len(left) != 2 {
		t.Errorf("in the image: %v, %v", left, err)
	}
}

func TestDirectoryCannotVouchForItself(t *testing.T) {
	s := open(t)
	_, err := s.Add(t.Context(), build(t, qcow2Bytes(nil), func(m *Manifest) { m.Trust = TrustSigned }), nil)
	if err == nil || !strings.Contains(err.Error(), `trust "signed" cannot be claimed by a directory`) {
		t.Errorf("error is %v", err)
	}
	untouchedStore(t, s)
	if i := add(t, s, build(t, qcow2Bytes(nil), nil)); i.Manifest.Trust != TrustLocal {
		t.Errorf("trust is %q", i.Manifest.Trust)
	}
}
