package signature

import (
	"bytes"
	"crypto"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

const list = "0123  flatcar_production_qemu_image.img\n4567  other.img\n"

// want checks that an error is a refusal for the reason, and that its sentence
// holds the words.
func want(t *testing.T, err error, reason Reason, words ...string) {
	t.Helper()
	var refusal *Error
	if !errors.As(err, &refusal) {
		t.Fatalf("got %v, want a refusal: %s", err, reason)
	}
	if refusal.Reason != reason {
		t.Errorf("reason %q (%v), want %q", refusal.Reason, err, reason)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}

func TestAGoodSignatureIsAcceptedInAnyForm(t *testing.T) {
	v := newKey(t, "vendor")
	k := ring(t, v)
	text := &packet.Config{Time: at(born).Time, DefaultHash: crypto.SHA512}
	var canonical bytes.Buffer
	if err := openpgp.DetachSignText(&canonical, v.entity, strings.NewReader(list), text); err != nil {
		t.Fatal(err)
	}
	for name, sig := range map[string][]byte{
		"binary":    v.sign(t, list, at(born)),
		"armored":   v.signArmored(t, list, at(born)),
		"text type": canonical.Bytes(),
	} {
		if err := k.VerifyDetached([]byte(list), sig); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAStreamHashesWhatPasses(t *testing.T) {
	v := newKey(t, "vendor")
	sig := v.sign(t, list, at(born))
	s, err := ring(t, newKey(t, "other"), v).Detached(sig)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []byte(list) {
		if _, err := s.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
}

func TestDamageIsRefused(t *testing.T) {
	v := newKey(t, "vendor")
	k := ring(t, v)
	sig := v.sign(t, list, at(born))
	id := v.fingerprint()[24:]
	want(t, k.VerifyDetached([]byte(list[:len(list)-1]), sig), Mismatch, id, "damaged", "of another file")
	want(t, k.VerifyDetached([]byte("other file"), sig), Mismatch)
	want(t, k.VerifyDetached(nil, sig), Mismatch)
	for i := range sig {
		bad := bytes.Clone(sig)
		bad[i] ^= 0xFF
		if k.VerifyDetached([]byte(list), bad) == nil && !unhashed(sig, i) {
			t.Errorf("a signature with byte %d changed was accepted", i)
		}
	}
}

// unhashed is true for the bytes of a signature that nothing protects: the two
// bytes of the digest that help to fail early.
func unhashed(sig []byte, i int) bool {
	p, err := packet.NewReader(bytes.NewReader(sig)).Next()
	if err != nil {
		return false
	}
	tag := p.(*packet.Signature).HashTag
	at := bytes.Index(sig, tag[:])
	return i == at || i == at+1
}

func TestAnUnknownKeyIsNamed(t *testing.T) {
	v, other := newKey(t, "vendor"), newKey(t, "other")
	want(t, ring(t, other).VerifyDetached([]byte(list), v.sign(t, list, at(born))), UnknownKey, v.fingerprint()[24:])
	want(t, Keyring{}.VerifyDetached([]byte(list), v.sign(t, list, at(born))), UnknownKey)
}

func TestOneGoodSignatureAmongOthersIsEnough(t *testing.T) {
	v, stranger := newKey(t, "vendor"), newKey(t, "stranger")
	k := ring(t, v)
	good := v.sign(t, list, at(born))
	foreign := stranger.sign(t, list, at(born))
	wrong := v.raw(t, "something else", born, crypto.SHA512, packet.SigTypeBinary)
	for name, sig := range map[string][]byte{
		"unknown key first":       append(bytes.Clone(foreign), good...),
		"unknown key last":        append(bytes.Clone(good), foreign...),
		"signature of other file": append(bytes.Clone(wrong), good...),
	} {
		if err := k.VerifyDetached([]byte(list), sig); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	want(t, k.VerifyDetached([]byte(list), append(bytes.Clone(foreign), wrong...)), Mismatch)
}

func TestFilesThatAreNoSignatureAreRefused(t *testing.T) {
	v := newKey(t, "vendor")
	k := ring(t, v)
	sig := v.sign(t, list, at(born))
	for name, c := range map[string]struct {
		sig    []byte
		reason Reason
	}{
		"empty":        {nil, NoSignature},
		"web page":     {[]byte("<html>not found</html>"), Malformed},
		"public key":   {[]byte(v.public), NoSignature},
		"cut short":    {sig[:len(sig)/2], Malformed},
		"too long":     {bytes.Repeat([]byte("x"), maxSignatureFile+1), Malformed},
		"too many":     {bytes.Repeat(sig, maxSignatures+1), Malformed},
		"broken armor": {[]byte("-----BEGIN PGP SIGNATURE-----\n\n!!!!\n-----END PGP SIGNATURE-----\n"), Malformed},
	} {
		t.Run(name, func(t *testing.T) { want(t, k.VerifyDetached([]byte(list), c.sig), c.reason) })
	}
}

func TestASignatureOverAKeyIsNotOneOverAFile(t *testing.T) {
	v := newKey(t, "vendor")
	for _, kind := range []packet.SignatureType{packet.SigTypePositiveCert, packet.SigTypeDirectSignature, packet.SigTypeKeyRevocation, 0x40} {
		sig := v.raw(t, list, born, crypto.SHA256, kind)
		if err := ring(t, v).VerifyDetached([]byte(list), sig); err == nil {
			t.Errorf("a signature of type %#x was accepted", kind)
		}
	}
}

func TestWeakDigestsAreRefused(t *testing.T) {
	v := newKey(t, "vendor")
	for _, digest := range []crypto.Hash{crypto.SHA1, crypto.MD5, crypto.SHA224, crypto.RIPEMD160} {
		if !digest.Available() {
			continue // the library cannot make one; it cannot check one either
		}
		sig := v.raw(t, list, born, digest, packet.SigTypeBinary)
		err := ring(t, v).VerifyDetached([]byte(list), sig)
		if err == nil {
			t.Errorf("%v was accepted", digest)
		}
		if digest == crypto.SHA1 {
			want(t, err, Weak, "SHA-1")
		}
	}
}

func TestShortRSAKeysAreRefused(t *testing.T) {
	v := newKey(t, "vendor", func(c *packet.Config) { c.Algorithm, c.RSABits = packet.PubKeyAlgoRSA, 1024 })
	want(t, ring(t, v).VerifyDetached([]byte(list), v.sign(t, list, at(born))), Weak, "2048")
}

func TestDatesAreJudgedWhenTheSignatureWasMade(t *testing.T) {
	const year = 365 * 24 * 3600
	short := newKey(t, "short", func(c *packet.Config) { c.KeyLifetimeSecs = year })
	k := ring(t, short)
	within, after := born.AddDate(0, 6, 0), born.AddDate(1, 6, 0)
	for name, c := range map[string]struct {
		made   time.Time
		reason Reason // empty: accepted
		words  string
	}{
		"expired since":          {within, "", ""},
		"expired when it signed": {after, Expired, "had expired by then"},
		"before the key":         {born.AddDate(0, 0, -1), NotYet, "before that key existed"},
		"in the future":          {today.AddDate(0, 0, 2), NotYet, "in the future"},
	} {
		t.Run(name, func(t *testing.T) {
			err := k.VerifyDetached([]byte(list), short.raw(t, list, c.made, crypto.SHA256, packet.SigTypeBinary))
			if c.reason == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			want(t, err, c.reason, c.words)
		})
	}
	lasting := newKey(t, "lasting")
	if err := ring(t, lasting).VerifyDetached([]byte(list), lasting.raw(t, list, today.Add(20*time.Hour), crypto.SHA256, packet.SigTypeBinary)); err != nil {
		t.Errorf("a vendor's clock that is some hours ahead: %v", err)
	}
}

func TestExpiredSubkeysStayGoodForWhatTheySigned(t *testing.T) {
	v := newKey(t, "vendor")
	sub := v.signer(t, 365*24*3600)
	k := ring(t, v)
	if err := k.VerifyDetached([]byte(list), signWith(t, sub, list, born.AddDate(0, 6, 0), crypto.SHA256, packet.SigTypeBinary)); err != nil {
		t.Error(err)
	}
	want(t, k.VerifyDetached([]byte(list), signWith(t, sub, list, born.AddDate(1, 6, 0), crypto.SHA256, packet.SigTypeBinary)), Expired)
}

func TestRevokedKeysAreRefused(t *testing.T) {
	for name, reason := range map[string]packet.ReasonForRevocation{"compromised": packet.KeyCompromised, "superseded": packet.KeySuperseded} {
		t.Run(name, func(t *testing.T) {
			v := newKey(t, "vendor")
			sub := v.signer(t, 0)
			bySub := signWith(t, sub, list, born.AddDate(0, 1, 0), crypto.SHA256, packet.SigTypeBinary)
			byPrimary := v.raw(t, list, born.AddDate(0, 1, 0), crypto.SHA256, packet.SigTypeBinary)
			if err := v.entity.RevokeSubkey(&v.entity.Subkeys[len(v.entity.Subkeys)-1], reason, "", at(today)); err != nil {
				t.Fatal(err)
			}
			k := ring(t, published(t, v.entity))
			want(t, k.VerifyDetached([]byte(list), bySub), Revoked)
			if err := k.VerifyDetached([]byte(list), byPrimary); err != nil {
				t.Errorf("the primary key is not revoked: %v", err)
			}
			if err := v.entity.RevokeKey(reason, "", at(today)); err != nil {
				t.Fatal(err)
			}
			want(t, ring(t, published(t, v.entity)).VerifyDetached([]byte(list), byPrimary), Revoked)
		})
	}
}

func TestASignatureForALimitedTimeEnds(t *testing.T) {
	v := newKey(t, "vendor")
	config := at(born)
	config.SigLifetimeSecs = 3600
	want(t, ring(t, v).VerifyDetached([]byte(list), v.sign(t, list, config)), Expired, "limited time")
}

func TestAKeyForEncryptionMayNotSign(t *testing.T) {
	v := newKey(t, "vendor")
	for _, identity := range v.entity.Identities {
		identity.SelfSignature.FlagSign = false
		if err := identity.SelfSignature.SignUserId(identity.UserId.Id, v.entity.PrimaryKey, v.entity.PrivateKey, at(born)); err != nil {
			t.Fatal(err)
		}
	}
	sig := v.raw(t, list, born, crypto.SHA256, packet.SigTypeBinary)
	want(t, ring(t, published(t, v.entity)).VerifyDetached([]byte(list), sig), Unusable)
}
