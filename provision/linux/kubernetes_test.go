package linux_test

import (
	"slices"
	"strings"
	"testing"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/kubeadm"
	"distrolab/provision/linux"
)

func unitOf(p linux.Plan, name string) (linux.Unit, bool) {
	for _, u := range p.Units {
		if u.Name == name {
			return u, true
		}
	}
	return linux.Unit{}, false
}

// TestBundledNode: with a bundle the programs come, are unpacked and run, and
// containerd finds the network plugins, whatever else the system has.
func TestBundledNode(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*distros.Userland)
		selinux bool
		enabled bool // containerd, which the image leaves off
	}{
		"Debian":        {func(u *distros.Userland) { u.Usr = "writable" }, false, false},
		"Flatcar":       {func(u *distros.Userland) { u.Registries = "flatcar-containerd" }, true, false},
		"Fedora CoreOS": {func(u *distros.Userland) { u.Registries = "containers" }, true, true},
		"with Docker":   {func(u *distros.Userland) { u.Registries = "docker" }, false, false},
		"unknown":       {func(u *distros.Userland) { u.Registries = "" }, false, false},
	} {
		u := whole()
		c.change(&u)
		for _, mirrored := range []bool{true, false} {
			intent := intenttest.Full()
			intent.Units = nil
			if !mirrored {
				intent.Registries = provision.Registries{}
			}
			p := plan(t, intent, u)
			settings, _ := content(p, linux.ContainerdPath)
			if !strings.Contains(settings, `bin_dir = "/opt/cni/bin"`) || !strings.Contains(settings, "SystemdCgroup = true") {
				t.Errorf("%s, mirrors %v: containerd's settings are\n%s", name, mirrored, settings)
			}
			if got := strings.Contains(settings, "enable_selinux = true"); got != c.selinux {
				t.Errorf("%s: SELinux %v", name, got)
			}
			if _, hosts := content(p, "/etc/containerd/certs.d/registry.k8s.io/hosts.toml"); hosts != mirrored {
				t.Errorf("%s: mirrors for containerd: %v, want %v", name, hosts, mirrored)
			}
			if _, got := unitOf(p, "containerd.service"); got != c.enabled {
				t.Errorf("%s: containerd enabled: %v", name, got)
			}
			for _, unit := range []string{provision.FetchUnit, provision.BundleUnit, kubeadm.KubeletUnit, provision.JoinUnit} {
				if got, ok := unitOf(p, unit); !ok || !got.Enabled {
					t.Errorf("%s: the unit %s is there: %v, enabled: %v", name, unit, ok, got.Enabled)
				}
			}
			if slices.Contains(gapFields(p), "registries") {
				t.Errorf("%s: registries is a gap: %v", name, p.Gaps)
			}
		}
	}
}

// TestNodeDoesNotJoin: programs, network, modules and settings, and nothing
// that joins.
func TestNodeDoesNotJoin(t *testing.T) {
	intent := intenttest.Minimal()
	intent.Node = &provision.Node{Bundle: intenttest.Bundle(), Pods: "10.244.0.0/24"}
	p := plan(t, intent, whole())
	for path, want := range map[string]string{
		kubeadm.NetworkPath:    `"subnet": "10.244.0.0/24"`,
		provision.ModulesPath:  "br_netfilter\n",
		provision.SysctlPath:   "net.ipv4.ip_forward = 1\n",
		provision.FetchPath:    "fetch 0644 /opt/distrolab/kubernetes.tar " + intenttest.Sum + " http://192.168.50.1/kubernetes.tar\n",
		linux.ContainerdPath:   "/opt/cni/bin",
		provision.UnpackPath:   "restorecon",
		"/etc/containerd/none": "",
	} {
		if got, _ := content(p, path); !strings.Contains(got, want) {
			t.Errorf("%s holds %q, want %q in it", path, got, want)
		}
	}
	for _, u := range p.Units {
		if u.Name == provision.JoinUnit {
			t.Error("a node that does not join has the unit that does")
		}
	}
	intent.Node = &provision.Node{}
	if p := plan(t, intent, whole()); len(p.Fetched)+len(p.Gaps) > 0 || len(p.Notes) == 0 {
		t.Errorf("a node with its own programs: fetched %v, gaps %v, notes %v", p.Fetched, p.Gaps, p.Notes)
	}
}

// TestManualJoinWaits: everything is there and the unit is not enabled.
func TestManualJoinWaits(t *testing.T) {
	intent := intenttest.Full()
	intent.Join.Manual = true
	p := plan(t, intent, whole())
	if u, ok := unitOf(p, provision.JoinUnit); !ok || u.Enabled || u.Field != "join.manual" {
		t.Errorf("the unit is there: %v, %+v", ok, u)
	}
	if u, _ := unitOf(p, provision.BundleUnit); !u.Enabled {
		t.Error("the programs are not unpacked before")
	}
}
