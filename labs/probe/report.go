// Package probe is the language of the probe guest: what it reports, and the
// framing by which the report crosses a serial line.
//
// The probe guest is a kernel with one static program (its source is
// scripts/guests/probe/init) that looks at everything that reached the machine
// (command line, fw_cfg, SMBIOS, disks, network) and prints it. Tests compare
// that with what was rendered, which proves a delivery without any vendor's
// image. The package is pure: it reads and writes the streams it is given and
// touches nothing else.
package probe

// Schema names the shape of a [Report]; a change that breaks readers changes it.
const Schema = "distrolab.probe/1"

// Report is everything the probe guest found. A part that could not be read
// has its Error set and is otherwise empty; that is no failure of the report.
type Report struct {
	Schema  string  `json:"schema"` // always [Schema]
	Kernel  Kernel  `json:"kernel"`
	Machine Machine `json:"machine"`
	FWCfg   FWCfg   `json:"fw_cfg"`
	SMBIOS  SMBIOS  `json:"smbios"`
	Storage Storage `json:"storage"`
	Network Network `json:"network"`
	HTTP    []Fetch `json:"http,omitempty"` // what the guest was told to fetch, in order
}

// Fetch is a document that the SMBIOS serial number or the kernel command line
// told the guest to get.
type Fetch struct {
	URL    string `json:"url"`
	Status int    `json:"status,omitempty"` // of HTTP; 0 when there was no answer
	Data   []byte `json:"data,omitempty"`   // the body, bounded
	Error  string `json:"error,omitempty"`  // why Data is not the whole body
}

// Kernel is the running kernel and the command line it was given.
type Kernel struct {
	Release     string   `json:"release"`
	CommandLine string   `json:"command_line"`
	Modules     []string `json:"modules,omitempty"` // modules the probe loaded, in order
	Error       string   `json:"error,omitempty"`   // modules that could not be loaded, and why
}

// Machine is the hardware as the kernel sees it.
type Machine struct {
	Firmware  string   `json:"firmware"`   // "bios" or "uefi"
	MemoryKiB int64    `json:"memory_kib"` // MemTotal of /proc/meminfo
	CPUs      int      `json:"cpus"`
	CPUModel  string   `json:"cpu_model"`
	CPUFlags  []string `json:"cpu_flags,omitempty"` // of the first CPU
	UptimeMS  int64    `json:"uptime_ms"`           // kernel clock when the report was made
	Error     string   `json:"error,omitempty"`
}

// FWCfg holds the QEMU firmware configuration entries below opt/.
type FWCfg struct {
	Entries []FWCfgEntry `json:"entries,omitempty"`
	Error   string       `json:"error,omitempty"`
}

// FWCfgEntry is one firmware configuration blob, such as opt/com.coreos/config.
type FWCfgEntry struct {
	Name  string `json:"name"`
	Size  int64  `json:"size"`           // bytes the firmware announced
	Data  []byte `json:"data,omitempty"` // first bytes, all of them when len(Data) == Size
	Error string `json:"error,omitempty"`
}

// SMBIOS is what the firmware's system management tables say.
type SMBIOS struct {
	System     System   `json:"system"`
	OEMStrings []string `json:"oem_strings,omitempty"` // type 11, in order
	Error      string   `json:"error,omitempty"`
}

// System is SMBIOS structure type 1 (DMTF DSP0134, section 7.2).
type System struct {
	Manufacturer string `json:"manufacturer"`
	Product      string `json:"product"`
	Version      string `json:"version"`
	Serial       string `json:"serial"` // where cloud-init and Talos look for ds=nocloud
	UUID         string `json:"uuid"`
	SKU          string `json:"sku"`
	Family       string `json:"family"`
}

// Storage is the list of block devices, whole disks and partitions.
type Storage struct {
	Devices []Device `json:"devices,omitempty"`
	Error   string   `json:"error,omitempty"`
}

// Device is one block device and, where its file system could be mounted
// read-only, what is on it.
type Device struct {
	Name          string `json:"name"`             // kernel name, such as vda1
	Size          int64  `json:"size"`             // bytes
	Serial        string `json:"serial,omitempty"` // virtio serial of a whole disk
	ReadOnly      bool   `json:"read_only,omitempty"`
	PartitionName string `json:"partition_name,omitempty"` // GPT name of a partition
	FileSystem    string `json:"file_system,omitempty"`    // "iso9660", "vfat", "ext4" or empty
	Label         string `json:"label,omitempty"`          // label of the file system
	Files         []File `json:"files,omitempty"`          // in path order
	Data          []byte `json:"data,omitempty"`           // first bytes of a disk with a serial and no file system
	Error         string `json:"error,omitempty"`
}

// File is one entry of a mounted file system.
type File struct {
	Path string `json:"path"` // relative to the root of the file system
	Mode string `json:"mode"` // as ls prints it, such as -rw-r--r--
	Size int64  `json:"size"`
	Data []byte `json:"data,omitempty"` // first bytes, all of them when len(Data) == Size
	Link string `json:"link,omitempty"` // target of a symbolic link
}

// Network is the list of network interfaces but the loopback.
type Network struct {
	Interfaces []Interface `json:"interfaces,omitempty"`
	Error      string      `json:"error,omitempty"`
}

// Interface is one network card and the lease it was given.
type Interface struct {
	Name  string `json:"name"`
	MAC   string `json:"mac"`
	Lease *Lease `json:"lease,omitempty"`
	Error string `json:"error,omitempty"` // why there is no lease
}

// Lease is a DHCP acknowledgement (RFC 2131, options of RFC 2132).
type Lease struct {
	Address  string   `json:"address"` // with prefix length where the server gave a mask
	Server   string   `json:"server"`
	Routers  []string `json:"routers,omitempty"`
	DNS      []string `json:"dns,omitempty"`
	Hostname string   `json:"hostname,omitempty"`
	Domain   string   `json:"domain,omitempty"`
	MTU      int      `json:"mtu,omitempty"`
	Seconds  int64    `json:"seconds"` // time the lease is good for
}

// Entry returns the firmware configuration blob of that name.
func (f FWCfg) Entry(name string) (FWCfgEntry, bool) {
	for _, e := range f.Entries {
		if e.Name == name {
			return e, true
		}
	}
	return FWCfgEntry{}, false
}

// Labelled returns the first device whose file system has that label.
func (s Storage) Labelled(label string) (Device, bool) {
	for _, d := range s.Devices {
		if d.Label == label {
			return d, true
		}
	}
	return Device{}, false
}

// WithSerial returns the disk with that serial number.
func (s Storage) WithSerial(serial string) (Device, bool) {
	for _, d := range s.Devices {
		if d.Serial == serial {
			return d, true
		}
	}
	return Device{}, false
}

// Partition returns the partition with that name in its disk's table.
func (s Storage) Partition(name string) (Device, bool) {
	for _, d := range s.Devices {
		if d.PartitionName == name {
			return d, true
		}
	}
	return Device{}, false
}

// Fetched returns the document that was got from that address.
func (r Report) Fetched(url string) (Fetch, bool) {
	for _, f := range r.HTTP {
		if f.URL == url {
			return f, true
		}
	}
	return Fetch{}, false
}

// File returns the entry at that path, relative and without a leading slash.
func (d Device) File(path string) (File, bool) {
	for _, f := range d.Files {
		if f.Path == path {
			return f, true
		}
	}
	return File{}, false
}
