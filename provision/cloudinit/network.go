package cloudinit

import (
	"net/netip"
	"strings"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/yamldoc"
	"distrolab/provision/linux"
)

// networkPlan is how the one interface is configured.
type networkPlan struct {
	version int  // of network-config; 0 where none is written
	files   bool // by a file of the system's own program instead
}

// planNetwork chooses between network-config, a file, and leaving it alone.
func (w *work) planNetwork() {
	n := w.intent.Network
	if n.MAC == "" {
		return
	}
	switch {
	case w.target.Profile.Variant == "amazon":
		// Amazon's cloud.cfg says network: {config: disabled}.
		files, ok := linux.Network(n, w.target.Distro.Userland.Network)
		if !ok {
			w.gap("network", "cloud-init does not configure the network of this system, and it is not known what does")
			return
		}
		w.plan.Files = append(w.plan.Files, files...)
		w.network.files = true
		w.restart(networkService(w.target.Distro.Userland.Network), "network")
	case w.target.Delivery.Kind == distros.DeliverHTTP && !w.fetchesNetwork():
		w.gap("network", "cloud-init asks for network-config over HTTP since 24.3, and this system's is older or of unknown version; deliver the config on the volume")
	case w.isOld():
		w.network.version = 1
	default:
		w.network.version = 2
	}
}

// networkService is the unit that reads the file of provision/linux.
func networkService(program string) string {
	return map[string]string{"networkd": "systemd-networkd.service", "networkmanager": "NetworkManager.service"}[program]
}

func (p networkPlan) document(n provision.Network) yamldoc.Node {
	if p.version == 1 {
		return networkV1(n)
	}
	return networkV2(n)
}

// networkV1 is the older language. cloud-init names the interface of the MAC
// address eth0, as it is called there anyway.
func networkV1(n provision.Network) yamldoc.Node {
	var subnets []yamldoc.Node
	if n.DHCP {
		subnets = append(subnets, yamldoc.Map(yamldoc.Pair{Key: "type", Value: yamldoc.Text("dhcp4")}))
	}
	gateway := n.Gateway
	for _, address := range n.Addresses {
		var via yamldoc.Node
		if gateway != "" && within(address, gateway) {
			via, gateway = yamldoc.Quoted(gateway), ""
		}
		subnets = append(subnets, yamldoc.Map(
			yamldoc.Pair{Key: "type", Value: yamldoc.Text("static")},
			yamldoc.Pair{Key: "address", Value: yamldoc.Quoted(address)},
			yamldoc.Pair{Key: "gateway", Value: via},
		))
	}
	items := []yamldoc.Node{yamldoc.Map(
		yamldoc.Pair{Key: "type", Value: yamldoc.Text("physical")},
		yamldoc.Pair{Key: "name", Value: yamldoc.Text("eth0")},
		yamldoc.Pair{Key: "mac_address", Value: yamldoc.Quoted(strings.ToLower(n.MAC))},
		yamldoc.Pair{Key: "subnets", Value: yamldoc.List(subnets...)},
	)}
	if len(n.DNS) > 0 {
		items = append(items, yamldoc.Map(
			yamldoc.Pair{Key: "type", Value: yamldoc.Text("nameserver")},
			yamldoc.Pair{Key: "address", Value: yamldoc.Texts(n.DNS)},
		))
	}
	return yamldoc.Map(
		yamldoc.Pair{Key: "version", Value: yamldoc.Int(1)},
		yamldoc.Pair{Key: "config", Value: yamldoc.List(items...)},
	)
}

// within reports whether the gateway is in the network of the address.
func within(address, gateway string) bool {
	prefix, err := netip.ParsePrefix(address)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(gateway)
	return err == nil && prefix.Contains(addr)
}

// networkV2 is the language of netplan, for the one interface. The default
// routes are spelled as prefixes because 22.4 does not know "default".
func networkV2(n provision.Network) yamldoc.Node {
	var routes []yamldoc.Node
	if n.Gateway != "" {
		to := "0.0.0.0/0"
		if strings.Contains(n.Gateway, ":") {
			to = "::/0"
		}
		routes = append(routes, yamldoc.Map(
			yamldoc.Pair{Key: "to", Value: yamldoc.Text(to)},
			yamldoc.Pair{Key: "via", Value: yamldoc.Text(n.Gateway)},
		))
	}
	var nameservers yamldoc.Node
	if len(n.DNS) > 0 {
		nameservers = yamldoc.Map(yamldoc.Pair{Key: "addresses", Value: yamldoc.Texts(n.DNS)})
	}
	return yamldoc.Map(
		yamldoc.Pair{Key: "version", Value: yamldoc.Int(2)},
		yamldoc.Pair{Key: "ethernets", Value: yamldoc.Map(yamldoc.Pair{Key: "lab0", Value: yamldoc.Map(
			yamldoc.Pair{Key: "match", Value: yamldoc.Map(yamldoc.Pair{Key: "macaddress", Value: yamldoc.Quoted(strings.ToLower(n.MAC))})},
			yamldoc.Pair{Key: "dhcp4", Value: yamldoc.Bool(n.DHCP)},
			yamldoc.Pair{Key: "addresses", Value: yamldoc.Texts(n.Addresses)},
			yamldoc.Pair{Key: "routes", Value: yamldoc.List(routes...)},
			yamldoc.Pair{Key: "nameservers", Value: nameservers},
		)})},
	)
}
