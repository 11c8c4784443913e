package provision

import (
	"fmt"
	"slices"
	"strings"
)

// Fields lists the parts of the intent that ask for something, in its order.
// A rendered Config answers each by a [Step] or a [Gap], so that nothing is
// dropped without a word.
func (i Intent) Fields() []string {
	var fields []string
	add := func(asked bool, field string) {
		if asked {
			fields = append(fields, field)
		}
	}
	add(i.Hostname != "", "hostname")
	for n := range i.Users {
		add(true, fmt.Sprintf("users[%d]", n))
	}
	net := i.Network
	add(net.DHCP || net.MAC != "" || len(net.Addresses) > 0, "network")
	for n := range i.Files {
		add(true, fmt.Sprintf("files[%d]", n))
	}
	for n := range i.Units {
		add(true, fmt.Sprintf("units[%d]", n))
	}
	add(len(i.Packages) > 0, "packages")
	add(len(i.Kernel.Modules) > 0, "kernel.modules")
	add(len(i.Kernel.Sysctl) > 0, "kernel.sysctl")
	add(len(i.Kernel.Args) > 0, "kernel.args")
	add(len(i.Time.NTP) > 0, "time")
	add(len(i.Registries.Mirrors) > 0, "registries")
	add(i.Update.Auto != nil, "update")
	add(i.Node != nil, "node")
	add(i.Join != nil, "join")
	if node, is := i.KubernetesNode(); is {
		field := "node"
		if i.Join != nil {
			field = "join"
		}
		add(node.Bundle != nil, field+".bundle")
		add(node.Pods != "", field+".pods")
	}
	add(i.Join != nil && i.Join.Manual, "join.manual")
	return fields
}

// Unanswered lists the fields of the intent that neither a step nor a gap of
// the config speaks of. A gap of a whole field answers its parts.
func (c Config) Unanswered(i Intent) []string {
	answered := map[string]bool{}
	for _, s := range c.Steps {
		for _, f := range s.Fields {
			answered[f] = true
		}
	}
	for _, g := range c.Gaps {
		answered[g.Field] = true
	}
	var missing []string
	for _, field := range i.Fields() {
		whole, _, _ := strings.Cut(field, ".")
		within := func(g Gap) bool { return g.Field == whole }
		if !answered[field] && !answeredInParts(answered, field) && !slices.ContainsFunc(c.Gaps, within) {
			missing = append(missing, field)
		}
	}
	return missing
}

// answeredInParts reports whether something was said of a part of the field.
func answeredInParts(answered map[string]bool, field string) bool {
	for f := range answered {
		if strings.HasPrefix(f, field+".") || strings.HasPrefix(f, field+"[") {
			return true
		}
	}
	return false
}
