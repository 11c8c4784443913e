// Package signature checks who published a file: OpenPGP signatures against
// the vendors' keys that it carries or the person adds. It touches no network
// and no clock but the one it is given; keys come from its own data or from a
// file system it is handed. Whatever it reads is hostile until checked, and
// every refusal is an [*Error] that says which check failed.
package signature

import "fmt"

// Reason is the check that failed.
type Reason string

// The reasons for which a signature or a key is refused.
const (
	NoSignature Reason = "no signature in it"
	UnknownKey  Reason = "unknown key"
	Mismatch    Reason = "signature does not match"
	Expired     Reason = "expired"
	Revoked     Reason = "revoked"
	NotYet      Reason = "dated wrongly"
	Weak        Reason = "weak"
	Unusable    Reason = "not a signing key"
	Malformed   Reason = "malformed"
	WrongPin    Reason = "not the pinned key"
	NoKey       Reason = "no such key"
	Rollback    Reason = "older than what was seen"
)

// Error is a refusal.
type Error struct {
	What   string // what was checked, such as "the detached signature"
	Reason Reason // for programs
	Detail string // for people: a sentence part that follows What
	Key    string // the id or fingerprint of the key concerned; may be empty
}

// Error says what was checked and which check failed.
func (e *Error) Error() string { return e.What + " " + e.Detail }

// refuse makes an Error from a format for its detail.
func refuse(what string, reason Reason, key, format string, args ...any) *Error {
	return &Error{What: what, Reason: reason, Key: key, Detail: fmt.Sprintf(format, args...)}
}
