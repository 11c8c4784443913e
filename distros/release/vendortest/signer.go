package vendortest

import (
	"bytes"
	"crypto"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"distrolab/distros/signature"
)

// Signer is a publisher's OpenPGP key.
type Signer struct {
	t      testing.TB
	entity *openpgp.Entity
}

// NewSigner makes a key, two years old.
func NewSigner(t testing.TB, name string) *Signer {
	t.Helper()
	entity, err := openpgp.NewEntity(name, "", name+"@vendor.example", &packet.Config{
		Time: func() time.Time { return time.Now().AddDate(-2, 0, 0) }, DefaultHash: crypto.SHA256, Algorithm: packet.PubKeyAlgoEdDSA,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &Signer{t: t, entity: entity}
}

// Expire makes the key end a year ago, without touching what it signed.
func (s *Signer) Expire() {
	s.t.Helper()
	year := uint32(365 * 24 * 3600)
	for _, identity := range s.entity.Identities {
		identity.SelfSignature.KeyLifetimeSecs = &year
		err := identity.SelfSignature.SignUserId(identity.UserId.Id, s.entity.PrimaryKey, s.entity.PrivateKey, config())
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

func config() *packet.Config { return &packet.Config{DefaultHash: crypto.SHA256} }

// Keyring is the public half.
func (s *Signer) Keyring() signature.Keyring {
	s.t.Helper()
	k, err := signature.ReadKeyring(s.Armored())
	if err != nil {
		s.t.Fatal(err)
	}
	return k
}

// Armored is the public half as the file that a person keeps.
func (s *Signer) Armored() []byte {
	s.t.Helper()
	var text bytes.Buffer
	out, err := armor.Encode(&text, openpgp.PublicKeyType, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.entity.Serialize(out); err != nil {
		s.t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		s.t.Fatal(err)
	}
	return text.Bytes()
}

// Clearsign wraps a text in its signature.
func (s *Signer) Clearsign(text []byte) []byte {
	s.t.Helper()
	var doc bytes.Buffer
	out, err := clearsign.Encode(&doc, s.entity.PrivateKey, config())
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := out.Write(text); err != nil {
		s.t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		s.t.Fatal(err)
	}
	return doc.Bytes()
}

// Detached signs a file, in armor or not.
func (s *Signer) Detached(file []byte, armored bool) []byte {
	s.t.Helper()
	sign := openpgp.DetachSign
	if armored {
		sign = openpgp.ArmoredDetachSign
	}
	var sig bytes.Buffer
	if err := sign(&sig, s.entity, bytes.NewReader(file), config()); err != nil {
		s.t.Fatal(err)
	}
	return sig.Bytes()
}

// Signer is the key of a name, made when it is first asked for.
func (w *World) Signer(name string) *Signer {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.signers[name] == nil {
		w.signers[name] = NewSigner(w.t, name)
	}
	return w.signers[name]
}

// Keys returns the keyrings that people trust in this world; it fits
// release.Source.
func (w *World) Keys(name string) (signature.Keyring, error) { return w.Signer(name).Keyring(), nil }

// SignWith has another key sign what the named one should. It is called before
// vendors are set up.
func (w *World) SignWith(name string, other *Signer) { w.impost[name] = other }

// signing is who signs for a name.
func (w *World) signing(name string) *Signer {
	if other := w.impost[name]; other != nil {
		return other
	}
	return w.Signer(name)
}

// putClearsigned publishes a document with its signature in it.
func (w *World) putClearsigned(url, key string, text []byte) {
	w.t.Helper()
	if edit := w.edits[url]; edit != nil {
		text = edit(text)
	}
	doc := w.signing(key).Clearsign(text)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files[url] = doc
}

// putSigned publishes a document and its signature beside it.
func (w *World) putSigned(url, suffix, key string, content []byte, armored bool) {
	w.t.Helper()
	w.Put(url, content)
	w.Put(url+suffix, w.signing(key).Detached(w.Get(url), armored))
}
