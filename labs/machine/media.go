package machine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"distrolab/labs/hypervisor"
	"distrolab/provision"
	"distrolab/provision/seed"
)

// maxCommandLine is what Linux reads on amd64, in bytes: COMMAND_LINE_SIZE less
// its zero byte. It drops the rest without a word.
const maxCommandLine = 2047

// media is the config as the domain takes it.
type media struct {
	disks      []hypervisor.Disk // beside the machine's own
	fwcfg      []hypervisor.FWCfg
	serial     string
	kernelArgs []string
}

// makeMedia puts the configs where their channels have them.
func (m *Machine) makeMedia(configs []provision.Config) func(context.Context) error {
	return func(ctx context.Context) error {
		served := map[string][]byte{}
		for _, cfg := range configs {
			packed, err := seed.Pack(cfg, m.env.Network.DocumentsURL(m.spec.Name))
			if err != nil {
				return fmt.Errorf("packing its config: %w", err)
			}
			if err := m.addMedia(ctx, packed); err != nil {
				return err
			}
			for _, doc := range packed.Served {
				served[doc.Name] = []byte(doc.Content)
			}
		}
		if line := m.cmdline(); len(line) > maxCommandLine {
			return fmt.Errorf("packing its config: the kernel command line has %d bytes and Linux reads %d; take a delivery without kernel words, or ask for less", len(line), maxCommandLine)
		}
		return m.serve(served)
	}
}

// addMedia writes what must be a file. A config may hold keys and tokens: only
// its owner reads what is written here, and QEMU, to whom libvirt gives it.
func (m *Machine) addMedia(ctx context.Context, packed seed.Media) error {
	if packed.SMBIOSSerial != "" {
		m.media.serial = packed.SMBIOSSerial
	}
	m.media.kernelArgs = append(m.media.kernelArgs, packed.KernelArgs...)
	for _, entry := range packed.FWCfg {
		path, err := m.keep(fmt.Sprintf("fw_cfg-%d", len(m.media.fwcfg)), entry.Content)
		if err != nil {
			return err
		}
		m.media.fwcfg = append(m.media.fwcfg, hypervisor.FWCfg{Name: entry.Name, Path: path})
	}
	if v := packed.Volume; v != nil {
		if err := m.addDisk(v.Image, hypervisor.Disk{ReadOnly: true, CDROM: v.CDROM}); err != nil {
			return err
		}
	}
	if d := packed.Disk; d != nil {
		if err := m.addDisk(d.Content, hypervisor.Disk{ReadOnly: true, Serial: d.Serial}); err != nil {
			return err
		}
	}
	if packed.Partition != nil && !m.opt.Again { // the guest has written to it since
		return m.fillPartition(ctx, *packed.Partition)
	}
	return nil
}

// keep writes a file of the machine for its owner alone.
func (m *Machine) keep(name string, content []byte) (path string, err error) {
	path = filepath.Join(m.directory, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return "", fmt.Errorf("writing its config: %w", err)
	}
	return path, nil
}

// addDisk attaches content as a raw disk.
func (m *Machine) addDisk(content []byte, disk hypervisor.Disk) error {
	path, err := m.keep(fmt.Sprintf("config-%d.raw", len(m.media.disks)), content)
	if err != nil {
		return err
	}
	disk.Path, disk.Format = path, hypervisor.Raw
	m.media.disks = append(m.media.disks, disk)
	return nil
}

// serve shows what is fetched over the lab's network to this machine, as long
// as it lives: a system may fetch its config at every boot.
func (m *Machine) serve(docs map[string][]byte) error {
	if len(docs) == 0 {
		return nil
	}
	stop, err := m.env.Network.Serve(m.spec.Name, docs)
	if err != nil {
		return err
	}
	m.onStop(func(context.Context) error { stop(); return nil })
	return nil
}
