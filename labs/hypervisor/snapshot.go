package hypervisor

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	libvirt "github.com/digitalocean/go-libvirt"
)

// humanCommand tells libvirt that a command is one of QEMU's monitor for people
// (virDomainQemuMonitorCommandFlags).
const humanCommand = 1

// SaveSnapshot stops the processors and writes memory and devices into the
// machine's first disk, which must be qcow2, under name. The machine stays
// paused; a domain with [Domain.LoadSnapshot] goes on from there. It asks QEMU
// itself, past libvirt, because libvirt restores a state only to a domain of the
// same name, and two labs may go on from one state at the same time.
func (m *Machine) SaveSnapshot(ctx context.Context, name string) error {
	if err := snapshotName(name); err != nil {
		return fmt.Errorf("saving domain %q: %w", m.Name, err)
	}
	if err := m.Pause(ctx); err != nil {
		return err
	}
	said, err := call(ctx, m.c, nil, func(l *libvirt.Libvirt) (string, error) {
		return l.QEMUDomainMonitorCommand(m.domain, "savevm "+name, humanCommand)
	})
	if err == nil && strings.TrimSpace(said) != "" {
		err = fmt.Errorf("QEMU says %.500q", said)
	}
	if err != nil {
		return fmt.Errorf("saving domain %q: %w", m.Name, err)
	}
	return nil
}

// snapshotName keeps a name from meaning something to QEMU's command line or monitor.
func snapshotName(name string) error {
	if !regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`).MatchString(name) {
		return fmt.Errorf("snapshot %.64q: want 1 to 32 of a to z, 0 to 9 and hyphens, a letter first", name)
	}
	return nil
}

// validateSnapshot checks the state that the domain goes on from.
func (d Domain) validateSnapshot() error {
	if d.LoadSnapshot == "" {
		return nil
	}
	if len(d.Disks) == 0 || d.Disks[0].Format != QCOW2 {
		return fmt.Errorf("load snapshot: the first disk must be qcow2 and hold it")
	}
	return snapshotName(d.LoadSnapshot)
}
