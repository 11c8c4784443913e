package hypervisor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The daemon that we start ends by itself when it has had neither clients nor
// domains for this many seconds, as the one that libvirt's client starts.
const (
	daemonTimeout = "120"
	socketWait    = 30 * time.Second
	socketPoll    = 10 * time.Millisecond
)

// sessionDaemon starts libvirt's daemon in the user's name.
type sessionDaemon struct {
	uri        string
	runtimeDir string
	find       func(string) (string, error) // as exec.LookPath
	log        *slog.Logger
}

// start returns when the daemon has put itself into the background. Two that
// race are no problem: the loser finds the lock taken and ends, and its
// client connects to the winner's.
func (s sessionDaemon) start(ctx context.Context) error {
	if err := s.checkRuntimeDir(); err != nil {
		return err
	}
	program, err := s.program()
	if err != nil {
		return &UnavailableError{URI: s.uri, Reason: "libvirt is not installed", Err: err,
			Fix: "Install it: apt-get install libvirt-daemon libvirt-daemon-driver-qemu qemu-system-x86"}
	}
	s.log.Info("starting the libvirt session daemon", "program", program)
	cmd := exec.CommandContext(ctx, program, "-d", "--timeout", daemonTimeout)
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+s.runtimeDir)
	cmd.Dir = "/"
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = time.Second // the daemon keeps no pipe of ours, but may be slow to let go
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("starting %s: %w", program, context.Cause(ctx))
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		// Perhaps another client's daemon was faster: the wait for the socket decides.
		s.log.Warn("the libvirt session daemon did not start", "program", program, "err", err, "output", strings.TrimSpace(output.String()))
	}
	return nil
}

// checkRuntimeDir makes the fallback directory, and refuses one that the
// login should have made: a daemon there would not be found by others.
func (s sessionDaemon) checkRuntimeDir() error {
	if filepath.Base(s.runtimeDir) == ".cache" {
		if err := os.MkdirAll(s.runtimeDir, 0o700); err != nil {
			return fmt.Errorf("making runtime directory: %w", err)
		}
	}
	info, err := os.Stat(s.runtimeDir)
	if err == nil && info.IsDir() {
		return nil
	}
	return &UnavailableError{URI: s.uri, Reason: "the runtime directory " + s.runtimeDir + " does not exist", Err: err,
		Fix: "Log in as that user (not by su), or make it: install -d -m 700 -o USER " + s.runtimeDir}
}

// program prefers libvirt's newer per-driver daemon, as libvirt does.
func (s sessionDaemon) program() (string, error) {
	var last error
	for _, name := range []string{"virtqemud", "libvirtd"} {
		for _, candidate := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
			path, err := s.find(candidate)
			if err == nil {
				return path, nil
			}
			last = err
		}
	}
	return "", last
}

// waitForSocket connects as soon as the daemon listens.
func (t target) waitForSocket(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, socketWait, errors.New("the session daemon did not open its socket"))
	defer cancel()
	ticker := time.NewTicker(socketPoll)
	defer ticker.Stop()
	for {
		conn, err := t.dialLocal(ctx)
		if err == nil {
			return conn, nil
		}
		if !absent(err) {
			return nil, t.explain(ctx, err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, &UnavailableError{URI: t.uri, Reason: "starting its daemon did not help", Err: context.Cause(ctx),
				Fix: "See what it says: XDG_RUNTIME_DIR=" + t.runtimeDir + " libvirtd --verbose"}
		}
	}
}
