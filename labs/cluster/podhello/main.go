// Command podhello is the program of a lab's probe pod and of the pods' pause
// container: one static file without any other beside it in its image. Which of
// the two it is, its own name says.
//
//	podhello HOST:PORT NODE   says hello to HOST:PORT until it is told to end
//	pause                     waits until it is told to end
//
// It touches nothing but the network of its pod.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// helloEvery is how often a hello is sent: one may be lost, and the network of
// a pod may be ready only after its program.
const helloEvery = 250 * time.Millisecond

// answerPort is the TCP port on which the pod answers with its node's name.
const answerPort = "8080"

// answerTime bounds how long one answer may take its reader.
const answerTime = 5 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if filepath.Base(os.Args[0]) == "pause" {
		pause(ctx)
		return
	}
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: podhello HOST:PORT NODE")
		os.Exit(2)
	}
	if err := run(ctx, ":"+answerPort, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "podhello:", err)
		os.Exit(1)
	}
}

// run says hello and answers until ctx ends.
func run(ctx context.Context, listen, target, node string) error {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("answering on port %s: %w", answerPort, err)
	}
	defer listener.Close()
	go answer(listener, node)
	sayHello(ctx, target, node)
	return nil
}

// sayHello sends one datagram after the other. What fails is tried anew, with a
// new socket: before the pod's network is there, there is no way to the target.
func sayHello(ctx context.Context, target, node string) {
	payload := []byte("distrolab-hello " + node)
	ticks := time.NewTicker(helloEvery)
	defer ticks.Stop()
	var conn net.Conn
	for {
		if conn == nil {
			conn, _ = net.Dial("udp", target)
		}
		if conn != nil {
			if _, err := conn.Write(payload); err != nil {
				conn.Close()
				conn = nil
			}
		}
		select {
		case <-ctx.Done():
			if conn != nil {
				conn.Close()
			}
			return
		case <-ticks.C:
		}
	}
}

// answer tells everybody who connects the node's name, one after the other.
func answer(listener net.Listener, node string) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		conn.SetDeadline(time.Now().Add(answerTime))
		fmt.Fprintln(conn, node)
		conn.Close()
	}
}

// pause waits for the end. As the first process of a pod it also takes leave of
// the processes that lost their parent.
func pause(ctx context.Context) {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	defer signal.Stop(ended)
	for {
		reap()
		select {
		case <-ctx.Done():
			return
		case <-ended:
		}
	}
}

// reap takes the exit status of every child that has ended.
func reap() {
	for {
		if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 && err != syscall.EINTR {
			return
		}
	}
}
