// Package seed packs a rendered config into what a hypervisor can hand to a
// guest: an ISO 9660 image, firmware configuration entries, an SMBIOS serial
// number or kernel arguments.
//
// It is the only package that writes media. [Pack] returns bytes and keeps no
// file, but the ISO 9660 library stages the files in a directory of its own
// under the temporary directory (TMPDIR); it has mode 0700 and is removed
// before Pack returns, on every path. Set TMPDIR to choose the place. The
// same config always packs to the same bytes.
package seed

import (
	"errors"
	"fmt"
	"strings"

	"distrolab/distros"
	"distrolab/provision"
)

// Limits of the channels.
const (
	maxFWCfgName    = 55      // QEMU: FW_CFG_MAX_FILE_PATH less its zero byte
	maxFWCfgContent = 8 << 20 // bytes; ours, far above any config
	maxSerial       = 255     // bytes; what DMI readers take from one string
	maxKernelArgs   = 1500    // bytes; the kernel reads 2048, the rest is the system's own
)

// Media is a config as the hypervisor hands it over. Only the part that the
// config's delivery uses is set.
type Media struct {
	Volume       *Volume  // nil unless delivered by volume
	FWCfg        []Entry  // QEMU firmware configuration entries
	SMBIOSSerial string   // type 1 serial number
	KernelArgs   []string // words to append to the kernel command line
}

// Volume is a labelled ISO 9660 image, to attach as a read-only disk.
type Volume struct {
	Label string // as the guest's blkid shows it
	Image []byte // whole image, a multiple of 2048 bytes
}

// Entry is one firmware configuration entry.
type Entry struct {
	Name    string // such as opt/com.coreos/config, at most 55 bytes
	Content []byte
}

// Pack prepares cfg for its delivery. It refuses whatever the channel would
// cut, rename or drop: a name too long for fw_cfg, a file name ISO 9660 would
// change, a serial number beyond what readers take.
func Pack(cfg provision.Config) (Media, error) {
	switch cfg.Delivery.Kind {
	case distros.DeliverNone, "":
		if len(cfg.Documents) > 0 {
			return Media{}, errors.New("packing config: it has documents but no delivery; set the catalog entry's config.delivery")
		}
		return Media{}, nil
	case distros.DeliverVolume:
		return packVolume(cfg)
	case distros.DeliverFWCfg:
		return packFWCfg(cfg)
	case distros.DeliverKernel:
		return packKernel(cfg)
	}
	return Media{}, fmt.Errorf("packing config: unknown delivery %q; the catalog knows volume, fw_cfg, smbios, kernel and none", cfg.Delivery.Kind)
}

// packFWCfg makes one entry per document.
func packFWCfg(cfg provision.Config) (Media, error) {
	if len(cfg.Documents) == 0 {
		return Media{}, errors.New("packing fw_cfg: the config has no document")
	}
	var media Media
	seen := map[string]bool{}
	for _, doc := range cfg.Documents {
		if err := checkFWCfg(doc); err != nil {
			return Media{}, err
		}
		if seen[doc.Name] {
			return Media{}, fmt.Errorf("packing fw_cfg entry %q: the name is used twice", doc.Name)
		}
		seen[doc.Name] = true
		media.FWCfg = append(media.FWCfg, Entry{Name: doc.Name, Content: []byte(doc.Content)})
	}
	return media, nil
}

// checkFWCfg refuses what QEMU would refuse or cut. QEMU keeps names outside
// opt/ for itself.
func checkFWCfg(doc provision.Document) error {
	rest, found := strings.CutPrefix(doc.Name, "opt/")
	switch {
	case !found || rest == "":
		return fmt.Errorf("packing fw_cfg entry %q: the name must begin with opt/", doc.Name)
	case len(doc.Name) > maxFWCfgName:
		return fmt.Errorf("packing fw_cfg entry %q: the name has %d bytes, QEMU takes %d", doc.Name, len(doc.Name), maxFWCfgName)
	case !only(doc.Name, isFWCfgByte):
		return fmt.Errorf("packing fw_cfg entry %q: use letters, digits and / . _ - in the name", doc.Name)
	case len(doc.Content) > maxFWCfgContent:
		return fmt.Errorf("packing fw_cfg entry %s: %d bytes are more than the limit of %d", doc.Name, len(doc.Content), maxFWCfgContent)
	}
	return nil
}

// packKernel takes each document as one word of the command line.
func packKernel(cfg provision.Config) (Media, error) {
	var media Media
	total := 0
	for _, doc := range cfg.Documents {
		if doc.Content == "" || !only(doc.Content, isWordByte) {
			return Media{}, fmt.Errorf("packing kernel argument %q: use printable ASCII without spaces and quotes", doc.Content)
		}
		total += len(doc.Content) + 1
		media.KernelArgs = append(media.KernelArgs, doc.Content)
	}
	if total > maxKernelArgs {
		return Media{}, fmt.Errorf("packing kernel arguments: %d bytes are more than the limit of %d", total, maxKernelArgs)
	}
	return media, nil
}

// only reports whether every byte of s is allowed.
func only(s string, allowed func(byte) bool) bool {
	for i := range len(s) {
		if !allowed(s[i]) {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func isFWCfgByte(c byte) bool { return isAlphanumeric(c) || strings.IndexByte("/._-", c) >= 0 }
func isPrintable(c byte) bool { return c >= 0x20 && c < 0x7f }
func isWordByte(c byte) bool  { return c > 0x20 && c < 0x7f && c != '"' }
