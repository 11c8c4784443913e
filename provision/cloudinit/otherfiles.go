package cloudinit

// metaDataShape is what NoCloud reads of meta-data. Other keys are allowed
// there, for templates.
func metaDataShape() shape {
	return closed(map[string]shape{
		"instance-id": of(text), "local-hostname": of(text), "hostname": of(text), "dsmode": words("local", "net", "disabled"),
		"seedfrom": of(text), "network-interfaces": of(text), "public-keys": of(text | list | mapping),
		"cloud-name": of(text), "region": of(text), "availability-zone": of(text), "cleanup_guestinfo": of(anything),
	})
}

// networkShape is network-config in the version that it names (the schemas
// network-config-v1 and v2 of cloud-init 25.1).
func networkShape(version int) shape {
	if version == 1 {
		return closed(map[string]shape{"version": of(number), "config": listOf(networkItem())}, "version", "config")
	}
	devices := func(more ...string) shape {
		return shape{kinds: mapping, item: deviceShape(more...)}
	}
	return closed(map[string]shape{
		"version": of(number), "renderer": of(text),
		"ethernets": devices("match", "set-name", "wakeonlan"), "bonds": devices("interfaces", "parameters"),
		"bridges": devices("interfaces", "parameters"), "vlans": devices("id", "link"),
		"wifis": open(), "tunnels": open(), "vrfs": open(), "modems": open(),
	}, "version")
}

// networkItem is an item of version 1's config.
func networkItem() shape {
	subnet := closed(map[string]shape{
		"type":    words("dhcp", "dhcp4", "dhcp6", "static", "static6", "ipv6_dhcpv6-stateful", "ipv6_dhcpv6-stateless", "ipv6_slaac", "manual"),
		"control": of(text), "address": of(text), "netmask": of(text | number), "broadcast": of(text), "gateway": of(text),
		"dns_nameservers": of(text | list), "dns_search": of(text | list), "routes": listOf(open()), "ipv4": of(flag), "ipv6": of(flag),
	}, "type")
	return closed(map[string]shape{
		"type": words("physical", "bond", "bridge", "vlan", "nameserver", "route", "loopback", "infiniband"),
		"name": of(text), "mac_address": of(text | null), "mtu": of(number | null), "accept-ra": of(flag), "subnets": listOf(subnet),
		"bond_interfaces": of(list), "bridge_interfaces": of(list), "params": open(), "vlan_id": of(number), "vlan_link": of(text),
		"address": of(text | list), "search": of(text | list), "interface": of(text),
		"destination": of(text), "network": of(text), "netmask": of(text | number), "gateway": of(text), "metric": of(number),
	}, "type")
}

// deviceShape is a device of version 2.
func deviceShape(more ...string) *shape {
	keys := map[string]shape{
		"renderer": of(text), "dhcp4": of(flag), "dhcp6": of(flag), "dhcp4-overrides": open(), "dhcp6-overrides": open(),
		"addresses": listOf(of(text | mapping)), "mtu": of(number), "optional": of(flag), "accept-ra": of(flag), "link-local": of(list),
		"macaddress": of(text), "gateway4": deprecated(of(text), "routes with to: 0.0.0.0/0"), "gateway6": deprecated(of(text), "routes with to: ::/0"),
		"nameservers": closed(map[string]shape{"addresses": listOf(of(text)), "search": listOf(of(text))}),
		"routes":      listOf(open()), "routing-policy": listOf(open()), "critical": of(flag), "dhcp-identifier": of(text),
		"ignore-carrier": of(flag), "ipv6-privacy": of(flag), "optional-addresses": of(list), "activation-mode": of(text),
	}
	for _, name := range more {
		keys[name] = of(anything)
	}
	if _, ok := keys["match"]; ok {
		keys["match"] = closed(map[string]shape{"macaddress": of(text), "name": of(text), "driver": of(text | list)})
		keys["set-name"], keys["wakeonlan"] = of(text), of(flag)
	}
	s := closed(keys)
	return &s
}
