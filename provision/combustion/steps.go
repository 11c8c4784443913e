package combustion

import (
	"fmt"
	"slices"
	"strings"

	"distrolab/provision"
)

// The stages at which Combustion's work happens.
const (
	inPrepare = "initrd, before the root is mounted"
	inScript  = "initrd, in a new snapshot of the root"
	atBoot    = "first boot of the system itself, into that snapshot"
)

// steps puts into words what will happen, in the order of the script.
func steps(intent provision.Intent, p plan) []provision.Step {
	var list []provision.Step
	add := func(stage, field, does string, args ...any) {
		list = append(list, provision.Step{Stage: stage, Does: fmt.Sprintf(does, args...), Fields: []string{field}})
	}
	words := flags(intent)
	if slices.Contains(words, flagPrepare) {
		add(inPrepare, "network", "gives the initrd the fixed address, since the script needs the network")
	}
	if slices.Contains(words, flagNetwork) {
		add(inPrepare, "packages", "brings up the network, as the line \"%s %s\" asks", flagLine, strings.Join(words, " "))
	}
	if places := p.mounts(intent); len(places) > 0 {
		list = append(list, provision.Step{Stage: inScript, Does: "mounts " + strings.Join(places, ", ") + ", which are subvolumes outside the snapshot"})
	}
	if len(intent.Packages) > 0 {
		add(inScript, "packages", "installs %s by zypper; if that fails, the boot fails", strings.Join(intent.Packages, ", "))
	}
	add(inScript, "hostname", "names the machine %s in %s", intent.Hostname, provision.HostnamePath)
	for _, f := range p.network {
		add(inScript, "network", "writes %s (0600), which configures the interface %s", f.Path, strings.ToLower(intent.Network.MAC))
	}
	for i, u := range intent.Users {
		add(inScript, fmt.Sprintf("users[%d]", i), "makes the user %s, who may become root by sudo (authorized keys: %d)", u.Name, len(u.SSHAuthorizedKeys))
	}
	planned := p.Steps(inScript, atBoot)
	if intent.Network.DHCP && intent.Network.MAC == "" {
		// Before what starts at boot, behind what is written.
		at := slices.IndexFunc(planned, func(s provision.Step) bool { return s.Stage == atBoot })
		if at < 0 {
			at = len(planned)
		}
		planned = slices.Insert(planned, at, provision.Step{Stage: atBoot, Does: "asks for an address by DHCP, as the system does by default", Fields: []string{"network"}})
	}
	return append(list, planned...)
}
