package hypervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	libvirt "github.com/digitalocean/go-libvirt"
)

// CreateOptions says how long a domain may live.
type CreateOptions struct {
	AutoDestroy bool // libvirt destroys the domain when this connection ends, even by kill -9
}

// Machine is a domain that exists, or existed, on a connection.
type Machine struct {
	Name string
	UUID string

	c      *Connection
	domain libvirt.Domain
}

// State is what a domain does now.
type State string

// The states of a machine.
const (
	StateRunning State = "running"
	StatePaused  State = "paused"
	StateEnding  State = "shutting down"
	StateCrashed State = "crashed"
	StateGone    State = "gone" // the domain does not exist (any more)
	StateUnknown State = "unknown"
)

// Create makes the transient domain with its processors stopped: observers
// attach, then Resume. Everything that the domain names must exist, and the
// sockets must be listened on. When ctx ends first and the domain comes into
// being after all, it is destroyed. ErrExists says that the name is taken.
func (c *Connection) Create(ctx context.Context, d Domain, opt CreateOptions) (*Machine, error) {
	document, err := d.XML()
	if err != nil {
		return nil, err
	}
	flags := libvirt.DomainStartPaused
	if opt.AutoDestroy {
		flags |= libvirt.DomainStartAutodestroy
	}
	late := func(domain libvirt.Domain) {
		if err := c.rpc.DomainDestroy(domain); err != nil {
			c.log.Warn("destroying a domain that came too late", "domain", domain.Name, "err", err)
		}
	}
	domain, err := call(ctx, c, late, func(l *libvirt.Libvirt) (libvirt.Domain, error) {
		return l.DomainCreateXML(document, flags)
	})
	if err != nil {
		return nil, fmt.Errorf("creating domain %q: %w", d.Name, c.orExists(ctx, d.Name, err))
	}
	return c.machine(domain), nil
}

// orExists recognises a name that is taken, which libvirt reports as one of
// many operations that failed.
func (c *Connection) orExists(ctx context.Context, name string, err error) error {
	var remote libvirt.Error
	if !errors.As(err, &remote) || libvirt.ErrorNumber(remote.Code) != libvirt.ErrOperationFailed {
		return err
	}
	if _, e := c.Lookup(ctx, name); e != nil {
		return err
	}
	return fmt.Errorf("%w: %w", ErrExists, err)
}

func (c *Connection) machine(domain libvirt.Domain) *Machine {
	return &Machine{Name: domain.Name, UUID: formatUUID(domain.UUID[:]), c: c, domain: domain}
}

// Lookup finds a domain by name, whoever made it: compare its tag before
// touching it. ErrNotFound says there is none.
func (c *Connection) Lookup(ctx context.Context, name string) (*Machine, error) {
	domain, err := call(ctx, c, nil, func(l *libvirt.Libvirt) (libvirt.Domain, error) {
		return l.DomainLookupByName(name)
	})
	if err != nil {
		return nil, fmt.Errorf("looking up domain %q: %w", name, err)
	}
	return c.machine(domain), nil
}

// Resume lets the processors run.
func (m *Machine) Resume(ctx context.Context) error {
	return m.do(ctx, "resuming", func(l *libvirt.Libvirt) error { return l.DomainResume(m.domain) })
}

// Pause stops the processors.
func (m *Machine) Pause(ctx context.Context) error {
	return m.do(ctx, "pausing", func(l *libvirt.Libvirt) error { return l.DomainSuspend(m.domain) })
}

// Shutdown presses the power button (ACPI) and returns at once; whether and
// when the guest obeys is its own affair.
func (m *Machine) Shutdown(ctx context.Context) error {
	return m.do(ctx, "shutting down", func(l *libvirt.Libvirt) error {
		return l.DomainShutdownFlags(m.domain, libvirt.DomainShutdownAcpiPowerBtn)
	})
}

// Destroy ends the domain at once, as pulling the plug, and returns when its
// process is gone. A domain that is gone already is no error.
func (m *Machine) Destroy(ctx context.Context) error {
	err := m.do(ctx, "destroying", func(l *libvirt.Libvirt) error { return l.DomainDestroy(m.domain) })
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// State asks what the domain does.
func (m *Machine) State(ctx context.Context) (State, error) {
	number, err := call(ctx, m.c, nil, func(l *libvirt.Libvirt) (int32, error) {
		state, _, err := l.DomainGetState(m.domain, 0)
		return state, err
	})
	if errors.Is(err, ErrNotFound) {
		return StateGone, nil
	}
	if err != nil {
		return StateUnknown, fmt.Errorf("asking for the state of domain %q: %w", m.Name, err)
	}
	return stateName(libvirt.DomainState(number)), nil
}

func stateName(s libvirt.DomainState) State {
	switch s {
	case libvirt.DomainRunning, libvirt.DomainBlocked:
		return StateRunning
	case libvirt.DomainPaused, libvirt.DomainPmsuspended:
		return StatePaused
	case libvirt.DomainShutdown:
		return StateEnding
	case libvirt.DomainShutoff:
		return StateGone
	case libvirt.DomainCrashed:
		return StateCrashed
	}
	return StateUnknown
}

// PID is the process number of the domain's QEMU, from libvirt's own file: no
// call of libvirt tells it. Local connections only.
func (m *Machine) PID() (int, error) {
	if !m.c.local {
		return 0, fmt.Errorf("finding the process of domain %q: it runs on another machine", m.Name)
	}
	dir := "/run/libvirt/qemu"
	if m.c.sessionDir != "" {
		dir = filepath.Join(m.c.sessionDir, "qemu", "run")
	}
	// libvirt names the file by the domain's name as XML would write it.
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\"", "&quot;", "'", "&apos;").Replace(m.Name)
	content, err := os.ReadFile(filepath.Join(dir, escaped+".pid"))
	if err != nil {
		return 0, fmt.Errorf("finding the process of domain %q: %w", m.Name, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil || pid <= 1 {
		return 0, fmt.Errorf("finding the process of domain %q: %q is not a process number", m.Name, content)
	}
	return pid, nil
}

func (m *Machine) do(ctx context.Context, doing string, f func(*libvirt.Libvirt) error) error {
	if err := do(ctx, m.c, f); err != nil {
		return fmt.Errorf("%s domain %q: %w", doing, m.Name, err)
	}
	return nil
}
