package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"distrolab/labs/hypervisor"
	"distrolab/labs/ledger"
)

// destroyLimit is how long libvirt may take to end a domain.
const destroyLimit = 30 * time.Second

// recordProcess writes down QEMU itself: when libvirt's daemon dies, its
// domains live on, and nobody but us would end them.
func (m *Machine) recordProcess() error {
	pid, err := m.domain.PID()
	if err != nil {
		return nil // a remote libvirt: its processes are not ours to end
	}
	id, err := ledger.Identify(pid)
	if err != nil {
		return fmt.Errorf("identifying its QEMU: %w", err)
	}
	m.process = id
	resource := ledger.Resource{Kind: ledger.Process, ID: id.String()}
	if err := m.env.Ledger.Record(resource); err != nil {
		return err
	}
	m.onStop(func(ctx context.Context) error {
		if err := m.destroy(ctx); err != nil {
			return err
		}
		return m.env.Ledger.Release(resource)
	})
	return nil
}

// destroy ends the domain through libvirt, and QEMU itself where libvirt does
// not: a daemon that was killed answers with all kinds of errors.
func (m *Machine) destroy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, destroyLimit)
	defer cancel()
	err := m.domain.Destroy(ctx)
	if err == nil || m.process.PID == 0 {
		return err
	}
	return EndQEMU(ctx, m.process, m.name)
}

// EndQEMU ends a QEMU that lost its libvirt. A process that is not the QEMU of
// that domain is left alone.
func EndQEMU(ctx context.Context, id ledger.Identity, domain string) error {
	line, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(id.PID), "cmdline"))
	if err != nil || !strings.Contains(string(line), "guest="+domain+",") {
		return nil
	}
	return ledger.End(ctx, id)
}

// uefi chooses the firmware of this machine's lab and a variable store of its
// own, which goes with its directory.
func (m *Machine) uefi() hypervisor.Firmware {
	f := m.env.Host.UEFI
	return hypervisor.Firmware{Kind: hypervisor.UEFI, Code: f.Code, VarsTemplate: f.VarsTemplate,
		Vars: filepath.Join(m.directory, "uefi-vars.fd")}
}

// ErrNoUEFI says that a machine wants UEFI and none is installed.
var ErrNoUEFI = errors.New("no UEFI firmware is installed; install package ovmf (edk2-ovmf), or take --firmware bios")

func (m *Machine) checkFirmware(context.Context) error {
	if m.spec.Hardware.Firmware == string(hypervisor.UEFI) && m.env.Host.UEFI == nil {
		return ErrNoUEFI
	}
	return nil
}
