package network

import (
	"io"
	"net"
	"path/filepath"
	"testing"
)

const benchFrame = 1514 // bytes of a full Ethernet frame

// BenchmarkSwitch sends full frames from one guest to another. The ports of
// this package stand against a plain copy from socket to socket; the ratio of
// their MB/s is the price of checking, switching and stamping.
func BenchmarkSwitch(b *testing.B) {
	b.Run("tapped", func(b *testing.B) {
		n := newLab(b, nil)
		var seen int
		from, _ := plug(b, n, func(Frame) { seen++ })
		to, _ := plug(b, n, nil)
		send(b, to, numbered(two.MAC, one.MAC, 0))
		waitKnown(b, from, to, fullFrame())
		pump(b, from, to)
	})
	b.Run("copied", func(b *testing.B) {
		from, in := socketPair(b)
		out, to := socketPair(b)
		copied := make(chan struct{})
		go func() {
			defer close(copied)
			_, _ = io.CopyBuffer(plainWriter{out}, plainReader{in}, make([]byte, 128<<10))
		}()
		b.Cleanup(func() { _ = from.Close(); <-copied })
		pump(b, from, to)
	})
}

// plainReader and plainWriter keep io.Copy from asking the kernel to splice.
type (
	plainReader struct{ io.Reader }
	plainWriter struct{ io.Writer }
)

// socketPair is a unix stream socket as QEMU's.
func socketPair(b *testing.B) (net.Conn, net.Conn) {
	b.Helper()
	listener, err := Listen(filepath.Join(b.TempDir(), "s"), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	dialed, err := net.Dial("unix", listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	accepted, err := listener.Accept()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = dialed.Close(); _ = accepted.Close() })
	return dialed, accepted
}

// fullFrame is a frame of the full size from one guest to the other.
func fullFrame() []byte {
	return prefixed(append(numbered(one.MAC, two.MAC, 0), make([]byte, benchFrame-60)...))
}

// pump keeps a window of frames under way, so that none is dropped.
func pump(b *testing.B, from, to net.Conn) {
	frame := fullFrame()
	const window = 64
	tokens := make(chan struct{}, window)
	done := make(chan error, 1)
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
// frame for the switch. It must not allocate: garbage would spoil stamps.
func BenchmarkPortRead(b *testing.B) {
	n := newLab(b, nil)
	stream := repeat{frame: fullFrame()}
	p := newPort(n, &stream, func(Frame) {})
	b.SetBytes(benchFrame)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.next(); err != nil {
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
