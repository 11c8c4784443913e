package bottlerocket

import (
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strings"
)

// netVersion is that of net.toml that knows interfaces by their MAC address
// (Bottlerocket 1.12).
const netVersion = 3

// firstInterface is the name that the kernel gives the first network card when
// net.ifnames=0 keeps udev from renaming it.
const firstInterface = "eth0"

// netInterface is what net.toml says of one interface.
type netInterface struct {
	DHCP4   any         `toml:"dhcp4,omitempty" or:"dhcp4"`
	DHCP6   any         `toml:"dhcp6,omitempty" or:"dhcp6"`
	Primary *bool       `toml:"primary,omitempty"`
	MTU     *int64      `toml:"mtu,omitempty" is:"u32"`
	Static4 *netStatic  `toml:"static4,omitempty"`
	Static6 *netStatic  `toml:"static6,omitempty"`
	Routes  []*netRoute `toml:"route,omitempty"`
	Kind    *string     `toml:"kind,omitempty" is:"Vlan|VLAN|vlan|Bond|bond"`

	Device *string `toml:"device,omitempty" is:"device"` // VLAN: the interface it is on
	ID     *int64  `toml:"id,omitempty" is:"vlan"`       // VLAN

	Mode       *string      `toml:"mode,omitempty" is:"bond mode"`    // bond
	MinLinks   *int64       `toml:"min-links,omitempty" is:"natural"` // bond
	Interfaces []string     `toml:"interfaces,omitempty" is:"device"` // bond
	Monitoring *bondMonitor `toml:"monitoring,omitempty"`             // bond
}

type bondMonitor struct {
	MIIFrequency *int64   `toml:"miimon-frequency-ms,omitempty" is:"u32"`
	MIIUpDelay   *int64   `toml:"miimon-updelay-ms,omitempty" is:"u32"`
	MIIDownDelay *int64   `toml:"miimon-downdelay-ms,omitempty" is:"u32"`
	ARPInterval  *int64   `toml:"arpmon-interval-ms,omitempty" is:"u32"`
	ARPValidate  *string  `toml:"arpmon-validate,omitempty" is:"active|all|backup|none"`
	ARPTargets   []string `toml:"arpmon-targets,omitempty" is:"address"`
}

type netStatic struct {
	Addresses []string `toml:"addresses,omitempty" is:"prefix" need:"yes"`
}

type netRoute struct {
	To     *string `toml:"to,omitempty" is:"destination" need:"yes"`
	From   *string `toml:"from,omitempty" is:"address"`
	Via    *string `toml:"via,omitempty" is:"address"`
	Metric *int64  `toml:"route-metric,omitempty" is:"u32"`
}

type dhcp4Options struct {
	Enabled  *bool  `toml:"enabled,omitempty" need:"yes"`
	Optional *bool  `toml:"optional,omitempty"`
	Metric   *int64 `toml:"route-metric,omitempty" is:"u32"`
}

type dhcp6Options struct {
	Enabled  *bool `toml:"enabled,omitempty" need:"yes"`
	Optional *bool `toml:"optional,omitempty"`
}

// network writes net.toml. Without a MAC address the one interface is called
// eth0: its other name would depend on the slot of the virtual machine.
func (w *writer) network() {
	n := w.intent.Network
	yes := true
	card, key := netInterface{Primary: &yes}, n.MAC
	if key == "" {
		key = firstInterface
	}
	if n.DHCP || len(n.Addresses) == 0 {
		card.DHCP4 = true
	}
	for _, address := range n.Addresses {
		family := &card.Static4
		if strings.Contains(address, ":") {
			family = &card.Static6
		}
		if *family == nil {
			*family = &netStatic{}
		}
		(*family).Addresses = append((*family).Addresses, address)
	}
	switch {
	case n.Gateway != "" && n.DHCP:
		w.gap("network.gateway", "netdog takes no routes beside DHCP, which brings its own; leave one of them out")
	case n.Gateway != "":
		to := "default"
		card.Routes = []*netRoute{{To: &to, Via: &n.Gateway}}
	}
	key = strings.ToLower(key)
	w.net = map[string]any{"version": netVersion, key: card}
	if n.DHCP || n.MAC != "" {
		w.step(atNetdog, "network", "%s", w.networkWords(key))
	} else {
		w.plainStep(atNetdog, w.networkWords(key))
	}
}

func (w *writer) networkWords(key string) string {
	n := w.intent.Network
	does := "netdog reads " + netFile + " and writes networkd's file for " + key
	if n.DHCP || len(n.Addresses) == 0 {
		does += ", with DHCP"
	}
	if len(n.Addresses) > 0 {
		does += ", with " + strings.Join(n.Addresses, " and ")
	}
	if n.Gateway != "" && !n.DHCP {
		does += " and the default route by " + n.Gateway
	}
	return does
}

