package signature

import (
	"crypto"
	"slices"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// clockSkew is how far in the future a signature may be dated: vendors' clocks
// and ours differ, and time zones get confused.
const clockSkew = 24 * time.Hour

// minRSABits is the shortest RSA key that is trusted.
const minRSABits = 2048

// allowed applies the rules that need no file. A key that has expired since
// is good for what it signed before: the date is the signature's own, which is
// inside what is signed.
func (k Keyring) allowed(what string, sig *packet.Signature, key openpgp.Key, types []packet.SignatureType) *Error {
	id := keyID(sig)
	now := k.time()
	made := sig.CreationTime
	self, _ := key.Entity.PrimarySelfSignature()
	switch {
	case !slices.Contains(types, sig.SigType):
		return refuse(what, NoSignature, id, "by key %s is of type %#02x, not one over a file", id, uint8(sig.SigType))
	case self == nil || key.SelfSignature == nil:
		return refuse(what, Unusable, id, "was made by key %s, which its owner has not confirmed by a self-signature", id)
	case revoked(key, now):
		return refuse(what, Revoked, id, "was made by key %s, which its owner has revoked", id)
	case !maySign(key):
		return refuse(what, Unusable, id, "was made by key %s, which is not meant for signing", id)
	case !strongDigest(sig.Hash):
		return refuse(what, Weak, id, "by key %s uses the digest %v, which is too weak to trust", id, sig.Hash)
	case subkey(key) && !strongDigest(key.SelfSignature.Hash):
		return refuse(what, Weak, id, "was made by key %s, which is bound to its owner with %v only, too weak to trust", id, key.SelfSignature.Hash)
	case weakKey(key.PublicKey) || weakKey(key.Entity.PrimaryKey):
		return refuse(what, Weak, id, "was made by key %s, which is too short or of a kind that is not trusted; RSA needs %d bits", id, minRSABits)
	case unknownCritical(sig, self, key.SelfSignature):
		return refuse(what, Malformed, id, "by key %s carries a critical notation that is not understood", id)
	}
	return timely(what, sig, key, self, made, now)
}

// timely checks the dates of a signature and of the keys behind it.
func timely(what string, sig *packet.Signature, key openpgp.Key, self *packet.Signature, made, now time.Time) *Error {
	id := keyID(sig)
	day := made.UTC().Format(time.DateOnly)
	switch {
	case made.After(now.Add(clockSkew)):
		return refuse(what, NotYet, id, "by key %s is dated %s, which is in the future; is this machine's clock right?", id, day)
	case made.Before(key.PublicKey.CreationTime) || made.Before(key.Entity.PrimaryKey.CreationTime):
		return refuse(what, NotYet, id, "by key %s is dated %s, before that key existed", id, day)
	case key.Entity.PrimaryKey.KeyExpired(self, made):
		return refuse(what, Expired, id, "was made on %s by key %s, whose primary key had expired by then", day, id)
	case key.PublicKey.KeyExpired(key.SelfSignature, made):
		return refuse(what, Expired, id, "was made on %s by key %s, which had expired by then", day, id)
	case sig.SigExpired(later(made, now)):
		return refuse(what, Expired, id, "by key %s of %s was meant for a limited time, which is over", id, day)
	}
	return nil
}

// later is the later of two times: a signature that a vendor's clock dated a
// few hours ahead is not expired for that.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func subkey(key openpgp.Key) bool { return key.PublicKey != key.Entity.PrimaryKey }

func revoked(key openpgp.Key, now time.Time) bool {
	_, identity := key.Entity.PrimarySelfSignature()
	return key.Entity.Revoked(now) || key.Revoked(now) || (identity != nil && identity.Revoked(now))
}

// maySign says whether a key is marked for signing. Old primary keys carry no
// marks at all; they were made for signing and certifying.
func maySign(key openpgp.Key) bool {
	if !key.PublicKey.CanSign() {
		return false
	}
	if !key.SelfSignature.FlagsValid {
		return !subkey(key)
	}
	return key.SelfSignature.FlagSign
}

func strongDigest(h crypto.Hash) bool {
	return slices.Contains([]crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA3_256, crypto.SHA3_512}, h)
}

// weakKey is true for RSA under [minRSABits] and for DSA, which is as old.
func weakKey(key *packet.PublicKey) bool {
	switch key.PubKeyAlgo {
	case packet.PubKeyAlgoRSA, packet.PubKeyAlgoRSASignOnly:
		bits, err := key.BitLength()
		return err != nil || bits < minRSABits
	case packet.PubKeyAlgoDSA:
		return true
	}
	return false
}

func unknownCritical(signatures ...*packet.Signature) bool {
	for _, s := range signatures {
		for _, n := range s.Notations {
			if n.IsCritical {
				return true
			}
		}
	}
	return false
}
