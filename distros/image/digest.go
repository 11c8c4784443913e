package image

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"

	"distrolab/distros/signature"
)

// DigestError says that a file is not the one its index describes.
type DigestError struct {
	URL  string // or path, of a file that the person brings
	Kind string // "sha256", "sha512" or "sha256 of the unpacked file"
	Want string
	Got  string
	Own  bool // the person gave what is wanted, and no index
}

// Error says what it means and what to do.
func (e *DigestError) Error() string {
	if e.Own {
		return fmt.Sprintf("%s has %s %s, but the digest given with it is %s: it is another file, or damaged, and was not stored", e.URL, e.Kind, e.Got, e.Want)
	}
	return fmt.Sprintf("%s has %s %s, but its index says %s: it was changed or damaged on the way and was thrown away; try again, and do not use it if this repeats",
		e.URL, e.Kind, e.Got, e.Want)
}

// checks are all the digests and signatures over the bytes of a file as served.
type checks struct {
	url    string
	sums   []sum
	signed *signature.Stream // nil: no signature
}

// sum is one digest; without a wanted value it is only computed.
type sum struct {
	kind, want string
	hash       hash.Hash
}

// newChecks prepares what a remote file is checked against. A signature that
// can be refused without the file is refused here.
func newChecks(r Remote) (*checks, error) {
	c := &checks{url: r.URL}
	if r.SHA256 != "" || r.Compression == "" { // of a file served as it is, the store needs it in any case
		c.sums = append(c.sums, sum{"sha256", r.SHA256, sha256.New()})
	}
	if r.SHA512 != "" {
		c.sums = append(c.sums, sum{"sha512", r.SHA512, sha512.New()})
	}
	if r.Signature != nil {
		signed, err := r.Signature.Keys.Detached(r.Signature.Bytes)
		if err != nil {
			return nil, fmt.Errorf("checking %s: %w", r.URL, err)
		}
		c.signed = signed
	}
	return c, nil
}

// join adds a consumer for each check.
func (c *checks) join(l *lanes) {
	for _, s := range c.sums {
		l.write(s.hash)
	}
	if c.signed != nil {
		l.write(c.signed)
	}
}

// verify returns the first check that fails.
func (c *checks) verify() error {
	for _, s := range c.sums {
		if got := hexOf(s.hash); s.want != "" && !strings.EqualFold(got, s.want) {
			return &DigestError{URL: c.url, Kind: s.kind, Want: s.want, Got: got}
		}
	}
	if c.signed == nil {
		return nil
	}
	if err := c.signed.Verify(); err != nil {
		return fmt.Errorf("checking %s: %w; it was thrown away", c.url, err)
	}
	return nil
}

// sha256 is the digest of all bytes, for a file served as it is.
func (c *checks) sha256() string { return hexOf(c.sums[0].hash) }

func hexOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
