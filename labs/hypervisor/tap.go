package hypervisor

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Of libvirt's wire protocol (docs/kbase/internals/rpc.rst of libvirt): a
// packet is a 32-bit big-endian length that counts itself, a header of six
// 32-bit numbers (program, version, procedure, type, serial, status), and an
// XDR payload.
const (
	packetHeader  = 28
	packetMax     = 32 << 20 // libvirt's VIR_NET_MESSAGE_MAX
	remoteProgram = 0x20008086
	qemuProgram   = 0x20008087
	lifecycleProc = 318
	monitorProc   = 6
	messageType   = 2
)

// packet is the part of a message that the tap looks at.
type packet struct {
	program, procedure uint32
	payload            []byte
	arrived            time.Time
}

// tap stands between the socket and go-libvirt. It checks the size of every
// packet before the library allocates it, stamps events the moment they are
// read, and takes them out of the stream: the library drops events that it
// was not asked for by its own subscription calls, which need one
// registration per domain. It is the library's Dialer as well as its Conn.
type tap struct {
	net.Conn
	reader  *bufio.Reader
	rest    []byte // what the library has not read of the current packet
	onEvent func(packet)
	closed  chan struct{}
	once    sync.Once
}

func newTap(conn net.Conn, onEvent func(packet)) *tap {
	return &tap{Conn: conn, reader: bufio.NewReaderSize(conn, 64<<10), onEvent: onEvent, closed: make(chan struct{})}
}

// Dial hands the tap to the library.
func (t *tap) Dial() (net.Conn, error) { return t, nil }

// Read gives the library the next bytes that are not an event's. It is called
// by one goroutine of the library only.
func (t *tap) Read(p []byte) (int, error) {
	for len(t.rest) == 0 {
		raw, arrived, err := readPacket(t.reader)
		if err != nil {
			t.Close()
			return 0, err
		}
		if event, ok := eventOf(raw, arrived); ok {
			t.onEvent(event)
			continue
		}
		t.rest = raw
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

// Close closes the socket once; the library and we both may ask for it.
func (t *tap) Close() error {
	var err error
	t.once.Do(func() {
		close(t.closed)
		err = t.Conn.Close()
	})
	return err
}

// readPacket reads one whole packet and stamps its first bytes.
func readPacket(r io.Reader) ([]byte, time.Time, error) {
	var head [packetHeader]byte
	if _, err := io.ReadFull(r, head[:4]); err != nil {
		return nil, time.Time{}, err
	}
	arrived := time.Now()
	size := binary.BigEndian.Uint32(head[:4])
	if size < packetHeader || size > packetMax {
		return nil, arrived, fmt.Errorf("reading libvirt packet: %d bytes is not a possible size", size)
	}
	raw := make([]byte, size)
	copy(raw, head[:4])
	if _, err := io.ReadFull(r, raw[4:]); err != nil {
		return nil, arrived, fmt.Errorf("reading libvirt packet: %w", err)
	}
	return raw, arrived, nil
}

func eventOf(raw []byte, arrived time.Time) (packet, bool) {
	word := func(i int) uint32 { return binary.BigEndian.Uint32(raw[4*i:]) }
	p := packet{program: word(1), procedure: word(3), payload: raw[packetHeader:], arrived: arrived}
	known := p.program == remoteProgram && p.procedure == lifecycleProc || p.program == qemuProgram && p.procedure == monitorProc
	return p, known && word(4) == messageType
}
