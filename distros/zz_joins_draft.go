package distros

// DRAFT by the lead so that cmd compiles. Helper D: delete this file when yours is there (same names please).

// JoinWay is how a system joins a cluster of kubeadm.
type JoinWay string

// The ways.
const (
	JoinsByKubeadm      JoinWay = "kubeadm"
	JoinsByBottlerocket JoinWay = "bottlerocket"
	JoinsByTalos        JoinWay = "talos"
	JoinsK3s            JoinWay = "k3s"
	JoinsNothing        JoinWay = "none"
)

// Joins says how the system joins a cluster of kubeadm, and why not.
func (d Distro) Joins() (JoinWay, string) {
	switch d.Name {
	case "k3os", "kairos":
		return JoinsK3s, "it joins k3s"
	case "rancheros", "burmillaos", "linuxkit":
		return JoinsNothing, "it has no kubelet"
	case "talos":
		return JoinsByTalos, ""
	case "bottlerocket":
		return JoinsByBottlerocket, ""
	}
	return JoinsByKubeadm, ""
}
