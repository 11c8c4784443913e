package signature

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

// What Fedora really signed: its list of cloud images of release 44, as
// published on 2026-04-24 (a stored copy of a public repository has it).
func TestFedorasOwnListIsAcceptedWithTheCarriedKey(t *testing.T) {
	doc, e := os.ReadFile("testdata/Fedora-Cloud-44-1.7-aarch64-CHECKSUM")
	if e != nil {
		t.Fatal(e)
	}
	k, e := Embedded("fedora")
	if e != nil {
		t.Fatal(e)
	}
	text, e := k.OpenClearsigned(doc)
	if e != nil {
		t.Fatal(e)
	}
	line := "SHA256 (Fedora-Cloud-Base-Generic-44-1.7.aarch64.qcow2) = 55c60a3b80d3616a08705afd0459e75fe9f03c54aba7a46e4002a41a72fa0d5b\n"
	if !strings.Contains(string(text), line) {
		t.Errorf("%s", text)
	}
	want(t, err(k.OpenClearsigned(bytes.Replace(doc, []byte("55c60a3b"), []byte("55c60a3c"), 1))), Mismatch)
	other, e := Embedded("opensuse")
	if e != nil {
		t.Fatal(e)
	}
	want(t, err(other.OpenClearsigned(doc)), UnknownKey, "DBFCF71C6D9F90A6", "opensuse")
}

// What openSUSE really signed: the digest of an image of Leap 16.0, in the form
// of a signature that went out of use in 1998.
func TestOpenSUSEsOwnSignatureIsAcceptedWithTheCarriedKey(t *testing.T) {
	const name = "testdata/Leap-16.0-Minimal-VM.aarch64-Cloud-Build18.7.qcow2.sha256"
	text, e := os.ReadFile(name)
	if e != nil {
		t.Fatal(e)
	}
	sig, e := os.ReadFile(name + ".asc")
	if e != nil {
		t.Fatal(e)
	}
	k, e := Embedded("opensuse")
	if e != nil {
		t.Fatal(e)
	}
	if e := k.VerifyDetached(text, sig); e != nil {
		t.Fatal(e)
	}
	want(t, k.VerifyDetached(text[1:], sig), Mismatch, "35A2F86E29B700A4")
	other, e := Embedded("fedora")
	if e != nil {
		t.Fatal(e)
	}
	want(t, other.VerifyDetached(text, sig), UnknownKey)
	packets, e := signatures(sig)
	if e != nil || len(packets) != 1 || packets[0].Version != 3 {
		t.Fatalf("%v, %v: this test is about the old form", packets, e)
	}
	block, e := armor.Decode(bytes.NewReader(sig))
	if e != nil {
		t.Fatal(e)
	}
	raw, e := io.ReadAll(block.Body)
	if e != nil {
		t.Fatal(e)
	}
	for i := range raw {
		bad := bytes.Clone(raw)
		bad[i] ^= 0x80
		if e := k.VerifyDetached(text, bad); e == nil && i != 20 && i != 21 { // those two only help to fail early
			t.Errorf("a signature with byte %d changed was accepted", i)
		}
		if e := k.VerifyDetached(text, raw[:i]); e == nil {
			t.Errorf("the first %d bytes of a signature were accepted", i)
		}
	}
}
