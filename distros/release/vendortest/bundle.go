package vendortest

import (
	"bytes"
	"errors"
)

// MakeBundle signs a document as an identity that an issuer vouches for. It is
// no Sigstore bundle, whose making needs Sigstore's servers, but it binds the
// same three things; distros/signature tests real ones.
func MakeBundle(artifact []byte, identity, issuer string) []byte {
	return []byte(SHA256(artifact) + "\n" + identity + "\n" + issuer + "\n")
}

// Bundle checks what [MakeBundle] made; it fits release.Source.
func (w *World) Bundle(artifact, bundle []byte, identity, issuer string) error {
	if !bytes.Equal(bundle, MakeBundle(artifact, identity, issuer)) {
		return errors.New("the bundle was not made by that identity over this document")
	}
	return nil
}
