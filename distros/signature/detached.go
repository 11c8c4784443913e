package signature

import (
	"bytes"
	"fmt"
	"hash"
	"io"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Bounds of a signature file: a signature has some 600 bytes.
const (
	maxSignatureFile = 64 << 10
	maxSignatures    = 16
)

// detached is what errors call a signature that lies beside its file.
const detached = "the OpenPGP signature"

// VerifyDetached checks a text against a signature that lies beside it, in
// armor or not. One good signature by one known key is enough.
func (k Keyring) VerifyDetached(text, sig []byte) error {
	s, err := k.Detached(sig)
	if err != nil {
		return err
	}
	if _, err := s.Write(text); err != nil {
		return fmt.Errorf("hashing what was signed: %w", err)
	}
	return s.Verify()
}

// Detached prepares the check of a signature whose file is still to come:
// write the file's bytes to the Stream as they pass, then ask it to verify.
// What can be refused without the file is refused here.
func (k Keyring) Detached(sig []byte) (*Stream, error) {
	packets, err := signatures(sig)
	if err != nil {
		return nil, err
	}
	return k.stream(detached, packets, packet.SigTypeBinary, packet.SigTypeText)
}

// Stream hashes what was signed as it passes.
type Stream struct {
	what     string
	attempts []*attempt
}

// attempt is one signature that one known key may have made.
type attempt struct {
	signature *packet.Signature
	key       openpgp.Key
	digest    hash.Hash // what the signature was made over
	text      hash.Hash // feeds digest, with line ends made canonical where the signature asks for it
}

// Write hashes the next bytes; it never fails.
func (s *Stream) Write(p []byte) (int, error) {
	for _, a := range s.attempts {
		a.text.Write(p) //nolint:errcheck // a hash never fails
	}
	return len(p), nil
}

// Verify says whether what was written is what was signed. Ask once.
func (s *Stream) Verify() error {
	for _, a := range s.attempts {
		if a.key.PublicKey.VerifySignature(a.digest, a.signature) == nil {
			return nil
		}
	}
	key := keyID(s.attempts[0].signature)
	return refuse(s.what, Mismatch, key, "by key %s does not match: the file is damaged, or the signature is of another file", key)
}

// stream keeps the signatures that a known key may have made and that its
// rules allow; if none is left, the error says why the best one was refused.
func (k Keyring) stream(what string, packets []*packet.Signature, types ...packet.SignatureType) (*Stream, error) {
	s := &Stream{what: what}
	var refusal *Error
	for _, sig := range packets {
		keys := k.candidates(sig)
		if len(keys) == 0 && refusal == nil {
			id := keyID(sig)
			refusal = refuse(what, UnknownKey, id, "was made by key %s, which is not in %s", id, k)
		}
		for _, key := range keys {
			if err := k.allowed(what, sig, key, types); err != nil {
				if refusal == nil || refusal.Reason == UnknownKey {
					refusal = err
				}
				continue
			}
			a, err := newAttempt(what, sig, key)
			if err != nil {
				return nil, err
			}
			s.attempts = append(s.attempts, a)
		}
	}
	if len(s.attempts) == 0 {
		return nil, refusal
	}
	return s, nil
}

func newAttempt(what string, sig *packet.Signature, key openpgp.Key) (*attempt, error) {
	digest, err := sig.PrepareVerify()
	if err != nil {
		return nil, refuse(what, Malformed, keyID(sig), "cannot be checked: %v", err)
	}
	text := digest
	if sig.SigType == packet.SigTypeText {
		text = openpgp.NewCanonicalTextHash(digest)
	}
	return &attempt{signature: sig, key: key, digest: digest, text: text}, nil
}

// candidates are the keys with the id that a signature names; ids are not
// unique, so there may be several.
func (k Keyring) candidates(sig *packet.Signature) []openpgp.Key {
	if sig.IssuerKeyId == nil {
		return nil
	}
	return k.entities.KeysById(*sig.IssuerKeyId)
}

// signatures reads the signature packets of a file, in armor or not.
func signatures(raw []byte) ([]*packet.Signature, error) {
	if len(raw) > maxSignatureFile {
		return nil, refuse(detached, Malformed, "", "is longer than %d bytes, so it is not a signature", maxSignatureFile)
	}
	var body io.Reader = bytes.NewReader(raw)
	if bytes.Contains(raw, []byte("-----BEGIN PGP ")) {
		block, err := armor.Decode(body)
		if err != nil {
			return nil, refuse(detached, Malformed, "", "cannot be read: %v", err)
		}
		if block.Type != openpgp.SignatureType {
			return nil, refuse(detached, NoSignature, "", "holds no signature but a block %q", clip(block.Type))
		}
		body = block.Body
	}
	return signaturePackets(detached, body)
}

func keyID(sig *packet.Signature) string {
	if sig.IssuerKeyId == nil {
		return "without an id"
	}
	return fmt.Sprintf("%016X", *sig.IssuerKeyId)
}
