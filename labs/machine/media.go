package machine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"distrolab/labs/hypervisor"
	"distrolab/provision/seed"
)

// media is the config as the domain takes it.
type media struct {
	volume     string // path of the ISO 9660 image
	fwcfg      []hypervisor.FWCfg
	serial     string
	kernelArgs []string
}

// makeMedia packs the config and writes what must be a file. A config may hold
// keys and tokens: only its owner reads it, and QEMU, to whom libvirt gives it.
func (m *Machine) makeMedia(context.Context) error {
	packed, err := seed.Pack(m.spec.Config)
	if err != nil {
		return fmt.Errorf("packing its config: %w", err)
	}
	m.media.serial = packed.SMBIOSSerial
	m.media.kernelArgs = packed.KernelArgs
	if packed.Volume != nil {
		m.media.volume = filepath.Join(m.directory, "seed.iso")
		if err := os.WriteFile(m.media.volume, packed.Volume.Image, 0o600); err != nil {
			return fmt.Errorf("writing its seed: %w", err)
		}
	}
	for i, entry := range packed.FWCfg {
		path := filepath.Join(m.directory, fmt.Sprintf("fw_cfg-%d", i))
		if err := os.WriteFile(path, entry.Content, 0o600); err != nil {
			return fmt.Errorf("writing its fw_cfg entry %s: %w", entry.Name, err)
		}
		m.media.fwcfg = append(m.media.fwcfg, hypervisor.FWCfg{Name: entry.Name, Path: path})
	}
	return nil
}
