package machine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"time"

	"distrolab/labs/network"
)

// The sockets of one machine, by the suffix of their file names.
const (
	consoleSocket  = "con"
	firmwareSocket = "fw"
	networkSocket  = "net"
)

// connectLimit is how long QEMU may take to connect after libvirt said that it
// runs; it connects before it answers libvirt, so this only catches a QEMU
// that died.
const connectLimit = 10 * time.Second

// socket is the path of a socket, or "" for one that was not asked for.
func (m *Machine) socket(suffix string) string {
	if suffix == firmwareSocket && !m.opt.Firmware {
		return ""
	}
	return filepath.Join(m.env.Sockets, m.spec.Name+"."+suffix)
}

// listen opens the sockets that QEMU will connect to, for its user alone.
func (m *Machine) listen(context.Context) error {
	var owner *network.Owner
	if m.env.Host.UID >= 0 {
		owner = &network.Owner{UID: m.env.Host.UID, GID: m.env.Host.GID}
	}
	for _, suffix := range []string{consoleSocket, firmwareSocket, networkSocket} {
		path := m.socket(suffix)
		if path == "" {
			continue
		}
		l, err := network.Listen(path, owner)
		if err != nil {
			return err
		}
		m.listeners[suffix] = l
		m.onStop(func(context.Context) error { return closed(l.Close()) })
	}
	return nil
}

// accept takes QEMU's connection and closes the door behind it.
func (m *Machine) accept(ctx context.Context, suffix string) (net.Conn, error) {
	l := m.listeners[suffix]
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	timer := time.AfterFunc(connectLimit, func() { l.Close() })
	defer timer.Stop()
	conn, err := l.Accept()
	if ctx.Err() != nil {
		return nil, errors.Join(context.Cause(ctx), closeAny(conn))
	}
	if err != nil {
		return nil, fmt.Errorf("waiting for QEMU on socket %s: %w", m.socket(suffix), err)
	}
	m.onStop(func(context.Context) error { return closed(conn.Close()) })
	return conn, closed(l.Close())
}

func closeAny(conn net.Conn) error {
	if conn == nil {
		return nil
	}
	return conn.Close()
}

// closed takes a second close for what it is.
func closed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
