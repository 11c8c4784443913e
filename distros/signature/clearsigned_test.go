package signature

import (
	"bytes"
	"crypto"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

func TestOnlyTheSignedTextComesOut(t *testing.T) {
	v := newKey(t, "vendor")
	k := ring(t, v)
	doc := v.clearsign(t, list, at(born))
	for name, text := range map[string]string{
		"as signed":       string(doc),
		"lines before":    "ffff  slipped-in.img\n" + string(doc),
		"lines after":     string(doc) + "\nffff  slipped-in.img\n",
		"carriage return": strings.ReplaceAll(string(doc), "\n", "\r\n"),
	} {
		got, err := k.OpenClearsigned([]byte(text))
		if err != nil || string(got) != list {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, list)
		}
	}
}

func TestDashesComeBack(t *testing.T) {
	v := newKey(t, "vendor")
	text := "-----BEGIN something\n- item\nlast line without an end"
	got, err := ring(t, v).OpenClearsigned(v.clearsign(t, text, at(born)))
	if err != nil || string(got) != text+"\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAChangedDocumentIsRefused(t *testing.T) {
	v, other := newKey(t, "vendor"), newKey(t, "other")
	doc := v.clearsign(t, list, at(born))
	want(t, err(ring(t, v).OpenClearsigned(bytes.Replace(doc, []byte("0123"), []byte("0124"), 1))), Mismatch)
	want(t, err(ring(t, other).OpenClearsigned(doc)), UnknownKey, v.fingerprint()[24:])
	want(t, err(ring(t, v).OpenClearsigned([]byte(list))), NoSignature)
	want(t, err(ring(t, v).OpenClearsigned(nil)), NoSignature)
	want(t, err(ring(t, v).OpenClearsigned(doc[:len(doc)-40])), NoSignature)
	header := bytes.Replace(doc, []byte("Hash: SHA256\n"), []byte("Hash: SHA256\nComment: hello\n"), 1)
	want(t, err(ring(t, v).OpenClearsigned(header)), NoSignature)
}

// A signature of the file itself must not pass for one of a document: the two
// hash different bytes, and a type of its own keeps them apart.
func TestADetachedSignatureInsideADocumentIsRefused(t *testing.T) {
	v := newKey(t, "vendor")
	var sig strings.Builder
	w, e := armor.Encode(&sig, openpgp.SignatureType, nil)
	if e != nil {
		t.Fatal(e)
	}
	if _, e := w.Write(v.raw(t, "one line", born, crypto.SHA256, packet.SigTypeBinary)); e != nil {
		t.Fatal(e)
	}
	if e := w.Close(); e != nil {
		t.Fatal(e)
	}
	doc := "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\none line\n" + sig.String() + "\n"
	want(t, err(ring(t, v).OpenClearsigned([]byte(doc))), NoSignature, "type 0x0")
}

func err(_ []byte, e error) error { return e }
