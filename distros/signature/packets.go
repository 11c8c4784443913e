package signature

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// signatureTag is the number of a packet that is a signature.
const signatureTag = 2

// signaturePackets reads packets that must all be signatures. Those of kinds
// that nobody knows are passed over: another one may be good.
func signaturePackets(what string, body io.Reader) ([]*packet.Signature, error) {
	raw, err := io.ReadAll(io.LimitReader(body, maxSignatureFile+1))
	if err != nil || len(raw) > maxSignatureFile {
		return nil, refuse(what, Malformed, "", "cannot be read: it is damaged or longer than %d bytes", maxSignatureFile)
	}
	var all []*packet.Signature
	for len(raw) > 0 {
		tag, header, length, err := packetHeader(raw)
		if err != nil {
			return nil, refuse(what, Malformed, "", "cannot be read: %v", err)
		}
		if tag != signatureTag {
			return nil, refuse(what, NoSignature, "", "holds something else than signatures")
		}
		sig, err := readSignature(raw[:header+length], header)
		raw = raw[header+length:]
		if err != nil {
			return nil, refuse(what, Malformed, "", "cannot be read: %v", err)
		}
		if sig == nil {
			continue
		}
		if all = append(all, sig); len(all) > maxSignatures {
			return nil, refuse(what, Malformed, "", "holds more than %d signatures", maxSignatures)
		}
	}
	if len(all) == 0 {
		return nil, refuse(what, NoSignature, "", "holds no signature that can be read")
	}
	return all, nil
}

// readSignature reads one packet; nil if its kind is not known.
func readSignature(raw []byte, header int) (*packet.Signature, error) {
	if body := raw[header:]; len(body) > 0 && body[0] == 3 {
		return version3(body)
	}
	p, err := packet.NewReader(bytes.NewReader(raw)).Next()
	if errors.Is(err, io.EOF) {
		return nil, nil //nolint:nilnil // a kind that is not known
	}
	if err != nil {
		return nil, err
	}
	sig, ok := p.(*packet.Signature)
	if !ok {
		return nil, errors.New("it is no signature")
	}
	return sig, nil
}

// packetHeader reads the kind of a packet, and how long its header and its
// body are (RFC 9580, section 4.2). Lengths in parts are not for signatures.
func packetHeader(raw []byte) (tag, header, length int, err error) {
	first := raw[0]
	rest := raw[1:]
	short := errors.New("it is cut short")
	switch {
	case first&0x80 == 0:
		return 0, 0, 0, errors.New("it is not OpenPGP")
	case first&0x40 == 0: // the old form: 1, 2 or 4 bytes of length
		size := 1 << (first & 3)
		if size == 8 || len(rest) < size {
			return 0, 0, 0, short
		}
		for _, b := range rest[:size] {
			length = length<<8 | int(b)
		}
		tag, header = int(first>>2&0x0f), 1+size
	case len(rest) > 0 && rest[0] < 192:
		tag, header, length = int(first&0x3f), 2, int(rest[0])
	case len(rest) > 1 && rest[0] < 224:
		tag, header, length = int(first&0x3f), 3, (int(rest[0])-192)<<8+int(rest[1])+192
	case len(rest) > 4 && rest[0] == 255:
		tag, header, length = int(first&0x3f), 6, int(binary.BigEndian.Uint32(rest[1:]))
	default:
		return 0, 0, 0, short
	}
	if length < 0 || length > len(raw)-header {
		return 0, 0, 0, short
	}
	return tag, header, length, nil
}

// version3 reads a signature of the form before 1998, which openSUSE still
// makes and go-crypto no longer reads (RFC 4880, section 5.2.2): what is signed
// ends with the type and the date, and nothing else is promised. Only RSA is
// read; the digest is judged like any other.
func version3(body []byte) (*packet.Signature, error) {
	const fixed = 19 // up to the two bytes of the digest
	if len(body) < fixed+2 || body[1] != 5 {
		return nil, errors.New("it is cut short")
	}
	digest, ok := openpgp.HashIdToHash(body[16])
	if !ok {
		return nil, fmt.Errorf("it uses a digest of number %d, which is too old or not known", body[16])
	}
	algorithm := packet.PublicKeyAlgorithm(body[15])
	if algorithm != packet.PubKeyAlgoRSA && algorithm != packet.PubKeyAlgoRSASignOnly {
		return nil, fmt.Errorf("it is of the form before 1998 and of algorithm %d; only RSA is read in that form", algorithm)
	}
	bits, number := int(binary.BigEndian.Uint16(body[fixed:])), body[fixed+2:]
	if len(number) != (bits+7)/8 {
		return nil, errors.New("it is cut short or has something after its end")
	}
	id := binary.BigEndian.Uint64(body[7:])
	return &packet.Signature{
		Version: 3, SigType: packet.SignatureType(body[2]), PubKeyAlgo: algorithm, Hash: digest,
		CreationTime: time.Unix(int64(binary.BigEndian.Uint32(body[3:])), 0),
		HashSuffix:   bytes.Clone(body[2:7]), IssuerKeyId: &id, RSASignature: integer(bytes.Clone(number)),
	}, nil
}

// integer is a number of a signature, as go-crypto wants it.
type integer []byte

func (i integer) Bytes() []byte                     { return i }
func (i integer) BitLength() uint16                 { return uint16(8 * len(i)) }
func (i integer) EncodedBytes() []byte              { return binary.BigEndian.AppendUint16(nil, i.BitLength()) }
func (i integer) EncodedLength() uint16             { return uint16(2 + len(i)) }
func (i integer) ReadFrom(io.Reader) (int64, error) { return 0, errors.ErrUnsupported }
