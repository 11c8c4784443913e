package machine

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"runtime"
	"slices"

	"distrolab/distros"
	"distrolab/distros/image"
	"distrolab/provision"
)

// Wishes are what a person may change of the hardware profile. Zero values
// leave the choice to [Assemble].
type Wishes struct {
	VCPUs     int
	MemoryMiB int
	DiskGiB   int
	Firmware  string // bios or uefi
}

// defaults of the hardware profile, the same for every distro so that none has
// an advantage; a distro that needs more gets its own least.
const (
	defaultVCPUs     = 2
	defaultMemoryMiB = 2048
	defaultDiskGiB   = 10
)

// Assemble puts a machine's spec together. index numbers the machines of one
// lab from 0 and decides the address.
func Assemble(name string, d distros.Distro, img image.Image, cfg provision.Config, w Wishes, index int) (Spec, error) {
	hardware, err := choose(d, w)
	if err != nil {
		return Spec{}, err
	}
	files, err := filesOf(img)
	if err != nil {
		return Spec{}, fmt.Errorf("using image %s: %w", img.ID, err)
	}
	hardware.MAC = macOf(name)
	spec := Spec{
		Name: name, Distro: d.Name, Title: d.Title, Kind: d.Kind, StandsFor: d.StandsFor,
		Image: img.ID, ImageSHA256: bootFile(img).SHA256, Version: img.Manifest.Version, Files: files, Config: cfg,
		User: d.Boot.User, Boot: d.Boot.For(cfg.Delivery.Kind), Hardware: hardware,
		Address: netip.AddrFrom4([4]byte{192, 168, 127, byte(10 + index)}),
	}
	if err := checkDelivery(spec); err != nil {
		return Spec{}, fmt.Errorf("using %s: %w (%s)", d.Name, err, otherDeliveries(d, spec))
	}
	return spec, nil
}

func choose(d distros.Distro, w Wishes) (Hardware, error) {
	h := Hardware{VCPUs: w.VCPUs, MemoryMiB: w.MemoryMiB, DiskGiB: w.DiskGiB, Firmware: w.Firmware}
	if h.VCPUs == 0 {
		h.VCPUs = min(defaultVCPUs, runtime.NumCPU())
	}
	if h.MemoryMiB == 0 {
		h.MemoryMiB = max(defaultMemoryMiB, d.Hardware.MemoryMiB)
	}
	if h.DiskGiB == 0 {
		h.DiskGiB = max(defaultDiskGiB, d.Hardware.DiskGiB)
	}
	if h.Firmware == "" && len(d.Hardware.Firmware) > 0 {
		h.Firmware = d.Hardware.Firmware[0]
	}
	if h.MemoryMiB < d.Hardware.MemoryMiB {
		return Hardware{}, fmt.Errorf("%s needs at least %d MiB of memory, not %d", d.Name, d.Hardware.MemoryMiB, h.MemoryMiB)
	}
	if !d.Hardware.Direct && !slices.Contains(d.Hardware.Firmware, h.Firmware) {
		return Hardware{}, fmt.Errorf("%s cannot boot from firmware %q; it can from %v", d.Name, h.Firmware, d.Hardware.Firmware)
	}
	return h, nil
}

func filesOf(img image.Image) (Files, error) {
	f := Files{Kernel: img.Path(image.RoleKernel), Initrd: img.Path(image.RoleInitrd), Cmdline: img.Manifest.Cmdline}
	disk, err := img.Disk()
	if errors.Is(err, fs.ErrNotExist) && f.Kernel != "" {
		return f, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return Files{}, errors.New("it is an installation medium, which labs cannot boot yet: install it to a disk elsewhere and import that disk")
	}
	if err != nil {
		return Files{}, err
	}
	f.Disk, f.DiskFormat, f.DiskVirtual = disk.Path, disk.Format, disk.VirtualSize
	return f, nil
}

// bootFile is the file that names an image: its disk, or its kernel.
func bootFile(img image.Image) image.File {
	if f, ok := img.Manifest.Files[image.RoleDisk]; ok {
		return f
	}
	return img.Manifest.Files[image.RoleKernel]
}

// macOf derives a stable address from the machine's name, under the prefix
// that QEMU's guests have by convention. Labs do not see each other, so it
// need only be unique within one.
func macOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return net.HardwareAddr{0x52, 0x54, 0x00, sum[0], sum[1], sum[2]}.String()
}