// nameServers are settings, not part of net.toml.
func (w *writer) nameServers() {
	servers := w.intent.Network.DNS
	if len(servers) == 0 {
		return
	}
	w.user.Settings.DNS = &dnsSettings{NameServers: servers}
	w.step(atApply, "network.dns", "lets netdog write /etc/resolv.conf with %s, from settings.dns", strings.Join(servers, " and "))
}

// networkOfVMware has no file: the image's kernel command line asks for DHCP.
func (w *writer) networkOfVMware() {
	n := w.intent.Network
	if len(n.Addresses) > 0 {
		w.gap("network", "a vmware variant reads only settings from its CD-ROM, and addresses are no settings; take the delivery by partition and a metal variant")
	} else if n.DHCP {
		w.step(atNetdog, "network", "asks for an address by DHCP on %s, as the image's own kernel command line says", firstInterface)
	}
}

// netProblems checks net.toml by the rules of netdog's net_config.
func netProblems(document map[string]any) []problem {
	c := &conformer{}
	version, isNumber := document["version"].(int64)
	if !isNumber || version < 1 || version > netVersion {
		c.add("version", "must be there, and 1, 2 or %d", netVersion)
		version = netVersion
	}
	names := make([]string, 0, len(document))
	for name := range document {
		if name != "version" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		c.add("", "names no interface: neither the network nor containerd nor the kubelet will start")
	}
	var primary []string
	for _, name := range names {
		path := below("", name)
		c.interfaceName(path, name, version)
		c.value(path, document[name], reflect.TypeFor[netInterface](), "")
		card, _ := document[name].(map[string]any)
		c.interfaceRules(path, name, card, version)
		if card["primary"] == true {
			primary = append(primary, name)
		}
	}
	if len(primary) > 1 {
		c.add(below(below("", primary[1]), "primary"), "%q is primary already; only one can be", primary[0])
	}
	return c.found
}

// isMAC accepts six pairs with colons or hyphens.
func isMAC(name string) bool {
	_, err := net.ParseMAC(name)
	return err == nil && len(name) == 17
}

func (c *conformer) interfaceName(path, name string, version int64) {
	switch {
	case isMAC(name) && version < netVersion:
		c.add(path, "a MAC address names an interface from version = %d on", netVersion)
	case !isMAC(name) && !isDevice(name):
		c.add(path, "must be the name of an interface, such as eth0, or a MAC address")
	}
}

// interfaceRules are about keys that need or exclude each other.
func (c *conformer) interfaceRules(path, name string, card map[string]any, version int64) {
	has := func(keys ...string) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return card[k] != nil })
	}
	switch {
	case !has("dhcp4", "dhcp6", "static4", "static6"):
		c.add(path, "must have dhcp4, dhcp6, static4 or static6")
	case has("route") && has("dhcp4", "dhcp6"):
		c.add(below(path, "route"), "routes are not possible beside DHCP")
	case has("route") && !has("static4", "static6"):
		c.add(below(path, "route"), "routes need static4 or static6")
	case version < 2 && has("static4", "static6"):
		c.add(path, "static addresses are known from version = 2 on")
	case has("kind") && isMAC(name):
		c.add(path, "a bond or VLAN cannot be named by a MAC address")
	case has("kind") && version < netVersion:
		c.add(below(path, "kind"), "bonds and VLANs are known from version = %d on", netVersion)
	}
	c.kindRules(path, card)
	for _, key := range []string{"static4", "static6"} {
		table, _ := card[key].(map[string]any)
		list, _ := table["addresses"].([]any)
		for i, item := range list {
			text, _ := item.(string)
			if p, err := netip.ParsePrefix(text); err == nil && p.Addr().Is4() != (key == "static4") {
				c.add(fmt.Sprintf("%s.addresses[%d]", below(path, key), i), "%s is of the other family", text)
			}
		}
	}
}

// kindRules are about the keys that a VLAN or a bond has, and nothing else.
func (c *conformer) kindRules(path string, card map[string]any) {
	kind, _ := card["kind"].(string)
	kind = strings.ToLower(kind)
	for _, of := range []string{"bond", "vlan"} {
		keys := []string{"mode", "interfaces", "monitoring"}
		if of == "vlan" {
			keys = []string{"device", "id"}
		}
		for _, key := range keys {
			switch {
			case kind == of && card[key] == nil:
				c.add(path, "%s is missing, which a %s needs", key, of)
			case kind != of && card[key] != nil:
				c.add(below(path, key), "is for kind = %q only", of)
			}
		}
	}
}
