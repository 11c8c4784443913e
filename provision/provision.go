// Package provision turns an [Intent], said once and in no distribution's
// language, into the [Config] that one distribution reads at first boot.
//
// It holds the words; each format is a subpackage that renders and validates,
// [distrolab/provision/render] chooses among them, and
// [distrolab/provision/seed] packs a Config for delivery. Rendering is pure:
// no file, no network, no clock. It may import distros and nothing above.
package provision

import "distrolab/distros"

// Intent is what a person wants of one machine.
type Intent struct {
	Hostname string  `yaml:"hostname" json:"hostname"`
	Users    []User  `yaml:"users,omitempty" json:"users,omitempty"`
	Network  Network `yaml:"network,omitempty" json:"network"`
	Files    []File  `yaml:"files,omitempty" json:"files,omitempty"`
	Units    []Unit  `yaml:"units,omitempty" json:"units,omitempty"`
	Kernel   Kernel  `yaml:"kernel,omitempty" json:"kernel"`
}

// User is an account with the keys that may log in; it may become root.
type User struct {
	Name              string   `yaml:"name" json:"name"`
	SSHAuthorizedKeys []string `yaml:"ssh_authorized_keys" json:"ssh_authorized_keys"`
}

// Network is the configuration of the machine's one interface. The zero value
// asks for nothing and leaves the system's own default, which is DHCP on all
// of them.
type Network struct {
	DHCP      bool     `yaml:"dhcp,omitempty" json:"dhcp,omitempty"`
	MAC       string   `yaml:"mac,omitempty" json:"mac,omitempty"`             // which interface; required with addresses
	Addresses []string `yaml:"addresses,omitempty" json:"addresses,omitempty"` // CIDR notation
	Gateway   string   `yaml:"gateway,omitempty" json:"gateway,omitempty"`
	DNS       []string `yaml:"dns,omitempty" json:"dns,omitempty"`
}

// File is a file to write. Mode is octal, 0644 when zero.
type File struct {
	Path    string `yaml:"path" json:"path"`
	Content string `yaml:"content" json:"content"`
	Mode    int    `yaml:"mode,omitempty" json:"mode,omitempty"`
}

// Unit is a systemd unit; an empty Content refers to one the system has.
type Unit struct {
	Name    string `yaml:"name" json:"name"`
	Enabled bool   `yaml:"enabled" json:"enabled"`
	Content string `yaml:"content,omitempty" json:"content,omitempty"`
}

// Kernel asks for modules to load and settings under /proc/sys.
type Kernel struct {
	Modules []string          `yaml:"modules,omitempty" json:"modules,omitempty"`
	Sysctl  map[string]string `yaml:"sysctl,omitempty" json:"sysctl,omitempty"`
	Args    []string          `yaml:"args,omitempty" json:"args,omitempty"` // kernel command line
}

// Config is an Intent rendered in one distribution's own format, with the way
// it reaches the guest.
type Config struct {
	Format    string           `json:"format"`            // such as "ignition"
	Sources   []Document       `json:"sources,omitempty"` // what a person would write by hand, such as Butane
	Documents []Document       `json:"documents"`         // what the guest reads
	Delivery  distros.Delivery `json:"delivery"`
	Gaps      []Gap            `json:"gaps,omitempty"` // what of the Intent this system cannot do
}

// Document is one named text of a Config.
type Document struct {
	Name    string `json:"name"`    // file name on the volume, or fw_cfg key
	Content string `json:"content"` // whole text
}

// Gap is a part of an Intent that a system cannot do.
type Gap struct {
	Field  string `json:"field"`  // path in the Intent, such as units[0]
	Reason string `json:"reason"` // why, and what to do instead
}
