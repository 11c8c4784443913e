package distros

import (
	"maps"
	"slices"
)

// config checks one format of a system; at is the path of its field.
func (c *checker) config(p ConfigProfile, at ...any) {
	below := func(field ...any) []any { return append(slices.Clone(at), field...) }
	c.oneOf(p.Format, formats(), below("format")...)
	if p.Format == "ignition" {
		c.match(p.Variant, `[a-z][a-z0-9-]*`, "a Butane variant, such as flatcar or fcos", below("variant")...)
		c.match(p.Version, `\d+\.\d+\.\d+`, "a version of that variant, such as 1.4.0", below("version")...)
	}
	for i, older := range p.Older {
		c.match(older.Before, `[0-9][0-9A-Za-z.+_-]{0,63}`, "the version of a release", below("older", i, "before")...)
		c.filled(older.Version, below("older", i, "version")...)
	}
	if len(p.Deliveries) == 0 {
		c.bad("is empty; name at least one, kind none where nothing is delivered", below("deliveries")...)
	}
	seen := map[string]bool{}
	for i, d := range p.Deliveries {
		if seen[d.Call()] {
			c.bad("is there twice; give the second a name", below("deliveries", i)...)
		}
		seen[d.Call()] = true
		c.delivery(d, below("deliveries", i)...)
	}
}

// delivery checks that a channel has what it needs and nothing that is not its.
func (c *checker) delivery(d Delivery, at ...any) {
	below := func(field string) []any { return append(slices.Clone(at), field) }
	c.oneOf(string(d.Kind), deliveries(), below("kind")...)
	if d.Name != "" {
		c.match(d.Name, nameForm, "a name: a-z, 0-9 and -, at most 32", below("name")...)
	}
	c.only(d.Key, d.Kind == DeliverFWCfg, `opt/[A-Za-z0-9./_-]{1,51}`, "a fw_cfg name below opt/, at most 55 characters", "fw_cfg", below("key"))
	labelled := d.Kind == DeliverVolume || d.Kind == DeliverPartition
	c.only(d.Label, labelled, `[A-Za-z0-9_-]{1,32}`, "a volume label: letters, digits, _ and -, at most 32", "a volume", below("label"))
	c.only(d.Serial, d.Kind == DeliverDisk, `[A-Za-z0-9_-]{1,20}`, "a disk's serial number: letters, digits, _ and -, at most 20", "a disk", below("serial"))
	if d.Media != "" {
		c.oneOf(d.Media, []string{MediaDisk, MediaCDROM}, below("media")...)
		if d.Kind != DeliverVolume {
			c.bad("is for a volume only", below("media")...)
		}
	}
	if d.File != "" {
		c.match(d.File, `[a-z0-9_][a-z0-9._-]*(/[a-z0-9_][a-z0-9._-]*){0,6}`, "a relative file name of small letters", below("file")...)
	}
	for _, told := range []struct{ field, text string }{{"kernel", d.Kernel}, {"smbios", d.SMBIOS}} {
		if told.text != "" {
			c.match(told.text, `[!#-~]+( [!#-~]+)*`, "words of printable ASCII without quotes", below(told.field)...)
		}
	}
	if d.Kind == DeliverHTTP && d.Kernel == "" && d.SMBIOS == "" {
		c.bad("needs kernel or smbios, which tell the guest where", below("kind")...)
	}
}

// only checks a field that one kind of delivery needs and no other has.
func (c *checker) only(value string, needed bool, form, means, kind string, at []any) {
	switch {
	case needed:
		c.match(value, form, means, at...)
	case value != "":
		c.bad("is for "+kind+" only", at...)
	}
}

func (c *checker) userland(u Userland) {
	allowed := userlands()
	values := map[string]string{"init": u.Init, "privilege": u.Privilege, "network": u.Network, "time": u.Time,
		"registries": u.Registries, "updates": u.Updates, "usr": u.Usr, "cgroup": u.Cgroup}
	for _, field := range slices.Sorted(maps.Keys(values)) {
		if values[field] != "" {
			c.oneOf(values[field], allowed[field], "userland", field)
		}
	}
	if u.SSHUnit != "" {
		c.match(u.SSHUnit, `[a-z0-9-]+\.(service|socket)`, "a unit, such as sshd.service", "userland", "ssh_unit")
	}
	if u.Shell != "" {
		c.match(u.Shell, `(/[a-z0-9]+){1,4}`, "the path of a shell, such as /bin/bash", "userland", "shell")
	}
}
