package bottlerocket

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// What kubeadm gives a cluster unless told otherwise; the intent has no words
// for it.
const (
	clusterDNS    = "10.96.0.10"
	clusterDomain = "cluster.local"
)

// The kubelet of the last published metal variant, and the newest API server
// that takes it (Kubernetes' rule of three minor versions).
const (
	kubeletMinor = 28
	newestServer = 31
)

// The stages, in the system's own words.
const (
	atKernel   = "kernel"
	atNetdog   = "netdog"            // before networkd
	atSettings = "early-boot-config" // reads user data
	atApply    = "thar-be-settings"  // writes files from the settings
	atKubelet  = "kubelet"
	atHost     = "host-containers"
)

// settings turns the rest of the intent into settings, in the order in which
// they have an effect.
func (w *writer) settings() {
	w.plainStep(atSettings, "reads the settings, once in the life of the machine: a change of the file later has no effect")
	w.update()
	name := w.intent.Hostname
	w.user.Settings.Network = &networkSettings{Hostname: &name}
	w.step(atApply, "hostname", "sets the host name %s, from settings.network.hostname", name)
	w.nameServers()
	w.files()
	w.kernel()
	w.time()
	w.registries()
	w.join()
	w.users()
	for i, u := range w.intent.Units {
		w.gap(fmt.Sprintf("units[%d]", i), "%s is left out: /etc is made anew at every boot and the rest is read-only; run the program as a pod or in a host container", u.Name)
	}
	if len(w.intent.Packages) > 0 {
		w.gap("packages", "there is no package manager; put programs into a container, such as the admin container")
	}
}

// files can only be the message of the day.
func (w *writer) files() {
	w.cfg.Gaps = append(w.cfg.Gaps, w.intent.Unfetched("Bottlerocket")...)
	for i, f := range w.intent.Files {
		field := fmt.Sprintf("files[%d]", i)
		switch {
		case f.Source != "":
		case f.Path != "/etc/motd":
			w.gap(field, "%s is left out: /etc is made anew from the settings at every boot and the rest is read-only; mount a ConfigMap into a pod, or write below /local by a bootstrap container", f.Path)
		case !utf8.ValidString(f.Content):
			w.gap(field, "%s becomes settings.motd, which must be UTF-8", f.Path)
		default:
			content := f.Content
			w.user.Settings.Motd = &content
			w.step(atApply, field, "writes /etc/motd (%d bytes), from settings.motd", len(content))
			if f.EffectiveMode() != 0o644 {
				w.gap(field+".mode", "the system chooses the mode of /etc/motd")
			}
		}
	}
}

// kernel has settings for modules and for /proc/sys.
func (w *writer) kernel() {
	k := w.intent.Kernel
	settings := kernelSettings{}
	yes := true
	for _, module := range k.Modules {
		if settings.Modules == nil {
			settings.Modules = map[string]*kernelModule{}
		}
		settings.Modules[module] = &kernelModule{Allowed: &yes, Autoload: &yes}
	}
	if len(k.Modules) > 0 {
		w.step(atApply, "kernel.modules", "loads %s, from settings.kernel.modules", strings.Join(k.Modules, ", "))
	}
	for key, value := range k.Sysctl {
		if !isSysctl(key) {
			continue
		}
		if settings.Sysctl == nil {
			settings.Sysctl = map[string]string{}
		}
		settings.Sysctl[key] = value
	}
	if len(settings.Sysctl) > 0 {
		w.step(atApply, "kernel.sysctl", "corndog sets %s, from settings.kernel.sysctl", counted(len(settings.Sysctl), "kernel setting"))
	}
	for _, key := range sorted(k.Sysctl) {
		if !isSysctl(key) {
			w.gap("kernel.sysctl["+key+"]", "the name of a setting may only hold letters, digits, dots, slashes, - and _ here, at most 128")
		}
	}
	if settings.Modules != nil || settings.Sysctl != nil {
		w.user.Settings.Kernel = &settings
	}
}

// time takes names and IPv4 addresses: the setting is read as a URL, in which
// an IPv6 address is none.
func (w *writer) time() {
	var servers []string
	for i, server := range w.intent.Time.NTP {
		if strings.Contains(server, ":") {
			w.gap(fmt.Sprintf("time.ntp[%d]", i), "settings.ntp.time-servers takes names and IPv4 addresses; give %s a name", server)
			continue
		}
		servers = append(servers, server)
	}
	if len(servers) > 0 {
		w.user.Settings.NTP = &ntpSettings{TimeServers: servers}
		w.step(atApply, "time", "lets chronyd set the clock by %s, from settings.ntp.time-servers", strings.Join(servers, " and "))
	}
}

func (w *writer) registries() {
	var mirrors []*registryMirror
	for _, host := range w.intent.Registries.Hosts() {
		mirrors = append(mirrors, &registryMirror{Registry: &host, Endpoint: w.intent.Registries.Mirrors[host]})
	}
	if len(mirrors) > 0 {
		w.user.Settings.ContainerRegistry = &registrySettings{Mirrors: mirrors}
		w.step(atApply, "registries", "names the mirrors of %s to both containerds, from settings.container-registry.mirrors", strings.Join(w.intent.Registries.Hosts(), " and "))
	}
}

