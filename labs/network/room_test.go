package network

import (
	"net"
	"path/filepath"
	"testing"
	"time"
)

// A sender of single bytes, whose reader is late, does not have to wait.
func TestRoomForAReaderThatIsLate(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	listener, err := Listen(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	sender, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	reader, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	fits := func() int {
		if err := sender.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		for n := range 5000 {
			if _, err := sender.Write([]byte{'x'}); err != nil {
				return n
			}
		}
		return 5000
	}
	if before := fits(); before == 5000 {
		t.Skipf("the host's usual buffer holds %d single bytes", before)
	}
	if err := MakeRoom(reader); err != nil {
		t.Skip(err) // not root, and a low limit
	}
	if after := fits(); after < 1000 {
		t.Errorf("after room was made %d more bytes fit", after)
	}
}

func TestNoRoomWithoutAUnixSocket(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if err := MakeRoom(a); err == nil {
		t.Error("a pipe in memory has room to make")
	}
}
