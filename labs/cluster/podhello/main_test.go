package main

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// program builds the program as it is packed into an image, under that name.
func program(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	return path
}

func TestHelloArrivesAgainAndAgain(t *testing.T) {
	gateway, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer gateway.Close()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, "127.0.0.1:0", gateway.LocalAddr().String(), "node-1") }()

	gateway.SetDeadline(time.Now().Add(10 * time.Second))
	for range 3 {
		buffer := make([]byte, 100)
		n, _, err := gateway.ReadFrom(buffer)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(buffer[:n]); got != "distrolab-hello node-1" {
			t.Fatalf("datagram %q", got)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A pod may start before there is a way to the gateway, and before anybody
// listens there: neither ends the program.
func TestHelloWaitsForTheGateway(t *testing.T) {
	gateway, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := gateway.LocalAddr().String()
	gateway.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go sayHello(ctx, address, "node-1")
	time.Sleep(3 * helloEvery)
	if gateway, err = net.ListenPacket("udp", address); err != nil {
		t.Skipf("the port was taken by another process: %v", err)
	}
	defer gateway.Close()
	gateway.SetDeadline(time.Now().Add(10 * time.Second))
	if _, _, err := gateway.ReadFrom(make([]byte, 100)); err != nil {
		t.Errorf("no hello after the gateway came: %v", err)
	}
}

func TestAnswersWithTheNodesName(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go answer(listener, "node-1")
	for range 2 {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(conn)
		conn.Close()
		if err != nil || string(got) != "node-1\n" {
			t.Errorf("answer %q, %v", got, err)
		}
	}
}

func TestPauseEndsWhenTold(t *testing.T) {
	pause := exec.Command(program(t, "pause"))
	if err := pause.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- pause.Wait() }()
	select {
	case err := <-ended:
		t.Fatalf("pause did not wait: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	if err := pause.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("pause ended with %v, want no error", err)
		}
	case <-time.After(5 * time.Second):
		pause.Process.Kill()
		t.Error("pause does not end")
	}
}

func TestWithoutArgumentsSaysHowItIsUsed(t *testing.T) {
	out, err := exec.Command(program(t, "podhello")).CombinedOutput()
	if err == nil || string(out) != "usage: podhello HOST:PORT NODE\n" {
		t.Errorf("%v, %q", err, out)
	}
}
