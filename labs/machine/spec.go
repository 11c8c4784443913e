// Package machine makes one virtual machine from an image and a config, with
// everything that watches it attached before its first instruction, and takes
// it away again.
//
// It writes into the lab's directory and socket directory, runs qemu-img for
// the overlay and mke2fs for a partition that a config fills, and drives
// libvirt and the lab's network through their packages.
package machine

import (
	"net"
	"net/netip"

	"distrolab/distros"
	"distrolab/labs/observe"
	"distrolab/provision"
)

// Spec is what a machine is made from. It is stored with its lab, so that the
// background process which holds the lab needs nothing else.
type Spec struct {
	Name        string              `json:"name"`
	Distro      string              `json:"distro"` // name in the catalog
	Title       string              `json:"title"`
	Kind        distros.Kind        `json:"kind"`
	StandsFor   string              `json:"stands_for,omitempty"`
	Image       string              `json:"image"`        // address in the image store
	ImageSHA256 string              `json:"image_sha256"` // of its boot disk, or of its kernel
	Version     string              `json:"version"`      // of the image
	Files       Files               `json:"files"`
	Config      provision.Config    `json:"config"`
	User        string              `json:"user"` // who logs in
	Boot        distros.BootProfile `json:"boot"`
	Hardware    Hardware            `json:"hardware"`
	Address     netip.Addr          `json:"address"`         // its lease
	Node        string              `json:"node,omitempty"`  // its name in the cluster that it joins
	Saved       *Saved              `json:"saved,omitempty"` // goes on from there instead of booting
}

// Saved is the state of a machine at one moment: its disk, with memory and
// devices inside as a snapshot of that name.
type Saved struct {
	Disk     string `json:"disk"` // qcow2 over the same image as the spec's
	Snapshot string `json:"snapshot"`
}

// Finished reports whether a boot reached the milestone that ends it.
func (s Spec) Finished(t observe.Timeline) bool {
	finish := observe.BootComplete
	if s.Boot.Finish != "" {
		finish = observe.Milestone(s.Boot.Finish)
	}
	_, ok := t.At(finish)
	return ok
}

// Files are the image's files, by absolute path. A disk is never written: the
// machine gets an overlay over it.
type Files struct {
	Disk        string `json:"disk,omitempty"`
	DiskFormat  string `json:"disk_format,omitempty"`  // qcow2 or raw
	DiskVirtual int64  `json:"disk_virtual,omitempty"` // bytes
	Kernel      string `json:"kernel,omitempty"`
	Initrd      string `json:"initrd,omitempty"`
	Cmdline     string `json:"cmdline,omitempty"`
}

// Hardware is the machine's own share of the hardware profile; what is the same
// for all machines is decided by the hypervisor package.
type Hardware struct {
	VCPUs     int    `json:"vcpus"`
	MemoryMiB int    `json:"memory_mib"`
	DiskGiB   int    `json:"disk_gib"`
	Firmware  string `json:"firmware"` // bios or uefi
	MAC       string `json:"mac"`
}

// HardwareAddress parses the MAC, which was validated when the spec was made.
func (h Hardware) HardwareAddress() (net.HardwareAddr, error) { return net.ParseMAC(h.MAC) }
