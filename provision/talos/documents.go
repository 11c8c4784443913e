package talos

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/siderolabs/talos/pkg/machinery/cel"
	"github.com/siderolabs/talos/pkg/machinery/cel/celenv"
	document "github.com/siderolabs/talos/pkg/machinery/config/config"
	"github.com/siderolabs/talos/pkg/machinery/config/types/cri"
	"github.com/siderolabs/talos/pkg/machinery/config/types/meta"
	"github.com/siderolabs/talos/pkg/machinery/config/types/network"
)

// linkAlias is how the other documents call the interface. Names of the
// system, such as eth0, depend on the image; the MAC address does not.
const linkAlias = "lab0"

// hostname is given here on every delivery and nowhere else: Talos reads
// local-hostname of a NoCloud volume only beside a network-config, and a name
// in both can conflict (siderolabs/talos#13249).
func (p *plan) hostname() ([]document.Document, error) {
	doc := network.NewHostnameConfigV1Alpha1()
	doc.ConfigHostname = p.intent.Hostname
	return []document.Document{doc}, nil
}

// network is nothing where DHCP on every interface, the default, is enough:
// the first document of a link turns that default off.
func (p *plan) network() ([]document.Document, error) {
	n := p.intent.Network
	if n.MAC == "" {
		return nil, nil
	}
	match, err := cel.ParseBooleanExpression(fmt.Sprintf("mac(link.permanent_addr) == %q", strings.ToLower(n.MAC)), celenv.LinkLocator())
	if err != nil {
		return nil, fmt.Errorf("choosing the interface %s: %w", n.MAC, err)
	}
	alias := network.NewLinkAliasConfigV1Alpha1(linkAlias)
	alias.Selector.Match = match
	link, err := p.link()
	if err != nil {
		return nil, err
	}
	list := []document.Document{alias, link}
	if n.DHCP {
		list = append(list, network.NewDHCPv4ConfigV1Alpha1(linkAlias))
	}
	if len(n.DNS) == 0 {
		return list, nil
	}
	resolver := network.NewResolverConfigV1Alpha1()
	for _, text := range n.DNS {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("reading the name server %q: %w", text, err)
		}
		resolver.ResolverNameservers = append(resolver.ResolverNameservers, network.NameserverConfig{Address: network.Addr{Addr: addr}})
	}
	return append(list, resolver), nil
}

// link brings the interface up, with its addresses and its gateway.
func (p *plan) link() (*network.LinkConfigV1Alpha1, error) {
	yes := true
	link := network.NewLinkConfigV1Alpha1(linkAlias)
	link.LinkUp = &yes
	for _, text := range p.intent.Network.Addresses {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("reading the address %q: %w", text, err)
		}
		link.LinkAddresses = append(link.LinkAddresses, network.AddressConfig{AddressAddress: prefix})
	}
	if p.intent.Network.Gateway != "" {
		addr, err := netip.ParseAddr(p.intent.Network.Gateway)
		if err != nil {
			return nil, fmt.Errorf("reading the gateway %q: %w", p.intent.Network.Gateway, err)
		}
		link.LinkRoutes = append(link.LinkRoutes, network.RouteConfig{RouteGateway: network.Addr{Addr: addr}})
	}
	return link, nil
}

func (p *plan) time() ([]document.Document, error) {
	if len(p.intent.Time.NTP) == 0 {
		return nil, nil
	}
	doc := network.NewTimeSyncConfigV1Alpha1()
	doc.TimeNTP = &network.NTPConfig{Servers: p.intent.Time.NTP}
	return []document.Document{doc}, nil
}

func (p *plan) registries() ([]document.Document, error) {
	var list []document.Document
	for _, host := range p.intent.Registries.Hosts() {
		doc := cri.NewRegistryMirrorConfigV1Alpha1(host)
		for _, text := range p.intent.Registries.Mirrors[host] {
			mirror, err := url.Parse(text)
			if err != nil {
				return nil, fmt.Errorf("reading the mirror of %s: %w", host, err)
			}
			doc.RegistryEndpoints = append(doc.RegistryEndpoints, cri.RegistryEndpoint{EndpointURL: meta.URL{URL: mirror}})
		}
		list = append(list, doc)
	}
	return list, nil
}
