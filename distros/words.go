package distros

import (
	"fmt"
	"strings"
)

// Dialect is the format with its variant, such as "ignition (Butane flatcar
// 1.1.0)".
func (p ConfigProfile) Dialect() string {
	words := strings.TrimSpace(p.Variant + " " + p.Version)
	switch {
	case words == "":
		return p.Format
	case p.Format == "ignition":
		words = "Butane " + words
	}
	return p.Format + " (" + words + ")"
}

// Sentence says the delivery to a person who does not know it yet.
func (d Delivery) Sentence() string {
	text := "nothing: there is no config"
	switch d.Kind {
	case DeliverFWCfg:
		text = "QEMU's fw_cfg entry " + d.Key
	case DeliverVolume:
		text = "an ISO 9660 volume labelled " + d.Label + " on a " + d.drive()
	case DeliverDisk:
		text = "a virtio disk with the serial number " + d.Serial + ", whose content is the config itself"
	case DeliverPartition:
		text = "files in the partition " + d.Label + " of the image itself"
	case DeliverHTTP:
		return "an HTTP server; " + strings.Join(d.told(), "; ")
	case DeliverKernel:
		return "the kernel command line"
	case DeliverAPI:
		return "the system's own API, after it has booted"
	}
	if d.Kernel != "" {
		text += ", and " + d.Kernel + " on the kernel command line"
	}
	return text
}

// told says how the guest learns of an HTTP server.
func (d Delivery) told() []string {
	const url = "http://ADDRESS/"
	var ways []string
	if d.SMBIOS != "" {
		ways = append(ways, "the machine's serial number (SMBIOS type 1) says "+strings.ReplaceAll(d.SMBIOS, URLPlace, url))
	}
	if d.Kernel != "" {
		ways = append(ways, "the kernel command line says "+strings.ReplaceAll(d.Kernel, URLPlace, url))
	}
	return ways
}

func (d Delivery) drive() string {
	if d.Media == MediaCDROM {
		return "CD-ROM drive"
	}
	return "virtio disk"
}

// Sentence says where the images come from.
func (r ReleaseSource) Sentence() string {
	switch r.Resolver {
	case "none":
		return "none: " + r.Reason
	case "local":
		return "built on this machine"
	}
	text := "published by the vendor, found by resolver " + r.Resolver
	if r.Channel != "" {
		text += ", channel " + r.Channel
	}
	if r.BaseURL != "" {
		text += ", at " + r.BaseURL
	}
	return text
}

// String says the least machine, such as "2048 MiB of memory, 13 GiB of disk,
// bios or uefi".
func (h Hardware) String() string {
	parts := []string{fmt.Sprintf("%d MiB of memory", h.MemoryMiB)}
	if h.DiskGiB > 0 {
		parts = append(parts, fmt.Sprintf("%d GiB of disk", h.DiskGiB))
	}
	if h.Direct {
		parts = append(parts, "kernel started directly")
	} else {
		parts = append(parts, strings.Join(h.Firmware, " or "))
	}
	if h.CPULevel != "" {
		parts = append(parts, "CPU "+h.CPULevel)
	}
	return strings.Join(parts, ", ")
}

// Nature says in a word or two what a system is. Stand-ins are called so
// wherever they appear.
func (d Distro) Nature() string {
	switch d.Kind {
	case KindStandIn:
		return "stand-in"
	case KindLocal:
		return "built here"
	case KindProbe:
		return "probe"
	}
	switch f, _ := d.Fact("nature"); f.Class {
	case "container-os":
		return "container OS"
	case "kubernetes-os":
		return "Kubernetes OS"
	default:
		return f.Class
	}
}

// Origin says who made an image that no vendor publishes; empty for vendors'.
func (d Distro) Origin() string {
	switch d.Kind {
	case KindVendor:
		return ""
	case KindStandIn:
		return "This is a stand-in: built on this machine in place of " + d.StandsFor + "."
	case KindProbe:
		return "This is a probe guest: built on this machine, it reports what reached it and powers off."
	default:
		return "Its image is built on this machine from packages, not published by a vendor."
	}
}

// Login says how a person gets in; label is "Login" or "Management", and empty
// when there is no way.
func (b BootProfile) Login() (label, words string) {
	switch {
	case b.User != "":
		return "Login", b.User + ", by SSH"
	case b.ManagementPort > 0:
		return "Management", fmt.Sprintf("port %d", b.ManagementPort)
	}
	return "", ""
}

// JoinSentence says how the system gets into a lab's cluster.
func (d Distro) JoinSentence() string {
	switch way, reason := d.Joins(); {
	case !way.Applicable():
		return "not applicable: " + reason
	case way == JoinsByKubeadm:
		return "joins by kubeadm: " + reason
	default:
		return reason
	}
}
