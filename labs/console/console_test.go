package console_test

import (
	"bytes"
	"io"
	"testing"

	"distrolab/labs/console"
)

func TestLateWatcherGetsHistoryThenWhatComes(t *testing.T) {
	c := console.New()
	c.Write([]byte("boot "))
	w := c.Watch()
	c.Write([]byte("login: "))
	c.Close()
	got, err := io.ReadAll(w)
	if err != nil || string(got) != "boot login: " {
		t.Fatalf("got %q, %v", got, err)
	}
}

func TestSlowWatcherDoesNotStopTheGuest(t *testing.T) {
	c := console.New()
	w := c.Watch()
	chunk := bytes.Repeat([]byte("x"), 1024)
	const writes = 2000
	for range writes {
		c.Write(chunk) // would block here if the watcher could
	}
	c.Close()
	got, _ := io.ReadAll(w)
	if len(got) == 0 || len(got) >= writes*len(chunk) {
		t.Fatalf("a watcher that never read got %d bytes of %d; want some and not all", len(got), writes*len(chunk))
	}
}

func TestHistoryIsBounded(t *testing.T) {
	c := console.New()
	for range 100 {
		c.Write(bytes.Repeat([]byte("y"), 10_000))
	}
	c.Write([]byte("end"))
	c.Close()
	got, _ := io.ReadAll(c.Watch())
	if len(got) != console.History || !bytes.HasSuffix(got, []byte("end")) {
		t.Fatalf("history holds %d bytes ending in %q", len(got), got[len(got)-3:])
	}
}

func TestClosingAWatcherEndsItsRead(t *testing.T) {
	c := console.New()
	w := c.Watch()
	done := make(chan error, 1)
	go func() { _, err := w.Read(make([]byte, 1)); done <- err }()
	w.Close()
	w.Close() // twice is harmless
	if err := <-done; err != io.EOF {
		t.Fatalf("read ended with %v", err)
	}
}
