package signature

import (
	"bytes"
	"crypto"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// born is when the keys of the tests were made, today when they verify.
var (
	born  = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	today = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
)

// vendor is a publisher of the tests.
type vendor struct {
	entity *openpgp.Entity
	public string // armored
}

func at(when time.Time) *packet.Config {
	return &packet.Config{
		Time: func() time.Time { return when }, DefaultHash: crypto.SHA256,
		Algorithm: packet.PubKeyAlgoEdDSA,
	}
}

// newKey makes a key; changes may alter the config it is made with.
func newKey(t testing.TB, name string, changes ...func(*packet.Config)) vendor {
	t.Helper()
	config := at(born)
	for _, change := range changes {
		change(config)
	}
	entity, err := openpgp.NewEntity(name, "", name+"@example.com", config)
	if err != nil {
		t.Fatal(err)
	}
	return published(t, entity)
}

// published writes the public half.
func published(t testing.TB, entity *openpgp.Entity) vendor {
	t.Helper()
	var text strings.Builder
	w, err := armor.Encode(&text, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := entity.Serialize(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return vendor{entity: entity, public: text.String() + "\n"}
}

func (v vendor) fingerprint() string { return fingerprint(v.entity.PrimaryKey.Fingerprint) }

// ring is the keyring of some vendors, on the day of the tests.
func ring(t testing.TB, vendors ...vendor) Keyring {
	t.Helper()
	text := ""
	for _, v := range vendors {
		text += v.public
	}
	k, err := ReadKeyring([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return k.WithClock(func() time.Time { return today })
}

// sign makes a binary detached signature.
func (v vendor) sign(t testing.TB, text string, config *packet.Config) []byte {
	t.Helper()
	var sig bytes.Buffer
	if err := openpgp.DetachSign(&sig, v.entity, strings.NewReader(text), config); err != nil {
		t.Fatal(err)
	}
	return sig.Bytes()
}

func (v vendor) signArmored(t testing.TB, text string, config *packet.Config) []byte {
	t.Helper()
	var sig bytes.Buffer
	if err := openpgp.ArmoredDetachSign(&sig, v.entity, strings.NewReader(text), config); err != nil {
		t.Fatal(err)
	}
	return sig.Bytes()
}

func (v vendor) clearsign(t testing.TB, text string, config *packet.Config) []byte {
	t.Helper()
	key, ok := v.entity.SigningKey(config.Now())
	if !ok {
		t.Fatal("no key may sign")
	}
	var doc bytes.Buffer
	w, err := clearsign.Encode(&doc, key.PrivateKey, config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return doc.Bytes()
}

// raw makes a signature that the library would refuse to make: of any type,
// digest and date, by the primary key.
func (v vendor) raw(t testing.TB, text string, made time.Time, digest crypto.Hash, kind packet.SignatureType) []byte {
	t.Helper()
	return signWith(t, v.entity.PrivateKey, text, made, digest, kind)
}

func signWith(t testing.TB, key *packet.PrivateKey, text string, made time.Time, digest crypto.Hash, kind packet.SignatureType) []byte {
	t.Helper()
	id := key.KeyId
	sig := &packet.Signature{
		Version: key.Version, SigType: kind, PubKeyAlgo: key.PubKeyAlgo,
		Hash: digest, CreationTime: made, IssuerKeyId: &id,
	}
	h := digest.New()
	h.Write([]byte(text)) //nolint:errcheck // a hash never fails
	config := at(made)
	config.NonDeterministicSignaturesViaNotation = packet.BoolPointer(false) // it knows no salt for old digests
	if err := sig.Sign(h, key, config); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := sig.Serialize(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// signer adds a subkey for signing that lives for some seconds.
func (v *vendor) signer(t testing.TB, seconds uint32) *packet.PrivateKey {
	t.Helper()
	config := at(born)
	config.KeyLifetimeSecs = seconds
	if err := v.entity.AddSigningSubkey(config); err != nil {
		t.Fatal(err)
	}
	*v = published(t, v.entity)
	return v.entity.Subkeys[len(v.entity.Subkeys)-1].PrivateKey
}
