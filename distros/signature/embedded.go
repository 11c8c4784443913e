package signature

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

//go:embed keys/*.asc
var keyFiles embed.FS

// vendorKey is one key file that distrolab carries. The files are the vendors'
// public keys, unchanged in what they say.
type vendorKey struct {
	name    string
	primary []string // fingerprints of all its primary keys
	vendor  string
	source  string // where the file was read
	checked string // what confirmed the fingerprint
	day     string
}

// Embedded returns a vendor's keys that distrolab carries. A key file that
// does not have exactly the pinned primary keys is refused.
func Embedded(name string) (Keyring, error) {
	for _, v := range vendorKeys() {
		if v.name != name {
			continue
		}
		text, err := keyFiles.ReadFile("keys/" + name + ".asc")
		if err != nil {
			return Keyring{}, fmt.Errorf("reading the key of %s: %w", v.vendor, err)
		}
		k, err := readKeyring(name, text)
		if err != nil {
			return Keyring{}, err
		}
		if err := k.pinned(v.primary); err != nil {
			return Keyring{}, err
		}
		return k, nil
	}
	return Keyring{}, noKey(name)
}

// FromDir returns the keys in the file NAME.asc of the person's directory of
// keys. The person vouches for them: nothing is pinned.
func FromDir(dir fs.FS, name string) (Keyring, error) {
	if !fs.ValidPath(name) || strings.ContainsAny(name, `/\`) {
		return Keyring{}, refuse("the key", NoKey, "", "%q has no name a key can have", clip(name))
	}
	f, err := dir.Open(name + ".asc")
	if errors.Is(err, fs.ErrNotExist) {
		return Keyring{}, noKey(name)
	}
	if err != nil {
		return Keyring{}, fmt.Errorf("reading your key %s: %w", name, err)
	}
	defer f.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return Keyring{}, fmt.Errorf("reading your key %s: %w", name, err)
	}
	return readKeyring(name, text)
}

// Find returns the person's key of a name if there is one, else the one that
// distrolab carries. Dir may be nil.
func Find(dir fs.FS, name string) (Keyring, error) {
	if dir != nil {
		k, err := FromDir(dir, name)
		var refusal *Error
		if err == nil || !errors.As(err, &refusal) || refusal.Reason != NoKey {
			return k, err
		}
	}
	return Embedded(name)
}

// noKey says how the person adds a key.
func noKey(name string) *Error {
	return refuse("the key", NoKey, "", "%q is not one that distrolab carries: fetch the vendor's public key, compare its fingerprint with what the vendor publishes, and save it as $XDG_CONFIG_HOME/distrolab/keys/%s.asc", clip(name), clip(name))
}
