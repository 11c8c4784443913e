package distros

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What a person would say of each system, by hand.
func TestHowEverySystemJoins(t *testing.T) {
	exceptions := map[string]JoinWay{
		"alpine": JoinsNothing, // OpenRC
		"talos":  JoinsByTalos, "bottlerocket": JoinsByBottlerocket, "k3os": JoinsK3s, "kairos": JoinsK3s,
		"rancheros": JoinsNothing, "burmillaos": JoinsNothing, "linuxkit": JoinsNothing, "buildroot": JoinsNothing,
		"gokrazy": JoinsNothing, "google-cos": JoinsNothing, "nixos": JoinsNothing, "probe": JoinsNothing,
	}
	for _, d := range load(t).All() {
		want, special := exceptions[d.Name]
		if !special {
			want = JoinsByKubeadm
		}
		way, reason := d.Joins()
		if way != want {
			t.Errorf("%s joins by %s, not %s", d.Name, way, want)
		}
		if len(reason) < 25 || strings.HasSuffix(reason, ".") || strings.ToUpper(reason[:1]) == reason[:1] {
			t.Errorf("%s: %q does not follow a colon", d.Name, reason)
		}
		if !slices.Contains(JoinWays(), way) || way.Applicable() != slices.Contains(JoinWays()[:3], way) {
			t.Errorf("%s: %s, applicable %v", d.Name, way, way.Applicable())
		}
	}
}

func TestReasonsOfJoining(t *testing.T) {
	all := load(t)
	for name, want := range map[string]string{
		"k3os":           "it joins clusters of k3s, and kubeadm makes none (joins as an agent of k3s (1.22), a cut-down Kubernetes)",
		"rancheros":      "a cluster that kubeadm made cannot have it as a node (no CRI socket; Kubernetes came as Rancher or RKE over Docker)",
		"gokrazy":        "it has no way into a cluster that kubeadm made",
		"bottlerocket":   "it joins without kubeadm (the node joins by its own settings and a bootstrap token)",
		"flatcar":        "kubeadm and kubelet are added to its image (kubelet and kubeadm come as a sysext image; 1.34 to 1.36 tested)",
		"ubuntu-2404":    "kubeadm and kubelet are packages (from Kubernetes' own deb packages); container runtime: none in the image; containerd is a package",
		"debian-local":   "kubeadm and kubelet are packages (from Kubernetes' own packages; unconfirmed)",
		"coreos-standin": "it has systemd and containerd, to which kubeadm and kubelet are added",
	} {
		d, err := all.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, reason := d.Joins(); reason != want {
			t.Errorf("%s: %q", name, reason)
		}
	}
}

// A person's own entry may say little, or what no entry of ours does.
func TestJoiningOfOwnEntries(t *testing.T) {
	fact := func(class, value string) []Fact { return []Fact{{Key: "kubeadm", Class: class, Value: value}} }
	systemd := Userland{Init: "systemd", Registries: "containerd"}
	cloud := ConfigProfile{Format: "cloud-init"}
	for name, c := range map[string]struct {
		entry Distro
		way   JoinWay
		says  string
	}{
		"nothing known":       {Distro{Config: cloud}, JoinsNothing, "the catalog does not say that it has kubeadm"},
		"no fact":             {Distro{Config: cloud, Userland: systemd}, JoinsByKubeadm, "it has systemd and containerd"},
		"fact without class":  {Distro{Config: cloud, Userland: systemd, Facts: fact("", "maybe")}, JoinsByKubeadm, "it has systemd and containerd"},
		"built in":            {Distro{Config: cloud, Userland: systemd, Facts: fact("built-in", "yes")}, JoinsByKubeadm, "kubeadm and kubelet are in its image"},
		"no config":           {Distro{Config: ConfigProfile{Format: "none"}, Userland: systemd, Facts: fact("packages", "yes")}, JoinsNothing, "no config that distrolab could write"},
		"another own way":     {Distro{Config: cloud, Userland: systemd, Facts: fact("own-join", "by magic")}, JoinsNothing, "which distrolab does not write (by magic)"},
		"old control groups":  {Distro{Config: cloud, Userland: Userland{Init: "systemd", Cgroup: "v1"}, Facts: fact("packages", "yes")}, JoinsByKubeadm, "cgroup v1"},
		"own k3s":             {Distro{Userland: Userland{Registries: "k3s"}, Facts: fact("own-kubernetes", "no")}, JoinsK3s, "it joins clusters of k3s"},
		"a probe with a fact": {Distro{Kind: KindProbe, Userland: systemd, Facts: fact("packages", "yes")}, JoinsNothing, "probe guest"},
	} {
		if way, reason := c.entry.Joins(); way != c.way || !strings.Contains(reason, c.says) {
			t.Errorf("%s: %s, %q", name, way, reason)
		}
	}
}

// docs/catalog.md has a table of who joins how.
func TestManualSaysWhoJoinsHow(t *testing.T) {
	by := map[JoinWay][]string{}
	for _, d := range load(t).All() {
		way, _ := d.Joins()
		by[way] = append(by[way], d.Name)
	}
	text := manual(t)
	for _, way := range JoinWays() {
		row := fmt.Sprintf("| %s | `%s` | ", strings.Join(by[way], ", "), way)
		if !strings.Contains(text, "\n"+row) {
			t.Errorf("docs/catalog.md has no row that begins with\n%s", row)
		}
	}
}

// A line that explains a failure with one delivery may be what has to come
// with another.
func TestFaultsDependOnTheDelivery(t *testing.T) {
	talos, err := load(t).Find("talos")
	if err != nil {
		t.Fatal(err)
	}
	for delivery, fault := range map[DeliveryKind]bool{DeliverVolume: true, DeliverAPI: false} {
		boot := talos.Boot.For(delivery)
		has := slices.ContainsFunc(boot.Faults, func(f Fault) bool { return f.Pattern == "entering maintenance service" })
		if has != fault || len(boot.Faults) < 2 {
			t.Errorf("%s: the wait for a config is a fault: %v", delivery, has)
		}
	}
	if len(talos.Boot.Faults) != 3 {
		t.Errorf("the entry was changed: %v", talos.Boot.Faults)
	}
	got := problemsOf(t, "boot: {", "boot: {faults: [{pattern: x, cause: y, except: [api, carrier-pigeon]}], ")
	if len(got) != 1 || !strings.Contains(got[0], `boot.faults[0].except[1]: "carrier-pigeon" is not one of fw_cfg`) {
		t.Errorf("%q", got)
	}
}
