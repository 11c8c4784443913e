package clc

import (
	"fmt"
	"slices"
	"strings"

	systemd "github.com/coreos/go-systemd/v22/unit"
	old "github.com/flatcar/ignition/config/v2_3/types"

	"distrolab/provision/internal/yamldoc"
)

// units carries over systemd's units and those that the sections docker, etcd
// and flannel stand for. A unit may be named several times there; in Butane it
// is one.
func (c *carrier) units() {
	var order []string
	whole, fields := map[string]*old.Unit{}, map[string]string{}
	sections := len(c.old.Systemd.Units) - len(c.cfg.Systemd.Units) // whose units the transpiler writes first
	for i, u := range c.old.Systemd.Units {
		field := fmt.Sprintf("systemd.units[%d]", i-sections)
		if i < sections {
			field = map[string]string{"docker.service": "docker", "etcd-member.service": "etcd", "flanneld.service": "flannel"}[u.Name]
		}
		if whole[u.Name] == nil {
			order = append(order, u.Name)
			whole[u.Name], fields[u.Name] = &old.Unit{Name: u.Name}, field
		}
		c.join(whole[u.Name], u, field)
	}
	for _, name := range order {
		c.unit(*whole[name], fields[name])
	}
}

// join adds what a further entry says of a unit; the later word counts.
func (c *carrier) join(into *old.Unit, u old.Unit, field string) {
	if into.Contents != "" && u.Contents != "" {
		c.lose(field, "%s is written by two entries; the contents of this one, the later, are carried over", u.Name)
	}
	if u.Contents != "" {
		into.Contents = u.Contents
	}
	if u.Enabled != nil {
		into.Enabled = u.Enabled
	}
	if u.Enable {
		yes := true
		into.Enabled = &yes
	}
	into.Mask = into.Mask || u.Mask
	for _, d := range u.Dropins {
		same := func(o old.SystemdDropin) bool { return o.Name == d.Name }
		if slices.ContainsFunc(into.Dropins, same) {
			c.lose(field, "the drop-in %s of %s is written twice; the later one is carried over", d.Name, u.Name)
			into.Dropins = slices.DeleteFunc(into.Dropins, same)
		}
		into.Dropins = append(into.Dropins, d)
	}
}

func (c *carrier) unit(u old.Unit, field string) {
	enabled := yamldoc.Pair{Key: "enabled"}
	if u.Enabled != nil {
		enabled.Value = yamldoc.Bool(*u.Enabled)
		if *u.Enabled && u.Contents != "" && !installs(u.Contents) {
			enabled.Value = yamldoc.Node{}
			c.lose(field+".enabled", "%s has no [Install] section, so enabling it never had an effect, and Butane refuses it; add WantedBy= there, or leave it", u.Name)
		}
	}
	var dropins []yamldoc.Node
	for _, d := range u.Dropins {
		dropins = append(dropins, yamldoc.Map(
			c.text(field, "name", d.Name),
			c.text(field, "contents", d.Contents),
		))
	}
	c.add(unitList, field,
		c.text(field, "name", u.Name),
		enabled,
		set("mask", u.Mask),
		c.text(field, "contents", u.Contents),
		yamldoc.Pair{Key: "dropins", Value: yamldoc.List(dropins...)},
	)
}

// installs reports whether a unit has an [Install] section.
func installs(contents string) bool {
	options, err := systemd.DeserializeOptions(strings.NewReader(contents))
	return err != nil || slices.ContainsFunc(options, func(o *systemd.UnitOption) bool { return o.Section == "Install" })
}

// mountPoints says where units mount each device.
func (c *carrier) mountPoints() map[string]string {
	points := map[string]string{}
	for _, u := range c.old.Systemd.Units {
		if !strings.HasSuffix(u.Name, ".mount") {
			continue
		}
		options, err := systemd.DeserializeOptions(strings.NewReader(u.Contents))
		if err != nil {
			continue
		}
		var what, where string
		for _, o := range options {
			switch {
			case o.Section == "Mount" && o.Name == "What":
				what = o.Value
			case o.Section == "Mount" && o.Name == "Where":
				where = o.Value
			}
		}
		if strings.HasPrefix(where, "/") {
			points[what] = where
		}
	}
	return points
}
