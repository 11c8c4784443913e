package cloudinit

import (
	"fmt"
	"slices"
	"strings"

	"distrolab/distros"
	"distrolab/provision"
)

// The stages of a boot, as cloud-init's own lines on the console call them.
const (
	stageLocal  = "init-local"     // before any network is up
	stageInit   = "init"           // with a network, before other services
	stageConfig = "modules:config" // beside other services
	stageFinal  = "modules:final"  // last; package installation and runcmd
)

// steps puts into words what will happen, in the order of the module lists of
// cloud-init's cloud.cfg.
func (w *work) steps() []provision.Step {
	planned := w.plan.Steps(stageInit, stageFinal)
	started := slices.IndexFunc(planned, func(s provision.Step) bool { return s.Stage == stageFinal })
	if started < 0 {
		started = len(planned)
	}
	steps := w.arrivalSteps()
	steps = append(steps, planned[:started]...) // write_files
	steps = append(steps, w.unitFileSteps()...)
	steps = append(steps, provision.Step{
		Stage: stageInit, Fields: []string{"hostname"},
		Does: "sets the host name " + w.intent.Hostname + ", from meta-data, and lets /etc/hosts answer for it",
	})
	steps = append(steps, w.userSteps()...)
	if w.ntp {
		steps = append(steps, provision.Step{
			Stage: stageConfig, Fields: []string{"time"},
			Does: "sets the clock by " + strings.Join(w.intent.Time.NTP, ", ") + ", with the client that the image has; chrony is installed where it has none",
		})
	}
	if len(w.intent.Packages) > 0 {
		stage := stageFinal
		if w.isOld() {
			stage = stageConfig
		}
		steps = append(steps, provision.Step{
			Stage: stage, Fields: []string{"packages"},
			Does: "fetches the lists of packages and installs " + strings.Join(w.intent.Packages, ", ") + ", which needs a mirror",
		})
	}
	for _, c := range w.commands() {
		if c.does != "" {
			steps = append(steps, provision.Step{Stage: stageFinal, Does: c.does, Fields: fieldList(c.field)})
		}
	}
	return append(steps, planned[started:]...)
}

func fieldList(field string) []string {
	if field == "" {
		return nil
	}
	return []string{field}
}

// arrivalSteps say how the config comes in, and the network up.
func (w *work) arrivalSteps() []provision.Step {
	n := w.intent.Network
	d := w.target.Delivery
	var fields []string
	if w.network.version == 0 && !w.network.files && n.DHCP && n.MAC == "" {
		fields = []string{"network"}
	}
	network := provision.Step{Stage: stageLocal, Fields: fields, Does: "lets the first interface ask for an address by DHCP, the default"}
	if n.MAC != "" && w.network.version > 0 {
		network.Fields = []string{"network"}
		network.Does = fmt.Sprintf("configures the interface %s by network-config version %d: %s", strings.ToLower(n.MAC), w.network.version, addressing(n))
	}
	if d.Kind == distros.DeliverVolume {
		found := provision.Step{Stage: stageLocal, Does: "finds the volume labelled " + d.Label + " and reads its files"}
		return []provision.Step{found, network}
	}
	where := "the SMBIOS serial number"
	if d.SMBIOS == "" {
		where = "the kernel command line"
	}
	steps := []provision.Step{{Stage: stageLocal, Does: "reads in " + where + " that the config is to be had over HTTP"}}
	fetch := provision.Step{Stage: stageInit, Does: "fetches user-data, meta-data and the rest over HTTP"}
	if w.network.version > 0 {
		network.Stage = stageInit
		first := provision.Step{Stage: stageLocal, Does: "lets the first interface ask for an address by DHCP, to fetch the config"}
		return append(steps, first, fetch, network)
	}
	return append(steps, network, fetch)
}

// addressing says what an interface is told.
func addressing(n provision.Network) string {
	parts := slices.Clone(n.Addresses)
	if n.DHCP {
		parts = append([]string{"DHCP"}, parts...)
	}
	if n.Gateway != "" {
		parts = append(parts, "gateway "+n.Gateway)
	}
	if len(n.DNS) > 0 {
		parts = append(parts, "DNS "+strings.Join(n.DNS, " and "))
	}
	return strings.Join(parts, ", ")
}

// unitFileSteps say that units are written; that they start is the plan's.
func (w *work) unitFileSteps() []provision.Step {
	var steps []provision.Step
	for _, u := range w.plan.Units {
		if u.Content != "" {
			steps = append(steps, provision.Step{
				Stage: stageInit, Fields: []string{u.Field},
				Does: fmt.Sprintf("writes %s (0644, %d bytes)", unitPath(u), len(u.Content)),
			})
		}
	}
	return steps
}

func (w *work) userSteps() []provision.Step {
	var steps []provision.Step
	for i, u := range w.intent.Users {
		does := fmt.Sprintf("makes the user %s with %d SSH keys and no password", u.Name, len(u.SSHAuthorizedKeys))
		if len(u.SSHAuthorizedKeys) == 1 {
			does = fmt.Sprintf("makes the user %s with 1 SSH key and no password", u.Name)
		}
		if by := w.target.Distro.Userland.Privilege; by != "" {
			does += ", who becomes root by " + by
		}
		steps = append(steps, provision.Step{Stage: stageInit, Does: does, Fields: []string{fmt.Sprintf("users[%d]", i)}})
	}
	return steps
}
