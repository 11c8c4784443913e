package signature

import (
	"bytes"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// maxClearsigned bounds a signed document; the longest known, Ubuntu's index
// of products, has some 20 MB.
const maxClearsigned = 64 << 20

// clearsigned is what errors call a document that carries its signature.
const clearsigned = "the OpenPGP signature inside the document"

// OpenClearsigned returns the text of a clear-signed document, and only that:
// what stands before or after the signed part is left out, so that nobody can
// slip lines in. Blanks at line ends are gone, since they are not signed; every
// line ends with a line feed.
func (k Keyring) OpenClearsigned(doc []byte) ([]byte, error) {
	if len(doc) > maxClearsigned {
		return nil, refuse(clearsigned, Malformed, "", "cannot be checked: the document is longer than %d bytes", maxClearsigned)
	}
	block, _ := clearsign.Decode(doc)
	if block == nil {
		return nil, refuse(clearsigned, NoSignature, "", `is missing or broken: no text between "-----BEGIN PGP SIGNED MESSAGE-----" and a whole signature`)
	}
	if block.ArmoredSignature.Type != openpgp.SignatureType {
		return nil, refuse(clearsigned, NoSignature, "", "is no signature but a block %q", clip(block.ArmoredSignature.Type))
	}
	packets, err := signaturePackets(clearsigned, block.ArmoredSignature.Body)
	if err != nil {
		return nil, err
	}
	s, err := k.stream(clearsigned, packets, packet.SigTypeText)
	if err != nil {
		return nil, err
	}
	s.Write(block.Bytes) //nolint:errcheck // a hash never fails
	if err := s.Verify(); err != nil {
		return nil, err
	}
	text := block.Plaintext
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		text = append(text, '\n')
	}
	return text, nil
}
