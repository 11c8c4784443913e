package network

import (
	"net"
	"testing"
	"testing/synctest"
	"time"
)

func TestHeldFramesComeLateAndLostOnesNever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &Network{cfg: Config{Hold: func(frame []byte) time.Duration {
			switch frame[0] {
			case 'l':
				return -1
			case 'h':
				return 2 * time.Second
			}
			return 0
		}}, stats: map[[6]byte]*guestStats{}}
		here, there := net.Pipe()
		defer there.Close()
		p := newPort(n, here, nil)
		go p.send()
		defer p.Close()
		began := time.Now()
		frame := []byte{0, 0, 0, 1, 0}
		for _, kind := range "lhn" {
			frame[4] = byte(kind)
			p.queue(frame)
		}
		frame[4] = 'x' // the switch uses its buffer again
		buffer := make([]byte, 64)
		for _, want := range []struct {
			kind  byte
			after time.Duration
		}{{'n', 0}, {'h', 2 * time.Second}} {
			got, err := there.Read(buffer)
			if err != nil || got != 5 || buffer[4] != want.kind || time.Since(began) != want.after {
				t.Errorf("got %q after %s, %v; want %q after %s", buffer[:got], time.Since(began), err, want.kind, want.after)
			}
		}
	})
}
