package distros

import (
	"cmp"
	"slices"
	"strings"
)

// ConfigProfile says in which format a system takes its first-boot config, and
// by which channels.
type ConfigProfile struct {
	Format     string         `yaml:"format" json:"format"`                       // "cloud-init", "ignition", … or "none"
	Variant    string         `yaml:"variant,omitempty" json:"variant,omitempty"` // dialect of the format, such as Butane's "flatcar"
	Version    string         `yaml:"version,omitempty" json:"version,omitempty"` // of the dialect, as today's releases read it
	Older      []OlderVersion `yaml:"older,omitempty" json:"older,omitempty"`     // what older releases read, oldest first
	Deliveries []Delivery     `yaml:"deliveries" json:"deliveries"`               // the first is used unless another is asked for
	Note       string         `yaml:"note,omitempty" json:"note,omitempty"`       // what a person must know, such as why nothing can be rendered
}

// OlderVersion is the version of a dialect that releases before one read.
type OlderVersion struct {
	Before  string `yaml:"before" json:"before"`   // first release that reads a newer one
	Version string `yaml:"version" json:"version"` // what releases before it read
}

// DeliveryKind is the channel by which a config reaches the guest.
type DeliveryKind string

// The deliveries.
const (
	DeliverFWCfg     DeliveryKind = "fw_cfg"    // QEMU firmware configuration entry
	DeliverVolume    DeliveryKind = "volume"    // labelled ISO 9660 volume
	DeliverDisk      DeliveryKind = "disk"      // the document is the content of a virtio disk with a serial number
	DeliverPartition DeliveryKind = "partition" // files in a named partition of the image itself
	DeliverHTTP      DeliveryKind = "http"      // the lab serves the documents; smbios or kernel says where
	DeliverKernel    DeliveryKind = "kernel"    // the config is the kernel command line
	DeliverAPI       DeliveryKind = "api"       // sent to the system's own API after boot
	DeliverNone      DeliveryKind = "none"      // nothing is delivered
)

// The media a volume comes on. A virtio disk is what minimal kernels can read;
// some systems look at CD-ROM drives only.
const (
	MediaDisk  = "disk"
	MediaCDROM = "cdrom"
)

// URLPlace stands in a delivery's kernel and smbios text for the address, with
// a slash at its end, below which the lab serves the documents.
const URLPlace = "{url}"

// Delivery is one channel by which an image takes its config.
type Delivery struct {
	Name   string       `yaml:"name,omitempty" json:"name,omitempty"` // what --delivery calls it; the kind when empty
	Kind   DeliveryKind `yaml:"kind" json:"kind"`
	Key    string       `yaml:"key,omitempty" json:"key,omitempty"`       // fw_cfg: entry name, such as opt/com.coreos/config
	Label  string       `yaml:"label,omitempty" json:"label,omitempty"`   // volume: file-system label; partition: name in the partition table
	Media  string       `yaml:"media,omitempty" json:"media,omitempty"`   // volume: "disk" (the default) or "cdrom"
	Serial string       `yaml:"serial,omitempty" json:"serial,omitempty"` // disk: its serial number
	File   string       `yaml:"file,omitempty" json:"file,omitempty"`     // name of the main document, where the format leaves it open
	Kernel string       `yaml:"kernel,omitempty" json:"kernel,omitempty"` // words added to the kernel command line; see URLPlace
	SMBIOS string       `yaml:"smbios,omitempty" json:"smbios,omitempty"` // SMBIOS type 1 serial number; see URLPlace
	Note   string       `yaml:"note,omitempty" json:"note,omitempty"`     // what a person must know
}

// Call is the name by which a person asks for the delivery.
func (d Delivery) Call() string { return cmp.Or(d.Name, string(d.Kind)) }

// String says the delivery in a few words, such as "fw_cfg opt/com.coreos/config".
func (d Delivery) String() string {
	detail := d.Key + d.Label + d.Serial
	if d.Kind == DeliverHTTP {
		detail = "by " + cmp.Or(d.Kernel, "SMBIOS "+d.SMBIOS)
	}
	return strings.TrimSpace(strings.Join([]string{string(d.Kind), detail}, " "))
}

// Delivery finds a delivery by its name; the empty name is the default one.
func (p ConfigProfile) Delivery(name string) (Delivery, bool) {
	if len(p.Deliveries) == 0 {
		return Delivery{Kind: DeliverNone}, name == ""
	}
	if name == "" {
		return p.Deliveries[0], true
	}
	i := slices.IndexFunc(p.Deliveries, func(d Delivery) bool { return d.Call() == name })
	if i < 0 {
		return Delivery{}, false
	}
	return p.Deliveries[i], true
}

// VersionFor is the version of the dialect that a release reads; the empty
// release is today's.
func (p ConfigProfile) VersionFor(release string) string {
	for _, older := range p.Older {
		if release != "" && olderRelease(release, older.Before) {
			return older.Version
		}
	}
	return p.Version
}

// olderRelease compares versions by their numbers, from left to right.
func olderRelease(a, b string) bool {
	numbers := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	}
	return slices.CompareFunc(numbers(a), numbers(b), func(x, y string) int {
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
	}) < 0
}

// Configs lists the formats a system reads, its own first.
func (d Distro) Configs() []ConfigProfile {
	return append([]ConfigProfile{d.Config}, d.Others...)
}

// Userland names the programs of a system that carry out what a config asks,
// so that a renderer writes the files that they read. Empty means unknown:
// what needs the program is then a gap.
type Userland struct {
	Init       string `yaml:"init,omitempty" json:"init,omitempty"`             // "systemd" or "openrc"
	Shell      string `yaml:"shell,omitempty" json:"shell,omitempty"`           // login shell, such as /bin/bash
	Privilege  string `yaml:"privilege,omitempty" json:"privilege,omitempty"`   // how users become root: "sudo" or "doas"
	Network    string `yaml:"network,omitempty" json:"network,omitempty"`       // whose files configure it: "networkd", "networkmanager"
	Time       string `yaml:"time,omitempty" json:"time,omitempty"`             // client of time servers: "timesyncd" or "chrony"
	Registries string `yaml:"registries,omitempty" json:"registries,omitempty"` // whose files name registry mirrors: "containerd", "flatcar-containerd" (which reads no file of /etc by itself), "docker", "containers", "k3s"
	Updates    string `yaml:"updates,omitempty" json:"updates,omitempty"`       // what updates by itself: "flatcar", "zincati", "apt", "transactional", or "manual": nothing does
	Usr        string `yaml:"usr,omitempty" json:"usr,omitempty"`               // "writable", "read-only", or "read-only-but-local": /usr/local is writable
	SSHUnit    string `yaml:"ssh_unit,omitempty" json:"ssh_unit,omitempty"`     // unit to enable so that SSH answers, where the image leaves it off
	Cgroup     string `yaml:"cgroup,omitempty" json:"cgroup,omitempty"`         // "v1" or "v2"
}
