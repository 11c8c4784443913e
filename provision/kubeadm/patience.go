package kubeadm

import (
	"fmt"
	"path"

	"distrolab/provision"
	"distrolab/provision/internal/yamldoc"
)

// How the kubelet asks the parts of the control plane how they are, in seconds
// and times. kubeadm has it ask every second whether three of them are ready,
// and start one anew that answers late. On emulated processors each question is
// a TLS handshake too many: they took half of the machine, and a restart costs
// minutes. Nothing of a join waits for the answers.
const (
	probeTimeout    = 60 // kubeadm's: 15
	probeFailures   = 15 // kubeadm's: 8 of liveness, 3 of readiness
	livenessPeriod  = 30 // kubeadm's: 10
	readinessPeriod = 15 // kubeadm's: 1
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
	every := func(seconds int) yamldoc.Pair { return entry("periodSeconds", yamldoc.Int(seconds)) }
	for _, part := range patientParts() {
		probes := []yamldoc.Pair{words("name", part),
			entry("livenessProbe", yamldoc.Map(timeout, failures, every(livenessPeriod))),
			entry("startupProbe", yamldoc.Map(timeout)), // its failures are the document's own timeout
		}
		if part != "kube-controller-manager" { // which has none to merge into
			probes = append(probes, entry("readinessProbe", yamldoc.Map(timeout, failures, every(readinessPeriod))))
		}
		text, err := yamldoc.Marshal(yamldoc.Map(entry("spec", yamldoc.Map(entry("containers", yamldoc.List(yamldoc.Map(probes...)))))))
		if err != nil {
			return nil, fmt.Errorf("writing the patch of %s: %w", part, err)
		}
		files = append(files, provision.File{Path: path.Join(patchDirectory, part+"+strategic.yaml"), Content: text, Mode: 0o600})
	}
	return files, nil
}
