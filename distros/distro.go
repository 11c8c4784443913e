// Package distros holds the catalog: what distrolab knows of each container
// operating system. It reads what is embedded and the person's own YAML, and
// nothing else; releases and images, which need the network and the disk, are
// its subpackages.
//
// It imports no other package of distrolab.
package distros

import "slices"

// Kind says what an entry's image really is, so that no reader takes a guest
// built on this machine for a vendor's product.
type Kind string

// The kinds of catalog entries.
const (
	KindVendor  Kind = "vendor"   // the vendor publishes the image
	KindLocal   Kind = "local"    // built on this machine from a distribution's packages
	KindStandIn Kind = "stand-in" // built on this machine to behave like another system
	KindProbe   Kind = "probe"    // reports what reached it and powers off
)

// Distro is one catalog entry: what a system is, where its releases are, how it
// is configured, and what shows that it has booted.
type Distro struct {
	Name      string   `yaml:"name" json:"name"`                                 // identifier: [a-z0-9-], at most 32 characters
	Aliases   []string `yaml:"aliases,omitempty" json:"aliases,omitempty"`       // other names that commands accept: [a-z0-9.-]
	Title     string   `yaml:"title" json:"title"`                               // the name people use
	Kind      Kind     `yaml:"kind" json:"kind"`                                 // what its image really is
	StandsFor string   `yaml:"stands_for,omitempty" json:"stands_for,omitempty"` // stand-ins: what they imitate, in words
	Vendor    string   `yaml:"vendor" json:"vendor"`                             // who makes it
	Summary   string   `yaml:"summary" json:"summary"`                           // one sentence
	Support   Support  `yaml:"support" json:"support"`                           // is it still maintained
	Facts     []Fact   `yaml:"facts" json:"facts"`

	Release  ReleaseSource   `yaml:"release" json:"release"`                                 // where its versions and images come from
	Config   ConfigProfile   `yaml:"config" json:"config"`                                   // format and deliveries of its first-boot config
	Others   []ConfigProfile `yaml:"other_configs,omitempty" json:"other_configs,omitempty"` // further formats it reads
	Userland Userland        `yaml:"userland,omitempty" json:"userland,omitzero"`            // programs that carry out what a config asks
	Hardware Hardware        `yaml:"hardware" json:"hardware"`                               // least machine it runs on
	Boot     BootProfile     `yaml:"boot" json:"boot"`                                       // what shows that it has booted
	Traps    []string        `yaml:"traps,omitempty" json:"traps,omitempty"`
}

// Support is the state of maintenance of a system. Days are written 2026-08-21.
type Support struct {
	State         string `yaml:"state" json:"state"`                                       // as last checked: "maintained", "extended", "ended", "unconfirmed"
	Since         string `yaml:"since,omitempty" json:"since,omitempty"`                   // day the state began, where known
	Until         string `yaml:"until,omitempty" json:"until,omitempty"`                   // last day of free standard support, where known
	ExtendedUntil string `yaml:"extended_until,omitempty" json:"extended_until,omitempty"` // last day of long-term, paid or volunteer support
	ReplacedBy    string `yaml:"replaced_by,omitempty" json:"replaced_by,omitempty"`       // for ended systems: what continues them
	Source        string `yaml:"source,omitempty" json:"source,omitempty"`                 // where those days come from
}

// Fact is one sourced statement about a system.
type Fact struct {
	Key         string `yaml:"key" json:"key"`                                     // criterion, one of [Criteria]
	Class       string `yaml:"class,omitempty" json:"class,omitempty"`             // short answer, one of the criterion's classes
	Value       string `yaml:"value" json:"value"`                                 // the statement
	Source      string `yaml:"source" json:"source"`                               // owner/repo:path or URL
	Checked     string `yaml:"checked" json:"checked"`                             // day the source was read, YYYY-MM-DD
	Unconfirmed bool   `yaml:"unconfirmed,omitempty" json:"unconfirmed,omitempty"` // no source could be read; shown as such
}

// ReleaseSource names the resolver of a system's index and what it needs.
type ReleaseSource struct {
	Resolver string            `yaml:"resolver" json:"resolver"`                     // "flatcar", "debian", "checksums", … or "none"
	Channel  string            `yaml:"channel,omitempty" json:"channel,omitempty"`   // default channel, stream or suite
	BaseURL  string            `yaml:"base_url,omitempty" json:"base_url,omitempty"` // index root; a mirror may replace it
	Options  map[string]string `yaml:"options,omitempty" json:"options,omitempty"`   // resolver-specific, documented there
	Reason   string            `yaml:"reason,omitempty" json:"reason,omitempty"`     // resolver "none": why there is no image to fetch
}

// Hardware is the least machine a system runs on, and how it may be started.
type Hardware struct {
	MemoryMiB int      `yaml:"memory_mib" json:"memory_mib"`                   // least memory
	DiskGiB   int      `yaml:"disk_gib" json:"disk_gib"`                       // least virtual disk; 0: no disk
	Firmware  []string `yaml:"firmware" json:"firmware"`                       // "bios", "uefi": what it can boot from, preferred first
	Direct    bool     `yaml:"direct_kernel,omitempty" json:"direct_kernel"`   // started by kernel and initrd, not from a disk
	CPULevel  string   `yaml:"cpu_level,omitempty" json:"cpu_level,omitempty"` // least x86-64 level, such as x86-64-v2
}

// BootProfile is what shows, from outside, that a system has booted.
type BootProfile struct {
	User           string            `yaml:"user,omitempty" json:"user,omitempty"`             // who logs in by SSH
	ManagementPort int               `yaml:"management_port,omitempty" json:"management_port"` // 22; Talos 50000; 0: none
	Banner         string            `yaml:"banner,omitempty" json:"banner,omitempty"`         // prefix of the first application bytes there, such as SSH-2.0-
	Patterns       map[string]string `yaml:"patterns" json:"patterns"`                         // milestone name to an RE2 pattern matched on one console line
	Missing        map[string]string `yaml:"missing,omitempty" json:"missing,omitempty"`       // milestone name to the reason it is never seen
	Faults         []Fault           `yaml:"faults,omitempty" json:"faults,omitempty"`         // console lines that explain a failed boot
	Finish         string            `yaml:"finish,omitempty" json:"finish,omitempty"`         // milestone name that ends a boot; default boot_complete
	PowersOff      bool              `yaml:"powers_off,omitempty" json:"powers_off,omitempty"` // the guest ends by itself
}

// Fault is a console line with what it usually means.
type Fault struct {
	Pattern string `yaml:"pattern" json:"pattern"` // RE2, matched on one console line
	Cause   string `yaml:"cause" json:"cause"`     // one sentence, with what to do

	// Except are the deliveries with which the line belongs to a good boot.
	Except []DeliveryKind `yaml:"except,omitempty" json:"except,omitempty"`
}

// For is the profile of a boot whose config comes by a delivery: without the
// faults that are none with it.
func (b BootProfile) For(delivery DeliveryKind) BootProfile {
	var faults []Fault
	for _, f := range b.Faults {
		if !slices.Contains(f.Except, delivery) {
			faults = append(faults, f)
		}
	}
	b.Faults = faults
	return b
}
