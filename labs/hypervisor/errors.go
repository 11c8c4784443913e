package hypervisor

import (
	"errors"
	"fmt"

	libvirt "github.com/digitalocean/go-libvirt"
)

// ErrNotFound says that libvirt knows no such domain (any more).
var ErrNotFound = errors.New("no such domain")

// ErrExists says that a domain of the wanted name already runs.
var ErrExists = errors.New("a domain of this name already exists")

// ErrDisconnected says that the connection to libvirt is gone: the daemon
// ended or was killed, or the connection was closed here.
var ErrDisconnected = errors.New("the connection to libvirt is gone")

// UnavailableError says that libvirt cannot be used on this machine, and what
// a person can do about it.
type UnavailableError struct {
	URI    string // the connection that was tried
	Reason string // what is wrong, in one clause
	Fix    string // what to do next, a sentence or a command
	Err    error  // the cause, may be nil
}

// Error says what is wrong and what to do next.
func (e *UnavailableError) Error() string {
	text := fmt.Sprintf("connecting to libvirt at %s: %s", e.URI, e.Reason)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Fix != "" {
		text += "\n" + e.Fix
	}
	return text
}

// Unwrap returns the cause.
func (e *UnavailableError) Unwrap() error { return e.Err }

// translate turns the library's errors into those of this package.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var remote libvirt.Error
	if errors.As(err, &remote) {
		switch libvirt.ErrorNumber(remote.Code) {
		case libvirt.ErrNoDomain:
			return fmt.Errorf("%w: %s", ErrNotFound, remote.Message)
		case libvirt.ErrDomExist:
			return fmt.Errorf("%w: %s", ErrExists, remote.Message)
		}
		return err
	}
	if errors.Is(err, libvirt.ErrInterrupted) {
		return ErrDisconnected
	}
	return err
}
