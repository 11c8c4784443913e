package image

import "slices"

// How far an image is vouched for.
const (
	TrustSigned = "signed" // the publisher's signature was verified
	TrustDigest = "digest" // only a digest from the publisher's HTTPS server
	TrustNone   = "none"   // the publisher gives nothing to check against
	TrustLocal  = "local"  // built on this machine or brought by the person
)

// trusts are the kinds of trust, the weakest first. Local is the weakest: the
// publisher has no part in it.
func trusts() []string { return []string{TrustLocal, TrustNone, TrustDigest, TrustSigned} }

// trustRank orders the kinds; higher is better, negative is none of them.
func trustRank(trust string) int { return slices.Index(trusts(), trust) }

// weaker is the lower of two kinds of trust.
func weaker(a, b string) string {
	if trustRank(a) < trustRank(b) {
		return a
	}
	return b
}
