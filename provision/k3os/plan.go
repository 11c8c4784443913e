package k3os

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/rancher"
	"distrolab/provision/linux"
)

// The phases in which k3OS works its config off.
const (
	inInitrd = "initrd"
	atBoot   = "boot, before services start"
	runtime  = "runtime, once the network is up"
)

// elsewhere is what to do with what a command line cannot say.
const elsewhere = "use --delivery cdrom or --delivery install"

// plan decides what of an intent k3OS can do, and in which words.
type plan struct {
	intent provision.Intent
	line   *rancher.Line // nil where the config is a document
	config config
	steps  []provision.Step
	gaps   []provision.Gap

	early, later string // phases of what can be done in the initrd, and before services
}

func newPlan(intent provision.Intent, target provision.Target) (*plan, error) {
	p := &plan{intent: intent, early: inInitrd, later: atBoot}
	switch target.Delivery.Kind {
	case distros.DeliverKernel:
		p.line = rancher.NewLine(target.Delivery.Kernel)
	case distros.DeliverVolume:
		p.early, p.later = runtime, runtime
	default:
		p.early = atBoot // of the installed system, which has its config on the disk
	}
	p.arguments()
	p.begin(target.Delivery)
	p.modules()
	p.settings()
	p.hostname()
	p.network()
	p.time()
	p.users()
	if err := p.files(target.Distro.Userland); err != nil {
		return nil, err
	}
	p.update()
	p.never()
	p.steps = append(p.steps, provision.Step{Stage: runtime, Does: "starts k3s, as the only server of a cluster of its own: no k3os.server_url names another"})
	return p, nil
}

// begin says where the config comes from.
func (p *plan) begin(d distros.Delivery) {
	switch d.Kind {
	case distros.DeliverKernel:
		p.steps = append(p.steps, provision.Step{Stage: inInitrd, Does: "reads its config from the kernel command line, in each phase"})
	case distros.DeliverVolume:
		p.steps = append(p.steps, provision.Step{Stage: runtime, Does: "looks for " + d.File + " on CD-ROM drives and reads its config from there"})
	default:
		p.steps = append(p.steps, provision.Step{Stage: "installation", Does: "erases the disk, installs k3OS, keeps the downloaded config as /k3os/system/config.yaml and restarts; the rest happens at every start from then on"})
	}
}

func (p *plan) step(stage, field, does string, args ...any) {
	p.steps = append(p.steps, provision.Step{Stage: stage, Does: fmt.Sprintf(does, args...), Fields: []string{field}})
}

func (p *plan) gap(field, reason string, args ...any) {
	p.gaps = append(p.gaps, provision.Gap{Field: field, Reason: fmt.Sprintf(reason, args...)})
}

// say puts words on the command line, when the config is one. Where they do
// not fit the field is a gap and say returns false.
func (p *plan) say(field string, words ...string) bool {
	if p.line == nil || p.line.Add(words...) {
		return true
	}
	p.gap(field, "does not fit on the kernel command line any more; %s", elsewhere)
	return false
}

// arguments can only be said where the lab writes the command line.
func (p *plan) arguments() {
	var taken []string
	for i, arg := range p.intent.Kernel.Args {
		field := fmt.Sprintf("kernel.args[%d]", i)
		switch reason := rancher.Foreign(arg, reserved); {
		case p.line == nil:
			p.gap(field, "the kernel runs before this config is read; use --delivery kernel")
		case reason != "":
			p.gap(field, "%s", reason)
		case p.say(field, arg):
			taken = append(taken, arg)
		}
	}
	if len(taken) > 0 {
		p.step("kernel", "kernel.args", "starts with %s", strings.Join(taken, " "))
	}
}

// reserved reports whether k3OS takes the argument for a part of its config,
// or its scripts for an order to them.
func reserved(arg string) bool {
	key, _, _ := strings.Cut(arg, "=")
	key, _, _ = strings.Cut(key, ".")
	_, known := model().Root.Field(canonical(key))
	return known || arg == "rescue"
}

func (p *plan) modules() {
	modules := distinct(p.intent.Kernel.Modules)
	if len(modules) > 0 && p.say("kernel.modules", each("k3os.modules", modules)...) {
		p.config.modules = modules
		p.step(p.early, "kernel.modules", "loads %s", strings.Join(modules, ", "))
	}
}

// settings go through every dot to /proc/sys. On the command line the name is
// written with slashes, because there a dot ends a key.
func (p *plan) settings() {
	var set []string
	for _, name := range slices.Sorted(maps.Keys(p.intent.Kernel.Sysctl)) {
		value := p.intent.Kernel.Sysctl[name]
		field := "kernel.sysctl[" + name + "]"
		place, ok := rancher.SettingPath(name)
		word, fits := quote("k3os.sysctls."+place, value)
		switch {
		case !ok:
			p.gap(field, "k3OS takes every dot in a setting's name for a slash; write the setting from a script under files")
		case p.line != nil && !fits:
			p.gap(field, "its value has signs that do not survive on the kernel command line; %s", elsewhere)
		case p.say(field, word):
			p.config.settings = append(p.config.settings, pair{rancher.SettingName(place), value})
			set = append(set, rancher.SettingName(place))
		}
	}
	if len(set) > 0 {
		p.step(p.early, "kernel.sysctl", "sets %s", strings.Join(set, ", "))
	}
}

