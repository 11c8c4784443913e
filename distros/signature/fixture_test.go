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
