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
	Hostname   string     `yaml:"hostname" json:"hostname"`
	Users      []User     `yaml:"users,omitempty" json:"users,omitempty"`
	Network    Network    `yaml:"network,omitempty" json:"network"`
	Files      []File     `yaml:"files,omitempty" json:"files,omitempty"`
	Units      []Unit     `yaml:"units,omitempty" json:"units,omitempty"`
	Packages   []string   `yaml:"packages,omitempty" json:"packages,omitempty"` // by the names of the system's own package manager
	Kernel     Kernel     `yaml:"kernel,omitempty" json:"kernel"`
	Time       Time       `yaml:"time,omitempty" json:"time"`
	Registries Registries `yaml:"registries,omitempty" json:"registries"`
	Update     Update     `yaml:"update,omitempty" json:"update"`
	Node       *Node      `yaml:"node,omitempty" json:"node,omitempty"`
	Join       *Join      `yaml:"join,omitempty" json:"join,omitempty"`

	Hidden []Secret `yaml:"-" json:"-"` // texts in files and units that are not to be shown, beside the token of a join
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

// File is a file to write, or to fetch once, at first boot, when it has a
// Source. Mode is octal, 0644 when zero.
type File struct {
	Path    string `yaml:"path" json:"path"`
	Content string `yaml:"content" json:"content"`
	Source  string `yaml:"source,omitempty" json:"source,omitempty"` // http(s) URL, in place of content
	SHA256  string `yaml:"sha256,omitempty" json:"sha256,omitempty"` // of what is there, in hexadecimal; needed with a source
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

// Time names the servers that set the machine's clock.
type Time struct {
	NTP []string `yaml:"ntp,omitempty" json:"ntp,omitempty"` // addresses or names
}

// Registries says where images of a registry may be had instead.
type Registries struct {
	Mirrors map[string][]string `yaml:"mirrors,omitempty" json:"mirrors,omitempty"` // registry host, such as docker.io, to http(s) URLs, tried in order
}

// Update says whether the system may update itself; nil leaves its default.
type Update struct {
	Auto *bool `yaml:"auto,omitempty" json:"auto,omitempty"`
}

// Node brings what a Kubernetes node needs, and leaves it to a person, or to
// units of the intent, to run kubeadm.
type Node struct {
	Bundle *NodeBundle `yaml:"bundle,omitempty" json:"bundle,omitempty"` // nil: the system has kubeadm and the kubelet itself
	Pods   string      `yaml:"pods,omitempty" json:"pods,omitempty"`     // CIDR of this node's pods, for a bridge; empty leaves their network to the cluster
}

// NodeBundle is where Kubernetes' programs come from: an uncompressed tar with
// opt/bin/kubeadm, opt/bin/kubelet and opt/cni/bin/*, relative to the root.
type NodeBundle struct {
	URL    string `yaml:"url" json:"url"`       // http(s)
	SHA256 string `yaml:"sha256" json:"sha256"` // in hexadecimal
}

// Join makes the machine a worker of a Kubernetes cluster that kubeadm made.
type Join struct {
	Endpoint   string      `yaml:"endpoint" json:"endpoint"`                 // host:port of the API server
	Token      Secret      `yaml:"token" json:"token"`                       // bootstrap token, such as abcdef.0123456789abcdef
	CA         string      `yaml:"ca" json:"ca"`                             // the cluster's CA certificate, PEM
	Kubernetes string      `yaml:"kubernetes" json:"kubernetes"`             // the cluster's version, such as v1.36.1
	Bundle     *NodeBundle `yaml:"bundle,omitempty" json:"bundle,omitempty"` // as in [Node]
	Pods       string      `yaml:"pods,omitempty" json:"pods,omitempty"`     // as in [Node]
	Manual     bool        `yaml:"manual,omitempty" json:"manual,omitempty"` // everything is there, and distrolab-join.service waits to be started by hand
}

// Target is the system that a config is for: all that a renderer may look at
// beside the Intent, so that equal inputs render to equal bytes.
type Target struct {
	Distro   distros.Distro
	Profile  distros.ConfigProfile // one of the distro's
	Delivery distros.Delivery      // one of the profile's
	Release  string                // version of the image; empty is today's
	Secrets  []byte                // what the system's format needs beyond the Intent (Talos: its secrets.yaml)
}

// Config is an Intent rendered in one distribution's own format, with the way
// it reaches the guest.
type Config struct {
	Format    string           `json:"format"`            // such as "ignition"
	Sources   []Document       `json:"sources,omitempty"` // what a person would write by hand, such as Butane
	Documents []Document       `json:"documents"`         // what the guest reads
	Delivery  distros.Delivery `json:"delivery"`
	Steps     []Step           `json:"steps,omitempty"` // what will happen at first boot, in order
	Gaps      []Gap            `json:"gaps,omitempty"`  // what of the Intent this system cannot do
	Secrets   []string         `json:"-"`               // texts in the documents that are not to be shown
}

// Document is one named text of a Config.
type Document struct {
	Name    string `json:"name"`    // file name on the volume, or fw_cfg key
	Content string `json:"content"` // whole text
}

// Step is one thing that happens at first boot because of the Intent.
type Step struct {
	Stage  string   `json:"stage"`            // when, in the system's own words, such as "initrd"
	Does   string   `json:"does"`             // what happens, one sentence without secrets
	Fields []string `json:"fields,omitempty"` // the parts of the Intent it carries out, such as users[0]
}

// Gap is a part of an Intent that a system cannot do.
type Gap struct {
	Field  string `json:"field"`  // path in the Intent, such as units[0]
	Reason string `json:"reason"` // why, and what to do instead
}

// Finding is one thing that a check says of a config that a person wrote.
type Finding struct {
	Severity string `json:"severity"`       // SeverityError or SeverityWarning
	Line     int    `json:"line,omitempty"` // from 1; 0 where it is not known
	Column   int    `json:"column,omitempty"`
	Path     string `json:"path,omitempty"` // field, such as storage.files[0].mode
	Message  string `json:"message"`        // what is wrong and what would be right
}

// The severities of a Finding. An error is refused by the system.
const (
	SeverityError   = "error"
	SeverityWarning = "warning"
)
