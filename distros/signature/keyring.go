package signature

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

// Bounds of what is read. The largest key file known, Flatcar's, has 22 kB.
const (
	maxKeyFile = 1 << 20
	maxKeys    = 64
)

// Keyring is a set of public keys, any of which may have signed. Its zero value
// holds no key and accepts nothing.
type Keyring struct {
	name     string
	entities openpgp.EntityList
	now      func() time.Time // nil: the system's clock
}

// ReadKeyring reads public keys in armor: one block or several.
func ReadKeyring(armored []byte) (Keyring, error) { return readKeyring("given", armored) }

// readKeyring reads keys; the name is what errors and verdicts call them.
func readKeyring(name string, armored []byte) (Keyring, error) {
	what := "the key file " + name
	if len(armored) > maxKeyFile {
		return Keyring{}, refuse(what, Malformed, "", "is longer than %d bytes, so it is not a key file", maxKeyFile)
	}
	k := Keyring{name: name}
	text := bufio.NewReader(bytes.NewReader(armored)) // shared, since armor reads ahead
	for {
		block, err := armor.Decode(text)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Keyring{}, refuse(what, Malformed, "", "cannot be read: %v", err)
		}
		if block.Type != openpgp.PublicKeyType {
			return Keyring{}, refuse(what, Malformed, "", "holds a block %q where only public keys belong", clip(block.Type))
		}
		entities, err := openpgp.ReadKeyRing(block.Body)
		if err != nil {
			return Keyring{}, refuse(what, Malformed, "", "cannot be read: %v", err)
		}
		if _, err := io.Copy(io.Discard, block.Body); err != nil { // the next block starts after it
			return Keyring{}, refuse(what, Malformed, "", "cannot be read: %v", err)
		}
		k.entities = append(k.entities, entities...)
		if len(k.entities) > maxKeys {
			return Keyring{}, refuse(what, Malformed, "", "holds more than %d keys", maxKeys)
		}
	}
	if len(k.entities) == 0 {
		return Keyring{}, refuse(what, Malformed, "", `holds no public key; it must start with "-----BEGIN PGP PUBLIC KEY BLOCK-----"`)
	}
	return k, nil
}

// WithClock returns a copy that asks the given clock what time it is.
func (k Keyring) WithClock(now func() time.Time) Keyring {
	k.now = now
	return k
}

// Fingerprints are those of the primary keys, in capital hexadecimal digits.
func (k Keyring) Fingerprints() []string {
	var all []string
	for _, e := range k.entities {
		all = append(all, fingerprint(e.PrimaryKey.Fingerprint))
	}
	return all
}

// String names the keyring for a verdict.
func (k Keyring) String() string {
	prints := k.Fingerprints()
	if len(prints) != 1 {
		return fmt.Sprintf("%s (%d keys)", k.name, len(prints))
	}
	return k.name + " (" + prints[0] + ")"
}

// pinned refuses a keyring whose primary keys are not exactly the ones given.
func (k Keyring) pinned(want []string) error {
	have := k.Fingerprints()
	slices.Sort(have)
	want = slices.Clone(want)
	slices.Sort(want)
	if slices.Equal(have, want) {
		return nil
	}
	return refuse("the key file "+k.name, WrongPin, "", "has the primary keys %s, but %s are pinned", strings.Join(have, ", "), strings.Join(want, ", "))
}

func (k Keyring) time() time.Time {
	if k.now == nil {
		return time.Now()
	}
	return k.now()
}

func fingerprint(raw []byte) string { return strings.ToUpper(hex.EncodeToString(raw)) }

// clip shortens a text from outside for an error message.
func clip(s string) string {
	if len(s) > 64 {
		s = strings.ToValidUTF8(s[:64], "") + "…"
	}
	return s
}
