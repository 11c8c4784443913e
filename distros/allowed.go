package distros

// The values that fields of an entry may have. The checker and the JSON Schema
// of an entry are made from the same lists.

func kinds() []string {
	return []string{string(KindVendor), string(KindLocal), string(KindStandIn), string(KindProbe)}
}

func supportStates() []string { return []string{"maintained", "extended", "ended", "unconfirmed"} }

// resolvers are those that distros/release knows, which distros cannot import.
func resolvers() []string {
	return []string{
		"flatcar", "fcos", "debian", "ubuntu", "alpine", "oracle", "checksums",
		"github", "talos", "bottlerocket", "local", "none",
	}
}

// formats are those the lab is designed for; provision renders some of them.
func formats() []string {
	return []string{
		"cloud-init", "ignition", "clc", "talos", "bottlerocket", "k3os",
		"rancheros", "linuxkit", "combustion", "kairos", "none",
	}
}

func deliveries() []string {
	return []string{
		string(DeliverFWCfg), string(DeliverVolume), string(DeliverDisk), string(DeliverPartition),
		string(DeliverHTTP), string(DeliverKernel), string(DeliverAPI), string(DeliverNone),
	}
}

// userlands are the values of each field of [Userland] that has a list.
func userlands() map[string][]string {
	return map[string][]string{
		"init":       {"systemd", "openrc"},
		"privilege":  {"sudo", "doas"},
		"network":    {"networkd", "networkmanager"},
		"time":       {"timesyncd", "chrony"},
		"registries": {"containerd", "flatcar-containerd", "docker", "containers", "k3s"},
		"updates":    {"flatcar", "zincati", "apt", "transactional", "manual"},
		"usr":        {"writable", "read-only", "read-only-but-local"},
		"cgroup":     {"v1", "v2"},
	}
}

func firmwares() []string { return []string{"bios", "uefi"} }

func cpuLevels() []string { return []string{"x86-64-v1", "x86-64-v2", "x86-64-v3", "x86-64-v4"} }

// The forms of names and days, as RE2 and as JSON Schema read them alike.
const (
	nameForm  = `[a-z0-9][a-z0-9-]{0,31}`
	aliasForm = `[a-z0-9][a-z0-9.-]{0,63}`
	dayForm   = `[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])`
)

func criterionKeys() []string {
	var keys []string
	for _, c := range Criteria() {
		keys = append(keys, c.Key)
	}
	return keys
}
