package talos

import (
	"fmt"
	"strings"

	"distrolab/distros"
)

// The times at which things happen: Talos's sequences, and its controllers,
// which work beside them from the moment the config is there.
const (
	atInitialize = "initialize sequence"
	atInstall    = "install sequence"
	controllers  = "controllers"
	atBoot       = "boot sequence"
	afterBoot    = "after the boot"
)

// tell puts into words what will happen, and what cannot.
func (p *plan) tell() {
	p.tellConfig()
	p.tellNetwork()
	p.tellKernel()
	p.tellServices()
	p.tellFiles()
	if p.join != nil {
		p.tellJoin()
	} else {
		p.tellOwnCluster()
	}
	p.tellUpdate()
	p.cannot()
}

// tellConfig says how the config arrives and what becomes of it.
func (p *plan) tellConfig() {
	d := p.target.Delivery
	switch {
	case d.Kind == distros.DeliverKernel:
		p.step(atInitialize, "", "unpacks the machine config from the kernel argument talos.config.inline")
	case d.Kind == distros.DeliverAPI:
		p.step(atInitialize, "", "waits in maintenance mode on port 50000 until somebody runs talosctl apply-config --insecure --file %s", mainDocument(d))
	case d.Kind == distros.DeliverHTTP && nocloud(d):
		p.step(atInitialize, "", "reads the lab's address from the SMBIOS serial number and fetches user-data, the machine config, from there")
	case d.Kind == distros.DeliverHTTP:
		p.step(atInitialize, "", "fetches the machine config %s from the address in talos.config", mainDocument(d))
	default:
		p.step(atInitialize, "", "finds the volume %s by its label and reads %s, the machine config", d.Label, mainDocument(d))
	}
	if mode(d).RequiresInstall() {
		p.step(atInstall, "", "writes Talos to %s when it was started from an ISO or over the network; a disk image counts as installed and skips this", installDisk)
	}
	p.step(controllers, "", "keeps the machine config on the partition STATE, where later boots read it")
}

func (p *plan) tellNetwork() {
	node, _, _ := strings.Cut(p.intent.Hostname, ".")
	p.step(controllers, "hostname", "names the machine %s by the document HostnameConfig; the Kubernetes node is called %s", p.intent.Hostname, node)
	n := p.intent.Network
	var parts []string
	if n.DHCP {
		parts = append(parts, "asks for an address by DHCP")
	}
	if len(n.Addresses) > 0 {
		parts = append(parts, "takes "+strings.Join(n.Addresses, " and "))
	}
	if n.Gateway != "" {
		parts = append(parts, "goes out by "+n.Gateway)
	}
	if len(n.DNS) > 0 {
		parts = append(parts, "asks the name servers "+strings.Join(n.DNS, " and "))
	} else if len(n.Addresses) > 0 && !n.DHCP {
		parts = append(parts, "asks Talos's own choice of name servers, 1.1.1.1 and 8.8.8.8")
	}
	switch {
	case n.MAC != "":
		p.step(controllers, "network", "calls the interface %s %s, and there %s", strings.ToLower(n.MAC), linkAlias, strings.Join(parts, ", "))
	case n.DHCP:
		p.step(controllers, "network", "asks for an address by DHCP on every interface, as Talos does by default")
	}
}

func (p *plan) tellKernel() {
	if names := p.intent.Kernel.Modules; len(names) > 0 {
		p.step(controllers, "kernel.modules", "loads the modules %s, if the image has them: only modules signed by its builder", strings.Join(names, ", "))
	}
	if settings := p.intent.Kernel.Sysctl; len(settings) > 0 {
		p.step(controllers, "kernel.sysctl", "sets %d kernel settings below /proc/sys", len(settings))
	}
}

func (p *plan) tellServices() {
	if servers := p.intent.Time.NTP; len(servers) > 0 {
		p.step(controllers, "time", "sets the clock by %s, and lets the boot wait until that has worked once", strings.Join(servers, ", "))
	}
	for _, host := range p.intent.Registries.Hosts() {
		p.step(controllers, fmt.Sprintf("registries.mirrors[%s]", host), "tells containerd to ask %s for images of %s, and %[2]s itself last", strings.Join(p.intent.Registries.Mirrors[host], ", then "), host)
	}
}

func (p *plan) tellFiles() {
	for i, f := range p.intent.Files {
		field := fmt.Sprintf("files[%d]", i)
		switch {
		case f.Source != "":
		case f.Path == runtimePart:
			p.step(atBoot, field, "adds %s (%d bytes, always 0600) to containerd's configuration", f.Path, len(f.Content))
		case writable(f.Path):
			p.step(atBoot, field, "writes %s (%#04o, %d bytes), at every boot anew", f.Path, f.EffectiveMode(), len(f.Content))
		}
	}
}

func (p *plan) tellJoin() {
	p.step(atBoot, "join", "pulls the kubelet's image for Kubernetes %s from ghcr.io/siderolabs/kubelet", p.join.Kubernetes)
	p.step(atBoot, "join", "starts the kubelet, which shows its bootstrap token at %s and joins as a worker; the cluster's CA certificate in the config tells it the right cluster", p.join.Endpoint)
	p.step(atBoot, "join", "gives Pods the DNS server 10.96.0.10, as kubeadm's default Service network has it; another network must be put in cluster.network by hand")
	p.step(afterBoot, "join", "leaves Talos's API without an answer and never says \"machine is running and ready\", because a cluster made by kubeadm has no trustd; after 70 minutes the machine reboots")
}

func (p *plan) tellOwnCluster() {
	p.step(atBoot, "", "makes the machine the control plane of a cluster of its own, at https://%s, on which ordinary Pods may run too", p.endpoint())
	p.step(afterBoot, "", "waits: there is no Kubernetes until somebody runs talosctl bootstrap once with the talosconfig of these secrets")
}

func (p *plan) tellUpdate() {
	auto := p.intent.Update.Auto
	switch {
	case auto == nil:
	case *auto:
		p.gap("update", "Talos never updates by itself; run talosctl upgrade --image with the new release's installer")
	default:
		p.step(afterBoot, "update", "stays at its release: Talos never updates by itself")
	}
}

// cannot lists what no Talos does.
func (p *plan) cannot() {
	for i, u := range p.intent.Users {
		p.gap(fmt.Sprintf("users[%d]", i), "Talos has no accounts, no shell and no SSH, so %s cannot log in; use talosctl with a talosconfig", u.Name)
	}
	for i, u := range p.intent.Units {
		p.gap(fmt.Sprintf("units[%d]", i), "Talos does not run systemd, so %s is no use; run the program as a Pod or bake it into the image as a system extension", u.Name)
	}
	if len(p.intent.Packages) > 0 {
		p.gap("packages", "Talos has no package manager; take an image with system extensions from the image factory, or run the program as a Pod")
	}
	if len(p.intent.Kernel.Args) > 0 {
		p.gap("kernel.args", "Talos takes kernel arguments only into an installed or upgraded image, not at first boot; put them into the schematic of the image factory (customization.extraKernelArgs)")
	}
}
