package kubeadm

import (
	"fmt"
	"path"

	"distrolab/provision"
	"distrolab/provision/internal/yamldoc"
)

// What the kubelet grants the parts of the control plane before it starts one
// anew, in place of kubeadm's 15 s and 8 times: on emulated processors an
// answer takes seconds, and a restart costs minutes.
const (
	probeTimeout  = 60 // seconds
	probeFailures = 30
)

// patientParts are the static pods of the control plane.
func patientParts() []string {
	return []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}
}

// patience are the patches that kubeadm merges into the static pods
// (kubernetes.io, customizing components with the kubeadm API: patches).
func patience() ([]provision.File, error) {
	var files []provision.File
	timeout, failures := entry("timeoutSeconds", yamldoc.Int(probeTimeout)), entry("failureThreshold", yamldoc.Int(probeFailures))
	for _, part := range patientParts() {
		probes := []yamldoc.Pair{words("name", part),
			entry("livenessProbe", yamldoc.Map(timeout, failures)),
			entry("startupProbe", yamldoc.Map(timeout)), // its failures are the document's own timeout
		}
		if part != "kube-controller-manager" { // which has none to merge into
			probes = append(probes, entry("readinessProbe", yamldoc.Map(timeout, failures)))
		}
		text, err := yamldoc.Marshal(yamldoc.Map(entry("spec", yamldoc.Map(entry("containers", yamldoc.List(yamldoc.Map(probes...)))))))
		if err != nil {
			return nil, fmt.Errorf("writing the patch of %s: %w", part, err)
		}
		files = append(files, provision.File{Path: path.Join(patchDirectory, part+"+strategic.yaml"), Content: text, Mode: 0o600})
	}
	return files, nil
}
