package k3os

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"distrolab/provision"
)

// connmanPath is the file of connman for the one interface.
const connmanPath = "/var/lib/connman/distrolab.config"

// network writes a service file of connman, which takes one address of each
// family.
func (p *plan) network() {
	n := p.intent.Network
	switch {
	case len(n.Addresses) == 0 && n.DHCP:
		p.step(p.later, "network", "asks for an address by DHCP on every network card, as k3OS does by default")
		return
	case len(n.Addresses) == 0:
		return
	case p.line != nil:
		p.gap("network", "fixed addresses stand in a file of connman, which cannot be said on the kernel command line; without it k3OS uses DHCP; use --delivery cdrom or --delivery install")
		return
	case slices.ContainsFunc(p.intent.Files, func(f provision.File) bool { return f.Path == connmanPath }):
		p.gap("network", "the intent's own file %s takes the place of the one that would carry this out", connmanPath)
		return
	}
	four, six := "off", "off"
	if n.DHCP {
		four, six = "dhcp", "auto"
	}
	var given []string
	for _, address := range n.Addresses {
		prefix, err := netip.ParsePrefix(address)
		switch {
		case err != nil:
		case prefix.Addr().Is4() && four == "off":
			four = service4(prefix, n.Gateway)
			given = append(given, address)
		case prefix.Addr().Is6() && (six == "off" || six == "auto"):
			six = service6(prefix, n.Gateway)
			given = append(given, address)
		default:
			p.gap("network.addresses["+address+"]", "connman takes one address of each family, by DHCP or fixed")
		}
	}
	text := "[service_distrolab]\nType = ethernet\nMAC = " + strings.ToLower(n.MAC) + "\nIPv4 = " + four + "\nIPv6 = " + six + "\n"
	if len(n.DNS) > 0 {
		text += "Nameservers = " + strings.Join(n.DNS, ",") + "\n"
	}
	p.config.files = append(p.config.files, provision.File{Path: connmanPath, Content: text, Mode: 0o600})
	does := strings.Join(given, " and ")
	if n.DHCP {
		does = strings.TrimSuffix("an address by DHCP and "+does, " and ")
	}
	p.step(p.later, "network", "writes %s, by which connman gives %s to the interface %s", connmanPath, does, strings.ToLower(n.MAC))
}

// service4 is address/netmask/gateway.
func service4(prefix netip.Prefix, gateway string) string {
	mask := net.IP(net.CIDRMask(prefix.Bits(), 32)).String()
	if addr, err := netip.ParseAddr(gateway); err == nil && addr.Is4() {
		return prefix.Addr().String() + "/" + mask + "/" + gateway
	}
	return prefix.Addr().String() + "/" + mask
}

// service6 is address/prefix length/gateway.
func service6(prefix netip.Prefix, gateway string) string {
	if addr, err := netip.ParseAddr(gateway); err == nil && addr.Is6() {
		return prefix.String() + "/" + gateway
	}
	return prefix.String()
}
