package hypervisor

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// UEFIFirmware is an OVMF build without secure boot.
type UEFIFirmware struct {
	Code         string // read-only image
	VarsTemplate string // variable store to copy for each machine
}

// maxDescriptor bounds a firmware descriptor; real ones have under 2 KiB.
const maxDescriptor = 64 << 10

// descriptor is the part that matters of QEMU's firmware descriptor
// (docs/interop/firmware.json of QEMU).
type descriptor struct {
	Interfaces []string `json:"interface-types"`
	Mapping    struct {
		Device     string `json:"device"`
		Mode       string `json:"mode"`
		Executable struct {
			Filename string `json:"filename"`
			Format   string `json:"format"`
		} `json:"executable"`
		NVRAM struct {
			Filename string `json:"filename"`
			Format   string `json:"format"`
		} `json:"nvram-template"`
	} `json:"mapping"`
	Targets []struct {
		Architecture string   `json:"architecture"`
		Machines     []string `json:"machines"`
	} `json:"targets"`
	Features []string `json:"features"`
}

// findUEFI reads the descriptors that distributions install; those of /etc
// hide those of the same name in /usr, and the lowest name wins. It returns
// nil when there is none that fits.
func findUEFI(root fs.FS) *UEFIFirmware {
	files := map[string]string{}
	for _, dir := range []string{"usr/share/qemu/firmware", "etc/qemu/firmware"} {
		entries, err := fs.ReadDir(root, dir)
		if err != nil {
			continue // not installed
		}
		for _, entry := range entries {
			if strings.HasSuffix(entry.Name(), ".json") {
				files[entry.Name()] = path.Join(dir, entry.Name())
			}
		}
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		found, err := readDescriptor(root, files[name])
		if err != nil {
			continue // someone else's broken file is no reason to have no firmware
		}
		if firmware := found.usable(root); firmware != nil {
			return firmware
		}
	}
	return nil
}

func readDescriptor(root fs.FS, name string) (descriptor, error) {
	var d descriptor
	info, err := fs.Stat(root, name)
	if err != nil {
		return d, fmt.Errorf("reading firmware descriptor: %w", err)
	}
	if info.Size() > maxDescriptor {
		return d, fmt.Errorf("reading firmware descriptor %s: %d bytes are too many", name, info.Size())
	}
	content, err := fs.ReadFile(root, name)
	if err != nil {
		return d, fmt.Errorf("reading firmware descriptor: %w", err)
	}
	if err := json.Unmarshal(content, &d); err != nil {
		return d, fmt.Errorf("reading firmware descriptor %s: %w", name, err)
	}
	return d, nil
}

// usable wants UEFI on flash for q35 with a separate, empty variable store:
// images that are not signed by Microsoft must boot too.
func (d descriptor) usable(root fs.FS) *UEFIFirmware {
	m := d.Mapping
	fits := slices.Contains(d.Interfaces, "uefi") && m.Device == "flash" && (m.Mode == "" || m.Mode == "split") &&
		m.Executable.Format == "raw" && m.NVRAM.Format == "raw" &&
		!slices.Contains(d.Features, "requires-smm") && !slices.Contains(d.Features, "enrolled-keys") && d.forQ35()
	if !fits {
		return nil
	}
	for _, file := range []string{m.Executable.Filename, m.NVRAM.Filename} {
		if _, err := fs.Stat(root, strings.TrimPrefix(path.Clean(file), "/")); err != nil || !path.IsAbs(file) {
			return nil
		}
	}
	return &UEFIFirmware{Code: m.Executable.Filename, VarsTemplate: m.NVRAM.Filename}
}

func (d descriptor) forQ35() bool {
	for _, target := range d.Targets {
		q35 := func(machine string) bool { return strings.HasPrefix(machine, "pc-q35-") || machine == machineType }
		if target.Architecture == "x86_64" && slices.ContainsFunc(target.Machines, q35) {
			return true
		}
	}
	return false
}
