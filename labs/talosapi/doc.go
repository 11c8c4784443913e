// Package talosapi speaks with a Talos machine over its API: it sends the
// machine config that a machine without one waits for, and follows what a
// configured machine says of itself.
//
// It opens no connection of its own: its callers give it the way through the
// lab. What the machine answers is foreign, so it is bounded, made printable,
// and freed of the config's secrets before anybody reads it. It was tried
// against servers made of Talos's own protobuf services, never yet against
// Talos itself.
package talosapi

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/siderolabs/talos/pkg/machinery/constants"
)

// Port is where Talos answers, in maintenance mode and after it.
const Port = constants.ApidPort

// Dialer opens a TCP connection to [Port] of one machine.
type Dialer func(context.Context) (net.Conn, error)

// Limits of one conversation. A machine under emulation needs a second for a
// TLS handshake.
const (
	dialLimit      = time.Second      // shorter than waiting for a SYN that was lost twice
	handshakeLimit = 15 * time.Second // dialing and TLS together
	answerLimit    = 60 * time.Second // for the answer to a config
	pause          = 250 * time.Millisecond
	maxMessage     = 256 << 10 // bytes of one message of the machine
	maxConfig      = 4 << 20   // bytes of a config, what a gRPC server takes
)

// RefusedError says that Talos understood the request and will not carry it
// out, so that asking again is of no use.
type RefusedError struct {
	Call    string // the method, such as ApplyConfiguration
	Code    string // gRPC's word for the kind of error
	Message string // Talos's own words: printable, bounded, without the config's secrets
}

// Error names Talos's own words.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("Talos refused %s (%s): %s", e.Call, e.Code, e.Message)
}

// ConfiguredError says that the machine is not in maintenance mode.
type ConfiguredError struct{}

// Error says by what one sees it.
func (*ConfiguredError) Error() string {
	return "the machine has a config already: its API asks for a client certificate, which a machine that waits for a config does not"
}
