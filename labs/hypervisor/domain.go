package hypervisor

import "fmt"

// AcceleratorKind says what executes guest code.
type AcceleratorKind string

// The accelerators.
const (
	KVM AcceleratorKind = "kvm" // the processor itself
	TCG AcceleratorKind = "tcg" // QEMU's translator, many times slower
)

// FirmwareKind says what runs before the boot loader.
type FirmwareKind string

// The firmwares.
const (
	BIOS FirmwareKind = "bios" // SeaBIOS
	UEFI FirmwareKind = "uefi" // OVMF
)

// RebootAction says what becomes of a domain whose guest reboots.
type RebootAction string

// The reboot actions.
const (
	RebootRestarts RebootAction = "restart" // boots again, as a computer does (the default)
	RebootDestroys RebootAction = "destroy" // ends the domain, so that one boot is measured
)

// Domain describes one virtual machine. All paths are absolute and are those
// of the host where libvirt runs.
type Domain struct {
	Name        string          // unique on the connection; no slash, no control characters
	UUID        string          // canonical text; libvirt chooses one when empty
	Tag         Tag             // whose it is; written to the metadata
	VCPUs       int             // 1 or more
	MemoryMiB   int             // MiB
	Accelerator AcceleratorKind // KVM only after DetectAccelerator said so
	Firmware    Firmware
	Kernel      *DirectKernel // boots this instead of a disk
	Disks       []Disk        // the first is the boot disk
	FWCfg       []FWCfg
	SMBIOS      SMBIOS

	ConsoleSocket  string       // unix socket on which the caller listens for the serial port; "" discards the output
	FirmwareSocket string       // the same for the firmware's debug port 0x402; "" leaves the port out
	Network        *NetworkPort // nil: no network card
	OnReboot       RebootAction // "" means RebootRestarts
	LoadSnapshot   string       // goes on from this state in the first disk, see Machine.SaveSnapshot; the hardware must be the same
}

// Firmware chooses the firmware. The zero value is BIOS.
type Firmware struct {
	Kind         FirmwareKind // "" means BIOS
	Code         string       // UEFI: the read-only firmware image, see Host.UEFI
	VarsTemplate string       // UEFI: libvirt copies this to Vars when Vars does not exist
	Vars         string       // UEFI: this machine's own variable store; remains after the domain, the caller removes it
}

// DirectKernel is a kernel that QEMU loads itself.
type DirectKernel struct {
	Kernel  string // path
	Initrd  string // path, may be empty
	Cmdline string
}

// DiskFormat is a format of a disk image.
type DiskFormat string

// The disk formats. The format is never guessed: a raw disk's guest could
// write a qcow2 header that names any file of the host.
const (
	Raw   DiskFormat = "raw"
	QCOW2 DiskFormat = "qcow2"
)

// Disk is one virtio disk, or a CD-ROM drive with a medium.
type Disk struct {
	Path     string
	Format   DiskFormat
	Backing  []Backing // the chain under a qcow2 overlay, nearest first; nil: libvirt reads it from the image
	ReadOnly bool
	CDROM    bool   // a SATA CD-ROM drive, for systems that look for their config on nothing else; needs a raw image
	Serial   string // shown as /dev/disk/by-id/virtio-SERIAL; at most 20 characters of A-Z a-z 0-9 _ . -
}

// Backing is an image under an overlay.
type Backing struct {
	Path   string
	Format DiskFormat
}

// FWCfg is a file that the guest reads from QEMU's firmware configuration
// device under Name, which begins with "opt/".
type FWCfg struct {
	Name string // such as opt/com.coreos/config
	Path string
}

// SMBIOS holds the strings that the guest reads from its system tables.
type SMBIOS struct {
	Serial     string   // system serial number (type 1)
	OEMStrings []string // type 11, read by systemd as credentials
}

// NetworkPort is the one network card, joined to a unix stream socket that
// speaks QEMU's framing (each frame after its 32-bit big-endian length).
type NetworkPort struct {
	Socket string // the caller listens on it before the domain is created
	MAC    string // such as 52:54:00:12:34:56
}

// Profile names what of the hardware is the same for every machine, for the
// records of measurements.
type Profile struct {
	Machine   string `json:"machine"`    // QEMU machine type
	DiskBus   string `json:"disk_bus"`   // controller of disks
	DiskCache string `json:"disk_cache"` // QEMU cache mode of every disk
	Network   string `json:"network"`    // network card and backend
	RNG       string `json:"rng"`        // entropy device
	Serial    string `json:"serial"`     // serial port
	Balloon   string `json:"balloon"`    // memory balloon
	CPU       string `json:"cpu"`        // processor model
}

// Profile says what hardware the domain gets besides its own wishes.
func (d Domain) Profile() Profile {
	return Profile{
		Machine: machineType, DiskBus: "virtio-blk", DiskCache: diskCache,
		Network: "virtio-net, stream socket", RNG: "virtio-rng", Serial: "isa-serial, unix socket",
		Balloon: "none", CPU: cpuMode(d.Accelerator),
	}
}

// Tag says whose a domain is. It is stored in the domain's metadata, in a
// namespace of our own, and survives every crash of ours.
type Tag struct {
	Home    string // data directory of the distrolab that made it
	Owner   string // lab or bench session
	Machine string // the machine's name within its owner
}

func (t Tag) String() string { return fmt.Sprintf("%s/%s", t.Owner, t.Machine) }
