package signature

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

func TestAKeyFileMayHoldSeveralBlocks(t *testing.T) {
	a, b := newKey(t, "a"), newKey(t, "b")
	k, err := ReadKeyring([]byte("# a comment\n" + a.public + "\nbetween\n" + b.public))
	if err != nil {
		t.Fatal(err)
	}
	if got := k.Fingerprints(); !slices.Equal(got, []string{a.fingerprint(), b.fingerprint()}) {
		t.Errorf("got %v", got)
	}
	if k.String() != "given (2 keys)" {
		t.Errorf("%q", k)
	}
	one, err := ReadKeyring([]byte(a.public))
	if err != nil || one.String() != "given ("+a.fingerprint()+")" {
		t.Errorf("%q, %v", one, err)
	}
}

func TestAKeyFileWithAnotherKeyIsRefused(t *testing.T) {
	a, b := newKey(t, "a"), newKey(t, "b")
	for name, want := range map[string][]string{
		"another":  {b.fingerprint()},
		"one more": {a.fingerprint(), b.fingerprint()},
		"none":     nil,
	} {
		refusal := ring(t, a).pinned(want)
		if refusal == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if e, ok := refusal.(*Error); !ok || e.Reason != WrongPin || !strings.Contains(e.Error(), a.fingerprint()) { //nolint:errorlint // made right here
			t.Errorf("%s: %v", name, refusal)
		}
	}
	if err := ring(t, a, b).pinned([]string{b.fingerprint(), a.fingerprint()}); err != nil {
		t.Errorf("the order does not matter: %v", err)
	}
}

func TestFilesThatHoldNoPublicKeyAreRefused(t *testing.T) {
	v := newKey(t, "vendor")
	var private strings.Builder
	w, e := armor.Encode(&private, openpgp.PrivateKeyType, nil)
	if e != nil {
		t.Fatal(e)
	}
	if e := v.entity.SerializePrivate(w, at(born)); e != nil {
		t.Fatal(e)
	}
	if e := w.Close(); e != nil {
		t.Fatal(e)
	}
	for name, c := range map[string]struct{ text, words string }{
		"empty":       {"", "holds no public key"},
		"web page":    {"<html></html>", "holds no public key"},
		"private key": {private.String(), "where only public keys belong"},
		"signature":   {string(v.signArmored(t, "x", at(born))), "where only public keys belong"},
		"cut short":   {v.public[:len(v.public)/2], ""},
		"too long":    {strings.Repeat("x", maxKeyFile+1), "longer than"},
		"too many":    {strings.Repeat(v.public, maxKeys+1), "more than"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadKeyring([]byte(c.text))
			want(t, err, Malformed, c.words)
		})
	}
}

func FuzzReadKeyring(f *testing.F) {
	f.Add([]byte(newKey(f, "a").public))
	f.Add([]byte("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := ReadKeyring(text)
		if err == nil && (len(k.Fingerprints()) == 0 || len(k.Fingerprints()) > maxKeys) {
			t.Errorf("%d keys", len(k.Fingerprints()))
		}
	})
}

func FuzzDetached(f *testing.F) {
	v := newKey(f, "a")
	k := ring(f, v)
	good := v.sign(f, list, at(born))
	f.Add(good)
	f.Add(v.signArmored(f, list, at(born)))
	f.Add([]byte(v.public))
	f.Fuzz(func(t *testing.T, sig []byte) {
		// Whatever the signature is, it is not one of this text.
		if err := k.VerifyDetached([]byte("a text that was never signed"), sig); err == nil {
			t.Errorf("%x verifies", sig)
		}
	})
}

func FuzzOpenClearsigned(f *testing.F) {
	v := newKey(f, "a")
	k := ring(f, v)
	f.Add(v.clearsign(f, list, at(born)))
	f.Add([]byte("-----BEGIN PGP SIGNED MESSAGE-----\n\n\n-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		text, err := k.OpenClearsigned(doc)
		if err == nil && !bytes.Equal(text, []byte(list)) {
			t.Errorf("%q came out, which was never signed", text)
		}
	})
}
