package distros

import (
	"slices"
	"strings"
)

// JoinWay is how a system becomes a node of a cluster.
type JoinWay string

// The ways of joining.
const (
	JoinsByKubeadm      JoinWay = "kubeadm"      // kubeadm join, started by a systemd unit
	JoinsByTalos        JoinWay = "talos"        // a worker's machine config with the cluster's bootstrap token
	JoinsByBottlerocket JoinWay = "bottlerocket" // settings.kubernetes with the cluster's bootstrap token
	JoinsK3s            JoinWay = "k3s"          // clusters of k3s only
	JoinsNothing        JoinWay = "none"         // no cluster
)

// JoinWays returns the ways in the order they are told.
func JoinWays() []JoinWay {
	return []JoinWay{JoinsByKubeadm, JoinsByTalos, JoinsByBottlerocket, JoinsK3s, JoinsNothing}
}

// Applicable says whether a control plane that kubeadm made can have the
// system as a node.
func (w JoinWay) Applicable() bool { return w != JoinsK3s && w != JoinsNothing }

// Joins says how the system becomes a node of a cluster, and why so, in words
// that follow a colon. It comes from the fact on kubeadm and from what else the
// entry says, and means what distrolab can make it do; whether a release fits a
// version of Kubernetes only rendering tells.
func (d Distro) Joins() (way JoinWay, reason string) {
	fact, known := d.Fact("kubeadm")
	switch {
	case d.Kind == KindProbe:
		return JoinsNothing, "it is a probe guest, which reports what reached it and powers off"
	case !known || fact.Class == "":
		return d.joinsByBundle()
	case fact.Class == "own-join":
		return d.joinsItsWay(fact)
	case fact.Class == "own-kubernetes" && d.Userland.Registries == "k3s":
		return JoinsK3s, because("it joins clusters of k3s, and kubeadm makes none", fact)
	case fact.Class == "own-kubernetes":
		return JoinsNothing, because("a cluster that kubeadm made cannot have it as a node", fact)
	case fact.Class == "none":
		return JoinsNothing, because("it has no way into a cluster that kubeadm made", fact)
	case fact.Class == "extension":
		return d.joinsByKubeadm(because("kubeadm and kubelet are added to its image", fact))
	case fact.Class == "built-in":
		return d.joinsByKubeadm(because("kubeadm and kubelet are in its image", fact))
	default:
		return d.joinsByKubeadm(because("kubeadm and kubelet are packages", fact))
	}
}

// joinsItsWay is for systems with a kubelet and a config format of their own.
func (d Distro) joinsItsWay(fact Fact) (JoinWay, string) {
	switch d.Config.Format {
	case "talos":
		return JoinsByTalos, because("it joins without kubeadm", fact)
	case "bottlerocket":
		return JoinsByBottlerocket, because("it joins without kubeadm", fact)
	}
	return JoinsNothing, because("it joins in a way of its own, which distrolab does not write", fact)
}

// joinsByBundle is for entries that say nothing of kubeadm: the programs come
// with the lab's Kubernetes, and what they need must be there.
func (d Distro) joinsByBundle() (JoinWay, string) {
	if d.Userland.Init != "systemd" || !slices.Contains([]string{"containerd", "flatcar-containerd"}, d.Userland.Registries) {
		return JoinsNothing, "the catalog does not say that it has kubeadm, nor systemd and containerd, to which kubeadm could be added"
	}
	return d.joinsByKubeadm("it has systemd and containerd, to which kubeadm and kubelet are added")
}

// joinsByKubeadm adds what else is needed, or says what stands in the way.
func (d Distro) joinsByKubeadm(reason string) (JoinWay, string) {
	switch {
	case d.Config.Format == "none":
		return JoinsNothing, reason + ", but there is no config that distrolab could write for it"
	case d.Userland.Init != "systemd":
		return JoinsNothing, reason + ", but distrolab starts kubeadm by a systemd unit, and this system does not run systemd"
	}
	if d.Userland.Cgroup == "v1" {
		reason += "; distrolab's config lets a kubelet from 1.35 on run on its cgroup v1"
	}
	if runtime, ok := d.Fact("runtime"); ok && !slices.Contains([]string{"containerd", "cri-o"}, runtime.Class) {
		reason += "; container runtime: " + runtime.Value
	}
	return JoinsByKubeadm, reason
}

// because is what distrolab says, with what the fact says.
func because(lead string, fact Fact) string {
	value := said(fact.Value)
	if fact.Unconfirmed {
		value = strings.TrimPrefix(value+"; unconfirmed", "; ")
	}
	if value == "" {
		return lead
	}
	return lead + " (" + value + ")"
}

// said is a fact without the word of assent or denial before it, which the
// lead says already.
func said(value string) string {
	word, rest := value, ""
	if i := strings.IndexAny(value, ",;:"); i >= 0 {
		word, rest = value[:i], strings.TrimSpace(value[i+1:])
	}
	if slices.Contains([]string{"yes", "no", "none", "impossible"}, word) {
		return rest
	}
	return value
}
