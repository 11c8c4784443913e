package labs

import (
	"net/netip"
	"time"

	"distrolab/labs/cluster"
	"distrolab/labs/machine"
	"distrolab/provision"
)

// ClusterSpec is the cluster of a lab: the control plane, and by what its
// machines join. It holds secrets, as the lab's spec does.
type ClusterSpec struct {
	Kubernetes string           `json:"kubernetes"`         // version, such as v1.36.1
	Bundle     string           `json:"bundle"`             // directory that Kubernetes comes from
	Recipe     *cluster.Recipe  `json:"recipe,omitempty"`   // of the control plane; nil: it exists elsewhere
	External   *ExternalCluster `json:"external,omitempty"` // where it exists
	Token      string           `json:"token"`              // by which the machines join
	Deadline   time.Duration    `json:"deadline_ns"`        // of the control plane, and of each join after its boot
}

// ExternalCluster is a control plane that distrolab did not make.
type ExternalCluster struct {
	Endpoint   string `json:"endpoint"`             // host:port
	Kubeconfig []byte `json:"kubeconfig,omitempty"` // of an administrator; without it nobody watches, and the token must exist
}

// Revealed is the token, for those who create it.
func (c ClusterSpec) Revealed() provision.Secret { return provision.Secret(c.Token) }

// All are the machines of the lab, the control plane first where it has one.
func (s Spec) All() []machine.Spec {
	if s.Cluster == nil || s.Cluster.Recipe == nil {
		return s.Machines
	}
	return append([]machine.Spec{s.Cluster.Recipe.Machine}, s.Machines...)
}

// Role is what one of the lab's machines is in the lab's cluster.
func (s Spec) Role(m machine.Spec) Role {
	switch {
	case s.Cluster == nil:
		return ""
	case s.Cluster.Recipe != nil && m.Name == s.Cluster.Recipe.Machine.Name:
		return RoleControlPlane
	default:
		return RoleWorker
	}
}

// Role is what a machine is in a cluster.
type Role string

// The roles.
const (
	RoleControlPlane Role = "control-plane"
	RoleWorker       Role = "worker"
)

// ControlPlaneName is the machine name of a lab's control plane.
const ControlPlaneName = "control-plane"

// ClusterState says how far a lab's cluster is.
type ClusterState string

// The states of a cluster.
const (
	ClusterRaising ClusterState = "raising" // its control plane is on the way
	ClusterReady   ClusterState = "ready"   // its API answers
	ClusterFailed  ClusterState = "failed"  // see the error
)

// ClusterStatus is the cluster of a [Status].
type ClusterStatus struct {
	Kubernetes string         `json:"kubernetes"`
	State      ClusterState   `json:"state"`
	Step       string         `json:"step,omitempty"` // raising: what is done now
	Error      string         `json:"error,omitempty"`
	Endpoint   string         `json:"endpoint"`             // within the lab
	Local      netip.AddrPort `json:"local"`                // the API on this machine's loopback
	Kubeconfig string         `json:"kubeconfig,omitempty"` // path of the file
}
