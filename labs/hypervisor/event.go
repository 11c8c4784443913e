package hypervisor

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// EventSource says who reported an event.
type EventSource string

// The sources of events.
const (
	FromQEMU    EventSource = "qmp"       // QEMU's monitor, with QEMU's own time
	FromLibvirt EventSource = "lifecycle" // libvirt, with the time of arrival
)

// EventKind names an event. QEMU's have QEMU's names in upper case
// (docs/interop/qemu-qmp-ref of QEMU), libvirt's lifecycle events are in
// lower case.
type EventKind string

// The events that matter for a machine's life. Others of QEMU's pass through
// under their own names.
const (
	QEMUResume   EventKind = "RESUME"   // the virtual processors run
	QEMUStop     EventKind = "STOP"     // they stand still
	QEMUShutdown EventKind = "SHUTDOWN" // power-off or reboot asked for; Detail is JSON with the reason
	QEMUReset    EventKind = "RESET"    // the machine resets
	QEMUPanic    EventKind = "GUEST_PANICKED"

	LifecycleStarted   EventKind = "started"
	LifecycleSuspended EventKind = "suspended"
	LifecycleResumed   EventKind = "resumed"
	LifecycleStopped   EventKind = "stopped" // the domain is gone; Detail is the reason
	LifecycleShutdown  EventKind = "shutdown"
	LifecycleCrashed   EventKind = "crashed"
	LifecycleOther     EventKind = "other"
)

// Event is something that happened to a domain.
type Event struct {
	Domain   string // name
	UUID     string
	Source   EventSource
	Kind     EventKind
	At       time.Time     // carries the monotonic clock
	ErrBound time.Duration // At is at most this much too late (or, for FromQEMU, off)
	Detail   string        // lifecycle: the reason; QEMU: the event's data as JSON
}

// The bounds of stamps. QEMU's own stamp is exact but for the reading of two
// clocks; libvirt's arrive when libvirtd gets to sending them.
const (
	qemuErrBound      = 100 * time.Microsecond
	lifecycleErrBound = 20 * time.Millisecond
	maxEventAge       = 10 * time.Second
)

// decodeEvent reads an event's payload. sameClock says that QEMU's wall clock
// is this machine's.
func decodeEvent(p packet, sameClock bool) (Event, error) {
	r := xdrReader{rest: p.payload}
	r.uint32() // callback
	event := Event{Domain: r.string()}
	event.UUID = formatUUID(r.bytes(16))
	r.uint32() // domain id
	if p.program == remoteProgram {
		kind, detail := r.uint32(), r.uint32()
		event.Source = FromLibvirt
		event.Kind, event.Detail = lifecycle(kind, detail)
		event.At, event.ErrBound = p.arrived, lifecycleErrBound
		return event, r.err
	}
	event.Source, event.Kind = FromQEMU, EventKind(r.string())
	seconds, micros := r.uint64(), r.uint32()
	if r.uint32() != 0 {
		event.Detail = r.string()
	}
	event.At, event.ErrBound = p.arrived, lifecycleErrBound
	if sameClock {
		event.At, event.ErrBound = monotonic(p.arrived, int64(seconds), int64(micros))
	}
	return event, r.err
}

// monotonic turns QEMU's wall-clock stamp into a reading of our monotonic
// clock by what both clocks say at arrival. A stamp from the future or from
// long ago means that the wall clock was set in between: then arrival is the
// best there is.
func monotonic(arrived time.Time, seconds, micros int64) (time.Time, time.Duration) {
	age := arrived.Round(0).Sub(time.Unix(seconds, micros*1000))
	switch {
	case age < -time.Millisecond || age > maxEventAge:
		return arrived, lifecycleErrBound
	case age < 0:
		return arrived, qemuErrBound
	}
	return arrived.Add(-age), qemuErrBound
}

// lifecycle names libvirt's numbers (virDomainEventType and its details).
func lifecycle(kind, detail uint32) (EventKind, string) {
	type row struct {
		kind    EventKind
		details []string
	}
	table := map[uint32]row{
		2: {LifecycleStarted, []string{"booted", "migrated", "restored", "snapshot", "wakeup"}},
		3: {LifecycleSuspended, []string{"paused", "migrated", "ioerror", "watchdog", "restored", "snapshot", "api error"}},
		4: {LifecycleResumed, []string{"unpaused", "migrated", "snapshot"}},
		5: {LifecycleStopped, []string{"shutdown", "destroyed", "crashed", "migrated", "saved", "failed", "snapshot"}},
		6: {LifecycleShutdown, []string{"finished", "guest", "host"}},
		8: {LifecycleCrashed, []string{"panicked", "crashloaded"}},
	}
	found, ok := table[kind]
	switch {
	case !ok:
		return LifecycleOther, fmt.Sprintf("%d/%d", kind, detail)
	case uint64(detail) >= uint64(len(found.details)):
		return found.kind, fmt.Sprintf("%d", detail)
	}
	return found.kind, found.details[detail]
}

func formatUUID(b []byte) string {
	if len(b) != 16 {
		return ""
	}
	h := hex.EncodeToString(b)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// xdrReader reads XDR (RFC 4506). After the first error everything is zero.
type xdrReader struct {
	rest []byte
	err  error
}

func (r *xdrReader) bytes(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > len(r.rest) {
		r.err = errors.New("reading libvirt event: it ends too early")
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *xdrReader) uint32() uint32 {
	if b := r.bytes(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *xdrReader) uint64() uint64 {
	if b := r.bytes(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// string reads a counted string with its padding to four bytes.
func (r *xdrReader) string() string {
	n := r.uint32()
	if uint64(n) > uint64(len(r.rest)) {
		r.bytes(len(r.rest) + 1)
		return ""
	}
	s := string(r.bytes(int(n)))
	r.bytes(int(-n & 3))
	return s
}
