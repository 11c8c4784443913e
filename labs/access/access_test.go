package access_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"distrolab/labs/access"
)

// guest is an SSH server that lets one key in. Commands: "echo" prints a line,
// "flood" prints for ever, "hang" waits, anything else fails.
func guest(t *testing.T, user, authorized string) net.Conn {
	t.Helper()
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(authorized))
	if err != nil {
		t.Fatal(err)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	host, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PublicKeyCallback: func(c ssh.ConnMetadata, offered ssh.PublicKey) (*ssh.Permissions, error) {
		if c.User() != user || string(offered.Marshal()) != string(key.Marshal()) {
			return nil, errors.New("unknown")
		}
		return nil, nil
	}}
	config.AddHostKey(host)
	ours, theirs := connected(t)
	go func() {
		defer theirs.Close()
		_, channels, requests, err := ssh.NewServerConn(theirs, config)
		if err != nil {
			return
		}
		go ssh.DiscardRequests(requests)
		for c := range channels {
			go session(c)
		}
	}()
	return ours
}

func session(c ssh.NewChannel) {
	channel, requests, err := c.Accept()
	if err != nil {
		return
	}
	defer channel.Close()
	for r := range requests {
		if r.Type != "exec" {
			r.Reply(false, nil)
			continue
		}
		r.Reply(true, nil)
		status := byte(0)
		switch command := string(r.Payload[4:]); command {
		case "echo":
			io.WriteString(channel, "hello\n")
		case "flood":
			chunk := []byte(strings.Repeat("x", 1000))
			for range 1000 {
				if _, err := channel.Write(chunk); err != nil {
					return
				}
			}
		case "hang":
			continue // no exit status, and the channel stays
		default:
			io.WriteString(channel, "partly")
			status = 3
		}
		channel.SendRequest("exit-status", false, []byte{0, 0, 0, status})
		return
	}
}

// connected is both ends of a TCP connection on loopback.
func connected(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if ours, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if theirs, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return ours, theirs
}

func newKey(t *testing.T) access.Key {
	t.Helper()
	key, err := access.NewKey("lab")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func login(t *testing.T) *access.Client {
	t.Helper()
	key := newKey(t)
	client, err := access.Login(t.Context(), guest(t, "core", key.Authorized), "core", key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func TestKeyIsOneThatSSHReads(t *testing.T) {
	key := newKey(t)
	signer, err := ssh.ParsePrivateKey(key.Private)
	if err != nil {
		t.Fatal(err)
	}
	public, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(key.Authorized))
	if err != nil || comment != "lab" || string(public.Marshal()) != string(signer.PublicKey().Marshal()) {
		t.Errorf("the halves differ: %v, comment %q", err, comment)
	}
	if newKey(t).Authorized == key.Authorized {
		t.Error("two labs have one key")
	}
}

func TestRun(t *testing.T) {
	client := login(t)
	if text, err := client.Run(t.Context(), "echo", 100); err != nil || text != "hello\n" {
		t.Errorf("echo: %q, %v", text, err)
	}
	if text, err := client.Run(t.Context(), "flood", 50); err != nil || text != strings.Repeat("x", 50) {
		t.Errorf("flood: %d bytes, %v", len(text), err)
	}
	text, err := client.Run(t.Context(), "fail", 100)
	if err == nil || !strings.Contains(err.Error(), `running "fail"`) || text != "partly" {
		t.Errorf("fail: %q, %v", text, err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	client := login(t)
	why := errors.New("enough")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, why)
	defer cancel()
	if _, err := client.Run(ctx, "hang", 100); !errors.Is(err, why) {
		t.Errorf("got %v, want the cause", err)
	}
}

func TestLoginIsRefusedToOthers(t *testing.T) {
	key := newKey(t)
	for name, try := range map[string]struct {
		user string
		key  access.Key
	}{"another key": {"core", newKey(t)}, "another user": {"root", key}} {
		_, err := access.Login(t.Context(), guest(t, "core", key.Authorized), try.user, try.key)
		if err == nil || !strings.Contains(err.Error(), "logging in as "+try.user) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLoginEndsWithItsContextAndClosesTheConnection(t *testing.T) {
	ours, _ := connected(t) // says nothing
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := access.Login(ctx, ours, "core", newKey(t)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if _, err := ours.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the connection is open: %v", err)
	}
}

func TestServerThatSpeaksNoSSH(t *testing.T) {
	ours, theirs := connected(t)
	go func() { io.WriteString(theirs, strings.Repeat("HTTP/1.1 400 Bad Request\r\n", 100)); theirs.Close() }()
	if _, err := access.Login(t.Context(), ours, "core", newKey(t)); err == nil {
		t.Error("logged in")
	}
}
