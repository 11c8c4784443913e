package provision

import (
	"fmt"
	"slices"
	"strings"
)

// Paths that renderers write for parts of an Intent; its files may not.
const (
	HostnamePath = "/etc/hostname"                      // hostname
	ModulesPath  = "/etc/modules-load.d/distrolab.conf" // kernel.modules
	SysctlPath   = "/etc/sysctl.d/90-distrolab.conf"    // kernel.sysctl
	UnitDir      = "/etc/systemd/system"                // units with content
	SudoersPath  = "/etc/sudoers.d/90-distrolab"        // users
	FetchPath    = "/etc/distrolab/fetch"               // files with a source, where a unit fetches them
	FetchUnit    = "distrolab-fetch.service"            // the same
	BundlePath   = "/opt/distrolab/kubernetes.tar"      // node.bundle and join.bundle, until it is unpacked
	UnpackPath   = "/etc/distrolab/unpack"              // the same
	BundleUnit   = "distrolab-bundle.service"           // the same
	JoinPath     = "/etc/distrolab/kubeadm-join.yaml"   // join
	JoinScript   = "/etc/distrolab/join"                // join
	JoinUnit     = "distrolab-join.service"             // join
)

// reserved reports whether a renderer may write the path for a part of an
// Intent other than its files.
func reserved(path string) bool {
	return slices.Contains([]string{
		ModulesPath, SysctlPath, SudoersPath, FetchPath, BundlePath, UnpackPath, JoinPath, JoinScript,
		UnitDir + "/" + FetchUnit, UnitDir + "/" + BundleUnit, UnitDir + "/" + JoinUnit,
	}, path)
}

// KubernetesNode is what the machine needs as a node of a cluster, whether it
// joins one or not; false when it is none.
func (i Intent) KubernetesNode() (Node, bool) {
	switch {
	case i.Join != nil:
		return Node{Bundle: i.Join.Bundle, Pods: i.Join.Pods}, true
	case i.Node != nil:
		return *i.Node, true
	}
	return Node{}, false
}

// DefaultIntent is what a machine gets when nobody wrote an intent: a name,
// one user with keys, and the system's own network default, which is DHCP.
func DefaultIntent(hostname, user string, keys []string) Intent {
	return Intent{
		Hostname: hostname,
		Users:    []User{{Name: user, SSHAuthorizedKeys: slices.Clone(keys)}},
		Network:  Network{DHCP: true},
	}
}

// EffectiveMode is the mode the file gets: 0644 when none was asked for.
func (f File) EffectiveMode() int {
	if f.Mode == 0 {
		return 0o644
	}
	return f.Mode
}

// AllFiles lists the intent's files and those that stand for its kernel
// modules and settings, in this order.
func (i Intent) AllFiles() []File {
	files := slices.Clone(i.Files)
	if len(i.Kernel.Modules) > 0 {
		files = append(files, File{Path: ModulesPath, Content: strings.Join(i.Kernel.Modules, "\n") + "\n"})
	}
	if len(i.Kernel.Sysctl) > 0 {
		files = append(files, File{Path: SysctlPath, Content: sysctlText(i.Kernel.Sysctl)})
	}
	return files
}

// sysctlText writes the settings sorted by key, so that equal intents render
// to equal bytes.
func sysctlText(settings map[string]string) string {
	var lines []string
	for key, value := range settings {
		lines = append(lines, fmt.Sprintf("%s = %s\n", key, value))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
