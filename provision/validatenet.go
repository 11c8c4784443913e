package provision

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// network checks the one interface. Fixed addresses need the MAC address:
// without it nothing says which interface is meant.
func (c *checker) network(n Network) {
	if n.MAC != "" {
		if mac, err := net.ParseMAC(n.MAC); err != nil || len(mac) != 6 || len(n.MAC) != 17 || mac[0]&1 != 0 {
			c.add("network.mac", "%q must be the address of one interface, such as 52:54:00:12:34:56", n.MAC)
		}
	}
	switch {
	case n.MAC == "" && len(n.Addresses) > 0:
		c.add("network.mac", "is missing; addresses need it to find their interface")
	case n.MAC != "" && !n.DHCP && len(n.Addresses) == 0:
		c.add("network.mac", "names an interface but nothing to do with it; add dhcp: true or addresses")
	}
	prefixes := c.addresses(n.Addresses)
	if n.Gateway != "" {
		c.gateway(n.Gateway, prefixes)
	}
	if len(n.DNS) > 0 && len(n.Addresses) == 0 {
		c.add("network.dns", "needs addresses; with DHCP the servers come from there")
	}
	for i, text := range n.DNS {
		addr, err := netip.ParseAddr(text)
		if err != nil || !isHost(addr) {
			c.add(fmt.Sprintf("network.dns[%d]", i), "%q must be the address of a server, such as 9.9.9.9", text)
			continue
		}
		family := func(p netip.Prefix) bool { return p.Addr().Is4() == addr.Is4() }
		if len(prefixes) > 0 && !slices.ContainsFunc(prefixes, family) {
			c.add(fmt.Sprintf("network.dns[%d]", i), "%q cannot be reached: no address is of its family", text)
		}
	}
}

// addresses parses all and returns the good ones.
func (c *checker) addresses(texts []string) []netip.Prefix {
	var prefixes []netip.Prefix
	for i, text := range texts {
		at := fmt.Sprintf("network.addresses[%d]", i)
		prefix, err := netip.ParsePrefix(text)
		switch {
		case err != nil || !isHost(prefix.Addr()) || prefix.Bits() == 0:
			c.add(at, "%q must be an address with its prefix length, such as 192.168.50.10/24", text)
		case prefix.Addr() == prefix.Masked().Addr() && prefix.Bits() < prefix.Addr().BitLen()-1:
			c.add(at, "%q is the network itself; give the machine's address in it", text)
		case slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Addr() == prefix.Addr() }):
			c.add(at, "%q is there twice", text)
		default:
			prefixes = append(prefixes, prefix)
		}
	}
	return prefixes
}

// gateway must be a neighbour.
func (c *checker) gateway(text string, prefixes []netip.Prefix) {
	addr, err := netip.ParseAddr(text)
	near := func(p netip.Prefix) bool { return p.Contains(addr) && p.Addr() != addr }
	switch {
	case err != nil || !isHost(addr):
		c.add("network.gateway", "%q must be an address, such as 192.168.50.1", text)
	case !slices.ContainsFunc(prefixes, near):
		c.add("network.gateway", "%q must lie in the network of one of the addresses, and be another machine's", text)
	}
}

// isHost reports whether the address can be one machine's.
func isHost(a netip.Addr) bool {
	return a.IsValid() && a.Zone() == "" && !a.Is4In6() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback()
}
