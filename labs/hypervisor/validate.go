package hypervisor

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of what a domain may ask for. Names are bounded by what fits a
// file name beside libvirt's own suffixes; unix sockets by sockaddr_un(7).
const (
	maxDisks      = 24
	maxName       = 200
	maxSocketPath = 107
	maxText       = 4096
)

// validate returns everything that is wrong, not the first.
func (d Domain) validate() error {
	problems := []error{d.validateSize(), d.validateFirmware(), d.validateKernel(), d.validateSockets(), d.validateGuestStrings(), d.validateSnapshot()}
	for i, disk := range d.Disks {
		problems = append(problems, wrapField(fmt.Sprintf("disks[%d]", i), disk.validate()))
	}
	if len(d.Disks) > maxDisks {
		problems = append(problems, fmt.Errorf("disks: %d are too many, at most %d", len(d.Disks), maxDisks))
	}
	return errors.Join(problems...)
}

func (d Domain) validateSize() error {
	var problems []error
	switch {
	case d.Name == "" || len(d.Name) > maxName:
		problems = append(problems, fmt.Errorf("name: must have 1 to %d bytes", maxName))
	case strings.ContainsRune(d.Name, '/') || d.Name == "." || d.Name == "..":
		problems = append(problems, errors.New("name: must not be . or .. and must not contain a slash"))
	case strings.TrimSpace(d.Name) == "":
		problems = append(problems, errors.New("name: must not be blank"))
	}
	problems = append(problems, wrapField("name", text(d.Name)))
	for field, value := range map[string]string{"tag.home": d.Tag.Home, "tag.owner": d.Tag.Owner, "tag.machine": d.Tag.Machine} {
		problems = append(problems, wrapField(field, text(value)))
	}
	if d.VCPUs < 1 || d.VCPUs > 512 {
		problems = append(problems, fmt.Errorf("vcpus: %d is not between 1 and 512", d.VCPUs))
	}
	if d.MemoryMiB < 16 || d.MemoryMiB > 1<<24 {
		problems = append(problems, fmt.Errorf("memory: %d MiB is not between 16 MiB and 16 TiB", d.MemoryMiB))
	}
	if d.Accelerator != KVM && d.Accelerator != TCG {
		problems = append(problems, fmt.Errorf("accelerator: %q is neither %q nor %q", d.Accelerator, KVM, TCG))
	}
	if r := d.rebootAction(); r != RebootRestarts && r != RebootDestroys {
		problems = append(problems, fmt.Errorf("reboot action: %q is neither %q nor %q", r, RebootRestarts, RebootDestroys))
	}
	return errors.Join(problems...)
}

func (d Domain) validateFirmware() error {
	switch d.Firmware.Kind {
	case "", BIOS:
		return nil
	case UEFI:
		return errors.Join(
			wrapField("firmware.code", absolutePath(d.Firmware.Code)),
			wrapField("firmware.vars", absolutePath(d.Firmware.Vars)),
			wrapField("firmware.vars_template", optionalPath(d.Firmware.VarsTemplate)))
	}
	return fmt.Errorf("firmware: %q is neither %q nor %q", d.Firmware.Kind, BIOS, UEFI)
}

func (d Domain) validateKernel() error {
	if d.Kernel == nil {
		return nil
	}
	return errors.Join(
		wrapField("kernel", absolutePath(d.Kernel.Kernel)),
		wrapField("initrd", optionalPath(d.Kernel.Initrd)),
		wrapField("cmdline", text(d.Kernel.Cmdline)))
}

func (d Domain) validateSockets() error {
	var problems []error
	if d.ConsoleSocket != "" {
		problems = append(problems, wrapField("console socket", socketPath(d.ConsoleSocket)))
	}
	if d.FirmwareSocket != "" {
		problems = append(problems, wrapField("firmware socket", socketPath(d.FirmwareSocket)))
	}
	if d.Network != nil {
		problems = append(problems, wrapField("network socket", socketPath(d.Network.Socket)), macAddress(d.Network.MAC))
	}
	return errors.Join(problems...)
}

func (d Domain) validateGuestStrings() error {
	var problems []error
	for i, entry := range d.FWCfg {
		field := fmt.Sprintf("fw_cfg[%d]", i)
		if !strings.HasPrefix(entry.Name, "opt/") || len(entry.Name) > 55 {
			problems = append(problems, fmt.Errorf("%s: name %q must begin with opt/ and have at most 55 bytes", field, entry.Name))
		}
		problems = append(problems, wrapField(field, text(entry.Name)), wrapField(field, absolutePath(entry.Path)))
	}
	problems = append(problems, wrapField("smbios serial", text(d.SMBIOS.Serial)))
	for i, value := range d.SMBIOS.OEMStrings {
		problems = append(problems, wrapField(fmt.Sprintf("smbios oem string %d", i), text(value)))
	}
	return errors.Join(problems...)
}

func (k Disk) validate() error {
	problems := []error{absolutePath(k.Path), diskFormat(k.Format)}
	for i, b := range k.Backing {
		problems = append(problems, wrapField(fmt.Sprintf("backing[%d]", i), errors.Join(absolutePath(b.Path), diskFormat(b.Format))))
	}
	if k.Format == Raw && len(k.Backing) > 0 {
		problems = append(problems, errors.New("backing: a raw image has none"))
	}
	if k.CDROM && (k.Format != Raw || k.Serial != "") {
		problems = append(problems, errors.New("cdrom: its image must be raw, and it has no serial"))
	}
	ok := func(r rune) bool {
		return strings.ContainsRune("_.-", r) || r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r))
	}
	if len(k.Serial) > 20 || strings.ContainsFunc(k.Serial, func(r rune) bool { return !ok(r) }) {
		problems = append(problems, fmt.Errorf("serial: %q must have at most 20 letters, digits, or _ . -", k.Serial))
	}
	return errors.Join(problems...)
}

func diskFormat(f DiskFormat) error {
	if f != Raw && f != QCOW2 {
		return fmt.Errorf("format: %q is neither %q nor %q", f, Raw, QCOW2)
	}
	return nil
}

func wrapField(field string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", field, err)
}

func optionalPath(p string) error {
	if p == "" {
		return nil
	}
	return absolutePath(p)
}

func absolutePath(p string) error {
	if !filepath.IsAbs(p) {
		return fmt.Errorf("path %q is not absolute", p)
	}
	return text(p)
}

func socketPath(p string) error {
	if len(p) > maxSocketPath {
		return fmt.Errorf("path %q has %d bytes, a unix socket's has at most %d; use a shorter runtime directory", p, len(p), maxSocketPath)
	}
	return absolutePath(p)
}

// text refuses what XML cannot carry or what would end a line somewhere.
func text(s string) error {
	if len(s) > maxText {
		return fmt.Errorf("%d bytes are too many, at most %d", len(s), maxText)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%q is not UTF-8", s)
	}
	bad := func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF }
	if i := strings.IndexFunc(s, bad); i >= 0 {
		return fmt.Errorf("%q has a character that is not allowed at byte %d", s, i)
	}
	return nil
}

// macAddress wants a unicast address written as six pairs of hex digits.
func macAddress(s string) error {
	address, err := net.ParseMAC(s)
	if err != nil || len(s) != 17 || strings.Count(s, ":") != 5 {
		return fmt.Errorf("mac: %q is not six pairs of hex digits with colons", s)
	}
	if address[0]&1 == 1 {
		return fmt.Errorf("mac: %q is a multicast address", s)
	}
	return nil
}
