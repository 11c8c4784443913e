package release

import (
	"errors"
	"testing"

	"distrolab/distros"
	"distrolab/distros/image"
	"distrolab/distros/signature"
)

// missingKeys are those whose text was found nowhere while this was written; the
// verdict says so, and the person can add them.
func missingKeys() map[string]bool {
	return map[string]bool{alpineKey: true, "alt": true, "rocky-10": true}
}

// keyOf is the name of the key that signs a system; empty: OpenPGP signs nothing.
func keyOf(d distros.Distro) string {
	switch d.Release.Resolver {
	case "flatcar":
		return "flatcar"
	case "fcos":
		return "fedora"
	case "ubuntu":
		return ubuntuKey
	case "alpine":
		return alpineKey
	}
	return d.Release.Options["key"]
}

// carriedTrust is how far distrolab can vouch by the keys it carries.
func carriedTrust(d distros.Distro) string {
	if missingKeys()[keyOf(d)] {
		return image.TrustDigest
	}
	return wantedTrust(d)
}

// Every key that a resolver or a catalog entry names is one that distrolab
// carries, or is known to be missing.
func TestKeysAreThere(t *testing.T) {
	for _, d := range indexed(t) {
		name := keyOf(d)
		if name == "" {
			continue
		}
		_, err := signature.Embedded(name)
		var refusal *signature.Error
		missing := errors.As(err, &refusal) && refusal.Reason == signature.NoKey
		if missing != missingKeys()[name] || (err != nil && !missing) {
			t.Errorf("%s, key %s: %v; known to be missing: %v", d.Name, name, err, missingKeys()[name])
		}
	}
}
