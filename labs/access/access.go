// Package access logs in to a lab's machines over SSH with a key that was made
// for that lab. It gets its connections from the caller, so it works through
// the lab's own network as well as through a forwarded port.
package access

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// Key is a key pair of one lab.
type Key struct {
	Private    []byte // OpenSSH PEM, a secret: write it 0600
	Authorized string // one authorized_keys line
	signer     ssh.Signer
}

// NewKey makes an Ed25519 key pair; comment ends up in the public line.
func NewKey(comment string) (Key, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Key{}, fmt.Errorf("making lab key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(private, comment)
	if err != nil {
		return Key{}, fmt.Errorf("encoding lab key: %w", err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return Key{}, fmt.Errorf("using lab key: %w", err)
	}
	sshPublic, err := ssh.NewPublicKey(public)
	if err != nil {
		return Key{}, fmt.Errorf("encoding lab key: %w", err)
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(sshPublic)))
	return Key{Private: pem.EncodeToMemory(block), Authorized: line + " " + comment, signer: signer}, nil
}

// ParseKey reads a key that [NewKey] made from its private half.
func ParseKey(private []byte) (Key, error) {
	signer, err := ssh.ParsePrivateKey(private)
	if err != nil {
		return Key{}, fmt.Errorf("reading lab key: %w", err)
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	return Key{Private: private, Authorized: line, signer: signer}, nil
}

// Client is a login on one machine.
type Client struct {
	conn   net.Conn
	client *ssh.Client
}

// Login authenticates on conn as user and owns conn from then on. The host key
// is taken as it comes: the machine was made a moment ago, its key with it, and
// conn reaches it through a socket that nobody else can open.
func Login(ctx context.Context, conn net.Conn, user string, key Key) (*Client, error) {
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	config := &ssh.ClientConfig{
		User:            user,
		Auth:            []ssh.AuthMethod{ssh.PublicKeys(key.signer)},
		HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	}
	c, channels, requests, err := ssh.NewClientConn(conn, conn.RemoteAddr().String(), config)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("logging in as %s: %w", user, contextOr(ctx, err)), conn.Close())
	}
	return &Client{conn: conn, client: ssh.NewClient(c, channels, requests)}, nil
}

// Run runs one command and gives at most limit bytes of what it printed. Past
// the limit the output is cut, not an error: the guest decides how much it says.
func (c *Client) Run(ctx context.Context, command string, limit int) (string, error) {
	stop := context.AfterFunc(ctx, func() { c.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	session, err := c.client.NewSession()
	if err != nil {
		return "", fmt.Errorf("running %q: %w", command, contextOr(ctx, err))
	}
	defer session.Close()
	out := &bounded{limit: limit}
	session.Stdout = out
	if err := session.Run(command); err != nil {
		return out.String(), fmt.Errorf("running %q: %w", command, contextOr(ctx, err))
	}
	return out.String(), nil
}

// Close ends the login.
func (c *Client) Close() error { return c.client.Close() }

func contextOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// bounded keeps the first limit bytes and swallows the rest. The buffer is not
// embedded: its ReadFrom, which copying prefers, would know no limit.
type bounded struct {
	kept  bytes.Buffer
	limit int
}

func (b *bounded) Write(p []byte) (int, error) {
	if room := b.limit - b.kept.Len(); room > 0 {
		b.kept.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (b *bounded) String() string { return b.kept.String() }

var _ io.Writer = (*bounded)(nil)
