package hypervisor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"

	libvirt "github.com/digitalocean/go-libvirt"
	"github.com/digitalocean/go-libvirt/socket"
	"github.com/digitalocean/go-libvirt/socket/dialers"
)

// target is where a URI leads.
type target struct {
	uri        string                      // as the person wrote it
	name       string                      // what the daemon is asked to open
	local      bool                        // the daemon runs on this machine
	sockets    []string                    // local: unix sockets to try, in order
	sessionDir string                      // session only: directory of the daemon's files
	runtimeDir string                      // session only: its XDG_RUNTIME_DIR
	remote     socket.Dialer               // remote: go-libvirt's dialer
	start      func(context.Context) error // session only: starts the daemon
}

func resolve(opt Options) (target, error) {
	bad := func(reason, fix string, err error) (target, error) {
		return target{}, &UnavailableError{URI: opt.URI, Reason: reason, Fix: fix, Err: err}
	}
	uri, err := url.Parse(opt.URI)
	if err != nil {
		return bad("this is not a URI", "Use qemu:///session, qemu:///system or qemu+ssh://user@host/system.", err)
	}
	driver, transport, _ := strings.Cut(uri.Scheme, "+")
	if driver != "qemu" || uri.Path != "/system" && uri.Path != "/session" {
		return bad("only the QEMU driver's system and session connections are supported",
			"Use qemu:///session, qemu:///system or qemu+ssh://user@host/system.", nil)
	}
	t := target{uri: opt.URI, name: string(libvirt.RemoteURI(uri))}
	if uri.Host != "" {
		t.remote, err = remoteDialer(uri, transport)
		if err != nil {
			return bad("this transport is not supported", "Use qemu+ssh://user@host/system.", err)
		}
		return t, nil
	}
	if transport != "" && transport != "unix" {
		return bad("the URI names a transport but no host", "Use qemu+ssh://user@host/system.", nil)
	}
	t.local = true
	if path := uri.Query().Get("socket"); path != "" {
		t.sockets = []string{path}
		return t, nil
	}
	if uri.Path == "/system" {
		t.sockets = []string{"/run/libvirt/virtqemud-sock", "/run/libvirt/libvirt-sock"}
		return t, nil
	}
	return t.session(opt)
}

// session fills in where the session daemon of this user listens, as libvirt's
// own client computes it.
func (t target) session(opt Options) (target, error) {
	if os.Getuid() == 0 {
		return t, &UnavailableError{URI: opt.URI, Reason: "root has no session daemon", Fix: "Use qemu:///system, or run distrolab as an ordinary user."}
	}
	t.runtimeDir = opt.RuntimeDir
	if t.runtimeDir == "" {
		me, err := user.Current()
		if err != nil {
			return t, fmt.Errorf("finding the home directory for the session daemon: %w", err)
		}
		t.runtimeDir = filepath.Join(me.HomeDir, ".cache")
	}
	t.sessionDir = filepath.Join(t.runtimeDir, "libvirt")
	t.sockets = []string{filepath.Join(t.sessionDir, "virtqemud-sock"), filepath.Join(t.sessionDir, "libvirt-sock")}
	daemon := sessionDaemon{uri: opt.URI, runtimeDir: t.runtimeDir, find: exec.LookPath, log: opt.Log}
	t.start = daemon.start
	return t, nil
}

// remoteDialer chooses among the dialers that go-libvirt brings. Its ssh is
// the Go library's: it knows agents, keys and known_hosts, not ~/.ssh/config.
func remoteDialer(uri *url.URL, transport string) (socket.Dialer, error) {
	switch transport {
	case "ssh":
		me, err := user.Current()
		if err != nil {
			return nil, fmt.Errorf("finding the user for ssh: %w", err)
		}
		options := []dialers.SSHOption{dialers.WithSystemSSHDefaults(me)}
		if name := uri.User.Username(); name != "" {
			options = append(options, dialers.UseSSHUsername(name))
		}
		if port := uri.Port(); port != "" {
			options = append(options, dialers.UseSSHPort(port))
		}
		return dialers.NewSSH(uri.Hostname(), options...), nil
	case "tcp":
		var options []dialers.RemoteOption
		if port := uri.Port(); port != "" {
			options = append(options, dialers.UsePort(port))
		}
		return dialers.NewRemote(uri.Hostname(), options...), nil
	case "", "tls":
		var options []dialers.TLSOption
		if port := uri.Port(); port != "" {
			options = append(options, dialers.UseTLSPort(port))
		}
		return dialers.NewTLS(uri.Hostname(), options...), nil
	}
	return nil, fmt.Errorf("transport %q is unknown", transport)
}

// dial connects, starting the session daemon when none answers.
func (t target) dial(ctx context.Context) (net.Conn, error) {
	if t.remote != nil {
		return t.dialRemote(ctx)
	}
	conn, err := t.dialLocal(ctx)
	if err == nil {
		return conn, nil
	}
	if t.start == nil || !absent(err) {
		return nil, t.explain(ctx, err)
	}
	if err := t.start(ctx); err != nil {
		return nil, err
	}
	return t.waitForSocket(ctx)
}

func (t target) dialLocal(ctx context.Context) (net.Conn, error) {
	var dialer net.Dialer
	var last error
	for _, path := range t.sockets {
		conn, err := dialer.DialContext(ctx, "unix", path)
		if err == nil {
			return conn, nil
		}
		if last == nil || absent(last) {
			last = err
		}
	}
	return nil, last
}

// absent says that nobody listens: the socket is missing, or its owner died.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
}

// dialRemote waits for a dialer that knows no context; a connection that
// comes too late is closed.
func (t target) dialRemote(ctx context.Context) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	dialed := make(chan result, 1)
	go func() {
		conn, err := t.remote.Dial()
		dialed <- result{conn, err}
	}()
	select {
	case r := <-dialed:
		if r.err != nil {
			return nil, &UnavailableError{URI: t.uri, Reason: "the host cannot be reached", Err: r.err,
				Fix: "Check that virsh -c " + t.uri + " list works."}
		}
		return r.conn, nil
	case <-ctx.Done():
		go func() {
			if r := <-dialed; r.conn != nil {
				r.conn.Close()
			}
		}()
		return nil, fmt.Errorf("connecting to libvirt at %s: %w", t.uri, context.Cause(ctx))
	}
}

// explain turns a failed dial into what a person can do.
func (t target) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("connecting to libvirt at %s: %w", t.uri, context.Cause(ctx))
	}
	return t.advise(err, exec.LookPath)
}

// advise finds the fix; find is exec.LookPath.
func (t target) advise(err error, find func(string) (string, error)) error {
	unavailable := &UnavailableError{URI: t.uri, Reason: "its socket does not answer", Err: err}
	switch {
	case errors.Is(err, fs.ErrPermission):
		unavailable.Reason = "permission denied"
		unavailable.Fix = letIn
	case absent(err) && strings.HasSuffix(t.name, "/system"):
		unavailable.Reason = "no daemon is running"
		unavailable.Fix = "Start it: systemctl start libvirtd, or without systemd, as root: virtlogd -d; libvirtd -d"
		if _, e := (sessionDaemon{find: find}).program(); e != nil {
			unavailable.Reason = "libvirt is not installed"
			unavailable.Fix = "Install it: apt-get install libvirt-daemon-system qemu-system-x86 (as an ordinary user qemu:///session then needs nothing else)."
		}
	}
	return unavailable
}
