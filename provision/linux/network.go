package linux

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"distrolab/provision"
)

// The files of each network program.
const (
	networkdPath = "/etc/systemd/network/10-distrolab.network"
	keyfilePath  = "/etc/NetworkManager/system-connections/distrolab.nmconnection"
)

// Network is the file that configures the one interface, for the system's
// program ("networkd", "networkmanager"); none where the default, DHCP, was
// asked for. ok is false where the program is unknown and a file was needed.
func Network(n provision.Network, program string) (files []File, ok bool) {
	if n.MAC == "" {
		return nil, true
	}
	var f provision.File
	switch program {
	case "networkd":
		f = provision.File{Path: networkdPath, Content: networkdText(n)}
	case "networkmanager":
		// NetworkManager ignores key files that others than root can read.
		f = provision.File{Path: keyfilePath, Content: keyfileText(n), Mode: 0o600}
	default:
		return nil, false
	}
	return []File{{File: f, Field: "network", Means: "configures the interface " + strings.ToLower(n.MAC)}}, true
}

// Network is the file that [Network] gives, or the gap that says why there is
// none: the program is not known, or the intent's own file is at that place.
func (p *Plan) Network(n provision.Network, program string) []File {
	files, known := Network(n, program)
	if !known {
		p.Gaps = append(p.Gaps, provision.Gap{Field: "network", Reason: "it is not known which program sets up this system's network, which uses DHCP; write its file under files"})
	}
	for _, f := range files {
		if slices.ContainsFunc(p.Files, func(o File) bool { return o.Path == f.Path }) {
			p.Gaps = append(p.Gaps, provision.Gap{Field: "network", Reason: "the intent's own file " + f.Path + " takes the place of the one that would carry this out"})
			return nil
		}
	}
	return files
}

// networkdText is a systemd.network file.
func networkdText(n provision.Network) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[Match]\nMACAddress=%s\n\n[Network]\n", strings.ToLower(n.MAC))
	if n.DHCP {
		b.WriteString("DHCP=yes\n")
	}
	for _, address := range n.Addresses {
		fmt.Fprintf(&b, "Address=%s\n", address)
	}
	if n.Gateway != "" {
		fmt.Fprintf(&b, "Gateway=%s\n", n.Gateway)
	}
	for _, server := range n.DNS {
		fmt.Fprintf(&b, "DNS=%s\n", server)
	}
	return b.String()
}

// keyfileText is a NetworkManager connection.
func keyfileText(n provision.Network) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[connection]\nid=distrolab\ntype=ethernet\n\n[ethernet]\nmac-address=%s\n", strings.ToUpper(n.MAC))
	b.WriteString(keyfileFamily(n, "ipv4", "disabled", netip.Addr.Is4))
	b.WriteString(keyfileFamily(n, "ipv6", "link-local", netip.Addr.Is6))
	return b.String()
}

// keyfileFamily is the section of one address family; quiet is its method
// when it has no address and no DHCP.
func keyfileFamily(n provision.Network, name, quiet string, member func(netip.Addr) bool) string {
	var addresses, servers []string
	for _, text := range n.Addresses {
		if prefix, err := netip.ParsePrefix(text); err == nil && member(prefix.Addr()) {
			addresses = append(addresses, text)
		}
	}
	for _, text := range n.DNS {
		if addr, err := netip.ParseAddr(text); err == nil && member(addr) {
			servers = append(servers, text)
		}
	}
	method := quiet
	switch {
	case n.DHCP:
		method = "auto"
	case len(addresses) > 0:
		method = "manual"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n[%s]\nmethod=%s\n", name, method)
	for i, address := range addresses {
		fmt.Fprintf(&b, "address%d=%s\n", i+1, address)
	}
	if gateway, err := netip.ParseAddr(n.Gateway); err == nil && member(gateway) {
		fmt.Fprintf(&b, "gateway=%s\n", gateway)
	}
	if len(servers) > 0 && method != quiet {
		fmt.Fprintf(&b, "dns=%s;\n", strings.Join(servers, ";"))
	}
	return b.String()
}