func (p *plan) hostname() {
	if p.say("hostname", "hostname="+p.intent.Hostname) {
		p.config.hostname = p.intent.Hostname
		p.step(p.early, "hostname", "names the machine %s; a name from DHCP takes its place", p.intent.Hostname)
	}
}

// time names the servers, which k3OS asks when DHCP names none.
func (p *plan) time() {
	servers := p.intent.Time.NTP
	if len(servers) > 0 && p.say("time", each("k3os.ntp_servers", servers)...) {
		p.config.servers = servers
		p.step(p.later, "time", "lets connman set the clock by %s, when DHCP names no other", strings.Join(servers, ", "))
	}
}

// users: one account is there, and nothing makes another.
func (p *plan) users() {
	for i, u := range p.intent.Users {
		field := fmt.Sprintf("users[%d]", i)
		if u.Name != rancher.Account {
			p.gap(field+".name", "the account %s is not made: the one account of k3OS is %s, who may become root by sudo", u.Name, rancher.Account)
		}
		added := 0
		for k, line := range u.SSHAuthorizedKeys {
			if p.key(fmt.Sprintf("%s.ssh_authorized_keys[%d]", field, k), line) {
				added++
			}
		}
		switch {
		case added > 0:
			p.step(p.later, field, "lets the SSH keys of %s (%d) log in as %s", u.Name, added, rancher.Account)
		case len(u.SSHAuthorizedKeys) == 0:
			p.step(p.later, field, "lets nobody new log in: %s has no SSH key", u.Name)
		}
	}
	p.config.keys = distinct(p.config.keys)
}

// key adds one key. Its comment is free text, and some of k3OS's scripts split
// the command line at every space: there the comment is left out.
func (p *plan) key(field, line string) bool {
	if p.line == nil {
		p.config.keys = append(p.config.keys, line)
		return true
	}
	key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil || len(options) > 0 {
		p.gap(field, "begins with options, whose quotes do not survive on the kernel command line; %s", elsewhere)
		return false
	}
	word := `ssh_authorized_keys="` + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) + `"`
	return p.said(word) || p.say(field, word)
}

// said reports whether the word is on the line.
func (p *plan) said(word string) bool { return p.line.Has(word) }

// files are the intent's own and those that name mirrors.
func (p *plan) files(u distros.Userland) error {
	mirrors := p.intent.Registries
	if p.line != nil {
		for i, f := range p.intent.Files {
			p.gap(fmt.Sprintf("files[%d]", i), "%s cannot be said on the kernel command line; %s", f.Path, elsewhere)
		}
		if len(mirrors.Mirrors) > 0 {
			p.gap("registries", "mirrors stand in a file, which cannot be said on the kernel command line; %s", elsewhere)
		}
		return nil
	}
	planned, err := linux.Make(provision.Intent{Files: p.intent.Files, Registries: mirrors}, u, linux.FetchByUnit)
	if err != nil {
		return err
	}
	for _, f := range planned.Files {
		if slices.ContainsFunc(p.config.files, func(o provision.File) bool { return o.Path == f.Path }) {
			p.gap(f.Field, "the file %s is taken by network", f.Path)
			continue
		}
		p.config.files = append(p.config.files, f.File)
	}
	p.steps = append(p.steps, linux.Plan{Files: planned.Files}.Steps(p.later, p.later)...)
	p.gaps = append(p.gaps, planned.Gaps...)
	return nil
}

// update sets the label by which k3OS's controller finds nodes to update.
func (p *plan) update() {
	switch auto := p.intent.Update.Auto; {
	case auto == nil:
	case !*auto:
		p.step(runtime, "update", "leaves updates alone: without the label k3os.io/upgrade nothing updates the node")
	case p.line != nil:
		p.gap("update", "the label k3os.io/upgrade has a dot, which ends a key on the kernel command line; %s", elsewhere)
	default:
		p.config.labels = append(p.config.labels, pair{"k3os.io/upgrade", "latest"})
		p.step(runtime, "update", "labels the node k3os.io/upgrade=latest, so that a controller in the cluster updates it")
	}
}

// never lists what k3OS has no words for.
func (p *plan) never() {
	for i, u := range p.intent.Units {
		p.gap(fmt.Sprintf("units[%d]", i), "%s is a systemd unit, and k3OS runs OpenRC; write a script to /etc/local.d/NAME.start (mode 0755) under files", u.Name)
	}
	if len(p.intent.Packages) > 0 {
		p.gap("packages", "k3OS has no package manager; run the program as a container")
	}
	if p.intent.Node != nil {
		p.gap("node", "k3OS is a node of k3s, whose programs are in its image; no others can be brought")
	}
	if p.intent.Join != nil {
		p.gap("join", "k3OS joins clusters of k3s only, and kubeadm made this one; to join k3s set k3os.server_url and k3os.token by hand")
	}
}