func (w *writer) update() {
	switch auto := w.intent.Update.Auto; {
	case auto == nil:
	case *auto:
		w.gap("update", "nothing on the host updates by itself; install the operator brupop in the cluster, or run apiclient update check, apply and reboot")
	default:
		w.step(atSettings, "update", "leaves updates alone: a machine updates only when apiclient or the operator brupop tells it to")
	}
}

// join brings the kubelet to a cluster; without one it runs by itself, which
// lets the boot come to its end.
func (w *writer) join() {
	j := w.intent.Join
	k := &kubernetesSettings{}
	w.user.Settings.Kubernetes = k
	w.cfg.Gaps = append(w.cfg.Gaps, w.intent.OwnKubelet("Bottlerocket")...)
	yes, no, mode, provider, domain := true, false, "tls", "", clusterDomain
	if j == nil {
		k.StandaloneMode = &yes
		w.plainStep(atKubelet, "runs the kubelet without a cluster, from settings.kubernetes.standalone-mode")
		return
	}
	server, token := "https://"+j.Endpoint, j.Token.Reveal()
	ca := base64.StdEncoding.EncodeToString([]byte(j.CA))
	k.APIServer, k.BootstrapToken, k.ClusterCertificate = &server, &token, &ca
	k.ClusterDNSIP, k.ClusterDomain, k.AuthenticationMode = clusterDNS, &domain, &mode
	k.CloudProvider, k.ServerTLSBootstrap = &provider, &no
	w.step(atKubelet, "join", "joins %s by the bootstrap token and knows it by its CA; no kubeadm takes part", server)
	w.step(atKubelet, "join", "gives pods the name server %s and the domain %s, which are kubeadm's defaults and no part of the intent", clusterDNS, clusterDomain)
	if minor, err := j.Minor(); err == nil && w.metal && (minor < kubeletMinor || minor > newestServer) {
		w.gap("join.kubernetes", "the kubelet is the image's own, and that of metal-k8s-1.%d joins API servers from v1.%d to v1.%d, not %s; join an older cluster or build a newer variant", kubeletMinor, kubeletMinor, newestServer, j.Kubernetes)
	}
}

// users have no accounts; their keys open the admin container.
func (w *writer) users() {
	var keys []string
	for _, u := range w.intent.Users {
		keys = append(keys, u.SSHAuthorizedKeys...)
	}
	for i, u := range w.intent.Users {
		field := fmt.Sprintf("users[%d]", i)
		w.gap(field+".name", "the host has no accounts, and SSH ends in the admin container as ec2-user, not as %s; `sudo sheltie` there is root on the host", u.Name)
		if len(u.SSHAuthorizedKeys) > 0 {
			w.step(atHost, field, "lets the keys of %s into the admin container (port 22, user ec2-user), whose image is pulled from public.ecr.aws: a closed lab has no SSH", u.Name)
		}
	}
	if len(keys) == 0 {
		return
	}
	var access struct {
		SSH struct {
			Keys []string `json:"authorized-keys"`
		} `json:"ssh"`
	}
	access.SSH.Keys = keys
	text, err := json.Marshal(access)
	if err != nil { // texts always marshal
		w.gap("users", "the keys cannot be written: %v", err)
		return
	}
	yes, data := true, base64.StdEncoding.EncodeToString(text)
	w.user.Settings.HostContainers = map[string]*hostContainer{"admin": {Enabled: &yes, Superpowered: &yes, UserData: &data}}
}

// kernelArguments become the kernel's boot configuration, behind those without
// which nothing would be seen or no interface found.
func (w *writer) kernelArguments() {
	w.boot = []parameter{{"console", []string{"ttyS0,115200n8"}}}
	w.plainStep(atKernel, "reads "+bootConfigFile+" and shows its messages on ttyS0")
	if w.intent.Network.MAC == "" {
		w.boot = append(w.boot, parameter{"net.ifnames", []string{"0"}})
		w.plainStep(atKernel, "is told net.ifnames=0, so that the only network card is "+firstInterface)
	}
	var taken []string
	for i, argument := range w.intent.Kernel.Args {
		why := ""
		if strings.HasPrefix(argument, "net.ifnames=") && w.intent.Network.MAC == "" {
			why = "without network.mac the interface is found by the name that net.ifnames=0 gives it"
		} else {
			w.boot, why = addParameter(w.boot, argument)
		}
		if why != "" {
			w.gap(fmt.Sprintf("kernel.args[%d]", i), "%s", why)
			continue
		}
		taken = append(taken, argument)
	}
	if len(taken) > 0 {
		w.step(atKernel, "kernel.args", "takes %s from %s, at this first boot already", strings.Join(taken, " "), bootConfigFile)
	}
}

// kernelGap is said of a vmware variant.
func (w *writer) kernelGap() {
	if len(w.intent.Kernel.Args) > 0 {
		w.gap("kernel.args", "a CD-ROM is read long after the kernel; settings.boot.kernel-parameters with reboot-to-reconcile would cost a second boot, and a lab's first boot is one boot")
	}
}
