package network

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Lease fixes the address of one guest. Only guests with a lease get an answer
// from DHCP.
type Lease struct {
	Name string           // host name, a DNS label: "node1" is found as node1 and node1.lab
	MAC  net.HardwareAddr // address of the guest's network card, 6 bytes, unicast
	IP   netip.Addr       // address in Config.Subnet, neither its first nor its last nor the gateway's
}

// Config describes one lab network. The zero value is usable: it has no leases
// and the defaults named below.
type Config struct {
	Subnet     netip.Prefix     // default 192.168.127.0/24; IPv4, /8 to /29
	Gateway    netip.Addr       // default: first host address of Subnet
	GatewayMAC net.HardwareAddr // default 02:64:6c:00:00:01
	Leases     []Lease
	Domain     string // search domain, default "lab"

	// Hosts names addresses beyond the leases, e.g. a time server's name that
	// must lead to the gateway. Full names, in any case, without the last dot.
	Hosts map[string]netip.Addr

	// Isolated keeps guests from everything outside the lab: connections are
	// refused at once, foreign names do not exist. What they tried is counted.
	Isolated bool

	// Allowed are the addresses outside that a guest of an isolated lab may use
	// all the same, such as a cluster's API server. What it sends there is not
	// counted as egress.
	Allowed []netip.AddrPort

	// AllowRemoteForwards permits Forward to listen on other addresses than the
	// host's loopback, which opens guests to the host's network.
	AllowRemoteForwards bool

	// Upstream is the name server for foreign names; default: the first one of
	// the host's /etc/resolv.conf. Not used when Isolated.
	Upstream netip.AddrPort

	// Hold, if set, keeps frames to guests back: it is asked for each, headers
	// included, how long; a negative answer loses the frame. No lab sets it. It is
	// for experiments that ask whether a late answer moves the right milestone.
	Hold func(frame []byte) time.Duration

	Log *slog.Logger // default: silent
}

// withDefaults fills what the caller left empty.
func (c Config) withDefaults() Config {
	if !c.Subnet.IsValid() {
		c.Subnet = netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 168, 127, 0}), 24)
	}
	if !c.Gateway.IsValid() {
		c.Gateway = c.Subnet.Masked().Addr().Next()
	}
	if len(c.GatewayMAC) == 0 {
		c.GatewayMAC = net.HardwareAddr{0x02, 'd', 'l', 0, 0, 1}
	}
	if c.Domain == "" {
		c.Domain = "lab"
	}
	c.Domain = strings.ToLower(c.Domain)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Leases = slices.Clone(c.Leases)
	return c
}

// validate returns every problem of a config that has its defaults.
func (c Config) validate() error {
	var errs []error
	bits := c.Subnet.Bits()
	switch {
	case !c.Subnet.Addr().Is4() || bits < 8 || bits > 29:
		return fmt.Errorf("subnet %s: want an IPv4 prefix of /8 to /29", c.Subnet)
	case c.Subnet != c.Subnet.Masked():
		return fmt.Errorf("subnet %s: has host bits set, want %s", c.Subnet, c.Subnet.Masked())
	case reserved(c.Subnet.Addr()):
		return fmt.Errorf("subnet %s: is a range that hosts may not use", c.Subnet)
	}
	if err := hostIn(c.Subnet, c.Gateway); err != nil {
		errs = append(errs, fmt.Errorf("gateway: %w", err))
	}
	if err := unicast(c.GatewayMAC); err != nil {
		errs = append(errs, fmt.Errorf("gateway: %w", err))
	}
	if !isDomain(c.Domain) {
		errs = append(errs, fmt.Errorf("domain %q: want DNS labels of letters, digits and hyphens", c.Domain))
	}
	for name, addr := range c.Hosts {
		if !isDomain(strings.ToLower(name)) || !addr.Is4() {
			errs = append(errs, fmt.Errorf("host %q at %s: want a DNS name and an IPv4 address", name, addr))
		}
	}
	return errors.Join(append(errs, c.validateLeases()...)...)
}

func (c Config) validateLeases() []error {
	var errs []error
	names := map[string]bool{"gateway": true, "host": true}
	macs := map[string]bool{c.GatewayMAC.String(): true}
	ips := map[netip.Addr]bool{c.Gateway: true}
	for i, l := range c.Leases {
		name, mac := strings.ToLower(l.Name), l.MAC.String()
		bad := func(err error) { errs = append(errs, fmt.Errorf("lease %d (%q): %w", i, l.Name, err)) }
		if !isDomain(name) || strings.Contains(name, ".") {
			bad(errors.New("name: want one DNS label of letters, digits and hyphens"))
		}
		if err := unicast(l.MAC); err != nil {
			bad(err)
		}
		if err := hostIn(c.Subnet, l.IP); err != nil {
			bad(err)
		}
		if names[name] || macs[mac] || ips[l.IP] {
			bad(errors.New("name, MAC or IP is used twice"))
		}
		names[name], macs[mac], ips[l.IP] = true, true, true
	}
	return errs
}

// hostIn says whether a host of the subnet may have this address.
func hostIn(subnet netip.Prefix, a netip.Addr) error {
	if !subnet.Contains(a) {
		return fmt.Errorf("address %s: not in subnet %s", a, subnet)
	}
	if a == subnet.Addr() || !subnet.Contains(a.Next()) {
		return fmt.Errorf("address %s: the first and the last address of %s belong to no host", a, subnet)
	}
	return nil
}

func unicast(mac net.HardwareAddr) error {
	if len(mac) != 6 || mac[0]&1 != 0 || [6]byte(mac) == ([6]byte{}) {
		return fmt.Errorf("MAC %q: want a unicast address of 6 bytes", mac)
	}
	return nil
}

// isDomain accepts lower-case DNS names, which also are safe to print.
func isDomain(s string) bool {
	labels := regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)
	return len(s) <= 200 && labels.MatchString(s)
}

// reserved is true for addresses that are never a machine beyond the lab:
// loopback, link-local, multicast, broadcast, "this network".
func reserved(a netip.Addr) bool {
	return !a.Is4() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() ||
		a.As4()[0] == 0 || a.As4()[0] >= 240
}
