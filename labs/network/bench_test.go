package network

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"testing"

	"github.com/containers/gvisor-tap-vsock/pkg/types"
)

const benchFrame = 1514 // bytes of a full Ethernet frame

// BenchmarkSwitch sends full frames from one guest to another. The tapped ports
// of this package stand against the library's own reader and writer; the ratio
// of their MB/s is the price of stamping.
func BenchmarkSwitch(b *testing.B) {
	b.Run("tapped", func(b *testing.B) {
		n := newLab(b, nil)
		var seen int
		from, _ := plug(b, n, func(Frame) { seen++ })
		to, _ := plug(b, n, nil)
		pump(b, from, to)
	})
	b.Run("bare", func(b *testing.B) {
		n := newLab(b, nil)
		from, to := bare(b, n), bare(b, n)
		pump(b, from, to)
	})
}

// bare attaches a guest to the library's switch without a port.
func bare(b *testing.B, n *Network) net.Conn {
	b.Helper()
	listener, err := Listen(filepath.Join(b.TempDir(), "s"), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	guest, err := net.Dial("unix", listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	host, err := listener.Accept()
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		ctx, stop := context.WithCancel(b.Context())
		_ = n.cable.Accept(ctx, quiet{host, stop}, types.QemuProtocol)
	}()
	b.Cleanup(func() { guest.Close(); <-done })
	return guest
}

// quiet gives the switch a last frame instead of an error that it would log.
type quiet struct {
	net.Conn
	stop context.CancelFunc
}

func (q quiet) Read(p []byte) (int, error) {
	n, err := q.Conn.Read(p)
	if err != nil {
		q.stop()
		return copy(p, prefixed([]byte{ethernetLen - 1: 0, 0: 2})), nil // to 02:00:00:00:00:00, which nobody has
	}
	return n, nil
}

// pump keeps a window of frames under way, so that none is dropped.
func pump(b *testing.B, from, to net.Conn) {
	send(b, to, numbered(two.MAC, one.MAC, 0))
	frame := prefixed(append(numbered(one.MAC, two.MAC, 0), make([]byte, benchFrame-60)...))
	const window = 64
	tokens := make(chan struct{}, window)
	done := make(chan error, 1)
	waitKnown(b, from, to, frame)
	b.SetBytes(benchFrame)
	b.ReportAllocs()
	b.ResetTimer()
	go func() {
		buf := make([]byte, len(frame))
		for range b.N {
			if _, err := io.ReadFull(to, buf); err != nil {
				done <- err
				return
			}
			<-tokens
		}
		done <- nil
	}()
	for range b.N {
		tokens <- struct{}{}
		if _, err := from.Write(frame); err != nil {
			b.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}

// waitKnown returns when the switch has learned where the frames go.
func waitKnown(b *testing.B, from, to net.Conn, frame []byte) {
	arrived := make(chan error, 1)
	go func() { _, err := io.ReadFull(to, make([]byte, len(frame))); arrived <- err }()
	eventually(b, func() bool {
		if _, err := from.Write(frame[:len(frame):len(frame)]); err != nil {
			b.Fatal(err)
		}
		select {
		case err := <-arrived:
			return err == nil
		default:
			return false
		}
	})
}

// BenchmarkPortRead is the read path alone, from the socket's bytes to the
// bytes for the switch. It must not allocate: garbage would spoil stamps.
func BenchmarkPortRead(b *testing.B) {
	n := newLab(b, nil)
	stream := repeat{frame: prefixed(append(numbered(one.MAC, two.MAC, 0), make([]byte, benchFrame-60)...))}
	p := newPort(n, &stream, func(Frame) {}, func() {})
	buf := make([]byte, len(stream.frame))
	b.SetBytes(benchFrame)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := io.ReadFull(p, buf); err != nil {
			b.Fatal(err)
		}
	}
}

// repeat is a guest that sends the same frame for ever, one per read.
type repeat struct {
	net.Conn
	frame []byte
}

func (r *repeat) Read(b []byte) (int, error) { return copy(b, r.frame), nil }
