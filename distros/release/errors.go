package release

import (
	"errors"
	"fmt"
	"net/http"

	"distrolab/distros/web"
)

// NoImageError says that a system's images cannot be had, and why.
type NoImageError struct {
	Distro string
	Reason string // what the catalog says, or what to do
}

// Error gives the reason.
func (e *NoImageError) Error() string {
	return fmt.Sprintf("there is no image of %s: %s", e.Distro, e.Reason)
}

// UnreachableError says that an index gave no usable answer; the same type as
// [web.UnreachableError], named here for those who only know releases.
type UnreachableError = web.UnreachableError

// UnsignedError says that a release was refused because its publisher's
// signature is missing where one is required.
type UnsignedError struct {
	Distro  string
	Version string
	Missing string // what is missing, or what is published instead
}

// Error says what is missing and what to do.
func (e *UnsignedError) Error() string {
	return fmt.Sprintf("%s %s is refused, because its publisher's signature is missing: %s; nothing was fetched", e.Distro, e.Version, e.Missing)
}

// StaleError says that an index offers less than what distrolab already knew:
// an old index that somebody replays, or a mirror that fell behind.
type StaleError struct {
	Distro  string
	Offered string // version
	Known   string // newer version
	Seen    string // day it was seen
}

// Error says which versions, and what to do.
func (e *StaleError) Error() string {
	return fmt.Sprintf("the index of %[1]s offers %[2]s as its newest, but %[3]s was out on %[4]s: the index is an old copy that a mirror or an attacker serves; ask the vendor's own server, or for that very version: distrolab pull %[1]s@%[2]s",
		e.Distro, e.Offered, e.Known, e.Seen)
}

// unsigned turns a missing signature file of a vendor who always signs into an
// [*UnsignedError]; other errors stay.
func unsigned(err error, a asked, version, file string) error {
	var status *web.StatusError
	if !errors.As(err, &status) || (status.Code != http.StatusNotFound && status.Code != http.StatusGone) {
		return err
	}
	return &UnsignedError{Distro: a.distro.Name, Version: version,
		Missing: fmt.Sprintf("the server has no %s, and this publisher signs every image; an incomplete mirror, or somebody took it away", file)}
}
