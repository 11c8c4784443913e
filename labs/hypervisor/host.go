package hypervisor

import (
	"context"
	"encoding/xml"
	"fmt"
	"os"
	"strconv"
	"strings"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// Host is what a machine description needs to know of the machine it runs on.
type Host struct {
	URI      string
	Libvirt  Version
	QEMU     Version
	Emulator string        // path of qemu-system-x86_64
	KVM      bool          // libvirt offers KVM; whether it works, DetectAccelerator finds out
	UID, GID int           // whose QEMU processes are; -1 when libvirt does not change owners
	UEFI     *UEFIFirmware // nil: no usable firmware was found
}

// Version is a version of libvirt or QEMU.
type Version struct{ Major, Minor, Micro int }

func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Micro) }

// AtLeast compares the first two numbers.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// version reads libvirt's encoding, major*1000000 + minor*1000 + micro.
func version(n uint64) Version {
	return Version{Major: int(n / 1_000_000), Minor: int(n / 1000 % 1000), Micro: int(n % 1000)}
}

// Host asks libvirt once per connection.
func (c *Connection) Host(ctx context.Context) (Host, error) {
	c.mu.Lock()
	known := c.host
	c.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	host, err := c.askHost(ctx)
	if err != nil {
		return Host{}, fmt.Errorf("asking %s about its host: %w", c.uri, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.host = &host
	return host, nil
}

func (c *Connection) askHost(ctx context.Context) (Host, error) {
	host := Host{URI: c.uri, UID: -1, GID: -1}
	number, err := call(ctx, c, nil, (*libvirt.Libvirt).ConnectGetLibVersion)
	if err != nil {
		return host, err
	}
	host.Libvirt = version(number)
	if number, err = call(ctx, c, nil, (*libvirt.Libvirt).ConnectGetVersion); err != nil {
		return host, err
	}
	host.QEMU = version(number)
	text, err := call(ctx, c, nil, (*libvirt.Libvirt).ConnectGetCapabilities)
	if err != nil {
		return host, err
	}
	if err := host.readCapabilities(text); err != nil {
		return host, err
	}
	if c.local {
		host.UEFI = findUEFI(os.DirFS("/"))
	}
	return host, nil
}

// readCapabilities takes the emulator, KVM and the owner of QEMU processes
// from libvirt's capabilities (https://libvirt.org/formatcaps.html).
func (h *Host) readCapabilities(text string) error {
	var caps libvirtxml.Caps
	if err := xml.Unmarshal([]byte(text), &caps); err != nil {
		return fmt.Errorf("reading capabilities: %w", err)
	}
	for _, guest := range caps.Guests {
		if guest.OSType != "hvm" || guest.Arch.Name != "x86_64" {
			continue
		}
		h.Emulator = guest.Arch.Emulator
		for _, domain := range guest.Arch.Domains {
			h.KVM = h.KVM || domain.Type == "kvm"
		}
	}
	for _, model := range caps.Host.SecModel {
		for _, label := range model.Labels {
			if model.Name == "dac" && (label.Type == "kvm" || label.Type == "qemu") {
				h.UID, h.GID = parseOwner(label.Value)
			}
		}
	}
	if h.Emulator == "" {
		return &UnavailableError{URI: h.URI, Reason: "libvirt finds no QEMU for x86_64", Fix: "Install it: apt-get install qemu-system-x86"}
	}
	return nil
}

// parseOwner reads "+64055:+107".
func parseOwner(label string) (uid, gid int) {
	user, group, _ := strings.Cut(label, ":")
	number := func(s string) int {
		n, err := strconv.Atoi(strings.TrimPrefix(s, "+"))
		if err != nil || n < 0 {
			return -1
		}
		return n
	}
	return number(user), number(group)
}

// Give makes files and sockets that libvirt does not hand over itself (those
// of the network card and the debug port) the property of QEMU's user. It
// does nothing where QEMU runs as this user.
func (h Host) Give(paths ...string) error {
	if h.UID < 0 || h.UID == os.Geteuid() {
		return nil
	}
	for _, path := range paths {
		if err := os.Lchown(path, h.UID, h.GID); err != nil {
			return fmt.Errorf("giving %s to the user of QEMU: %w", path, err)
		}
	}
	return nil
}
