package network

import (
	"bytes"
	"slices"
	"testing"
)

// split feeds a stream in pieces and returns copies of the frames found before
// its end or the first nonsense.
func split(stream []byte, piece int) (frames [][]byte, err error) {
	s := newSplitter()
	for {
		frame, err := s.next()
		switch {
		case err != nil:
			return frames, err
		case frame != nil:
			frames = append(frames, bytes.Clone(frame[prefixLen:]))
			continue
		case len(stream) == 0:
			return frames, nil
		}
		room := s.room()
		n := copy(room[:min(piece, len(room))], stream)
		s.fed(n)
		stream = stream[n:]
	}
}

func TestSplitterJoinsPieces(t *testing.T) {
	want := [][]byte{[]byte("a"), bytes.Repeat([]byte("b"), 1500), bytes.Repeat([]byte("c"), maxFrameLen), []byte("d")}
	var stream []byte
	for _, f := range want {
		stream = append(stream, prefixed(f)...)
	}
	for _, piece := range []int{1, 3, 4, 5, 1504, maxFrameLen, 1 << 20} {
		got, err := split(stream, piece)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(want, got, bytes.Equal) {
			t.Errorf("in pieces of %d bytes: %d frames, not those sent", piece, len(got))
		}
	}
}

// FuzzSplitter: whatever comes and however it is cut, the frames are those of
// the stream, each within bounds, and memory does not grow.
func FuzzSplitter(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 'x', 0, 0, 0, 2, 'y', 'z'}, uint16(1))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0}, uint16(3))
	f.Add([]byte{0, 0, 0, 0}, uint16(9))
	f.Add(append([]byte{0, 1, 0, 0}, make([]byte, maxFrameLen)...), uint16(1000))
	f.Fuzz(func(t *testing.T, stream []byte, piece uint16) {
		whole, wholeErr := split(stream, len(stream)+1)
		cut, cutErr := split(stream, int(piece)+1)
		if !slices.EqualFunc(whole, cut, bytes.Equal) || (wholeErr == nil) != (cutErr == nil) {
			t.Fatalf("cut into %d: %d frames, %v; at once: %d frames, %v", piece, len(cut), cutErr, len(whole), wholeErr)
		}
		var again []byte
		for _, frame := range whole {
			if len(frame) == 0 || len(frame) > maxFrameLen {
				t.Fatalf("frame of %d bytes", len(frame))
			}
			again = append(again, prefixed(frame)...)
		}
		if !bytes.HasPrefix(stream, again) {
			t.Fatal("frames are not what was sent")
		}
	})
}

// FuzzGuestPackets: no packet of a guest, however wrong, brings a service down.
func FuzzGuestPackets(f *testing.F) {
	n := newLab(f, func(c *Config) { c.Isolated = true })
	f.Add([]byte{1, 1, 6, 0, 1, 2, 3, 4})
	f.Add(numbered(one.MAC, two.MAC, 1))
	f.Fuzz(func(t *testing.T, packet []byte) {
		_, _ = n.dhcpAnswer(packet)
		if len(packet) >= ethernetLen {
			_, _, _ = ethernet(packet).ipv4()
		}
	})
}
