package kubeadm

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"distrolab/provision"
)

// ControlPlaneUnit makes the cluster, once.
const ControlPlaneUnit = "distrolab-control-plane.service"

// The lines by which a control plane says on its console how kubeadm ended.
const (
	ControlPlaneStarted = "distrolab: control plane started"
	ControlPlaneReady   = "distrolab: control plane ready"
	ControlPlaneFailed  = "distrolab: control plane failed"
)

// AuditLog is where the API server writes its audit events, one JSON object a
// line.
const AuditLog = "/var/log/kubernetes/audit.log"

// The files of a control plane.
const (
	authorityPath    = "/etc/kubernetes/pki/ca.crt"
	authorityKeyPath = "/etc/kubernetes/pki/ca.key"
	initPath         = "/etc/distrolab/kubeadm-init.yaml"
	auditPath        = "/etc/distrolab/audit-policy.yaml"
	controlScript    = "/etc/distrolab/control-plane"
	controlMark      = "/var/lib/distrolab/control-plane-ready"
)

// ControlPlane is a cluster of one control plane, made by kubeadm init with a
// CA that exists before it.
type ControlPlane struct {
	Authority
	Endpoint      string   // host:port of its API, as nodes and people reach it
	ExtraNames    []string // further names and addresses in the API's certificate
	Kubernetes    string   // version, such as v1.36.1
	PodSubnet     string   // CIDR of all pods
	ServiceSubnet string   // CIDR of services; kubeadm's default when empty
	Token         provision.Secret
	Bundle        *provision.NodeBundle // nil: the system has kubeadm and the kubelet itself
	Pods          string                // CIDR of the pods on this machine, within PodSubnet
	Mirrors       map[string][]string   // as in provision.Registries
	Addons        []string              // of coredns and kube-proxy, those that are wanted
}

// addons are what kubeadm would install by itself.
func addons() []string { return []string{"coredns", "kube-proxy"} }

// Extend returns the intent with what makes its machine the control plane:
// files, units, kernel settings and mirrors. What the intent says itself
// counts. The result is valid if the intent is.
func (c ControlPlane) Extend(intent provision.Intent) (provision.Intent, error) {
	if err := c.check(intent); err != nil {
		return provision.Intent{}, fmt.Errorf("planning the control plane %s: %w", intent.Hostname, err)
	}
	document, err := c.document(intent.Hostname)
	if err != nil {
		return provision.Intent{}, fmt.Errorf("planning the control plane %s: %w", intent.Hostname, err)
	}
	policy, err := auditPolicy()
	if err != nil {
		return provision.Intent{}, fmt.Errorf("planning the control plane %s: %w", intent.Hostname, err)
	}
	patches, err := patience()
	if err != nil {
		return provision.Intent{}, fmt.Errorf("planning the control plane %s: %w", intent.Hostname, err)
	}
	intent.Files = append(slices.Clone(intent.Files), patches...)
	intent.Files = append(intent.Files,
		provision.File{Path: authorityPath, Content: c.Certificate},
		provision.File{Path: authorityKeyPath, Content: c.Key.Reveal(), Mode: 0o600},
		provision.File{Path: initPath, Content: document, Mode: 0o600},
		provision.File{Path: auditPath, Content: policy, Mode: 0o600},
		provision.File{Path: controlScript, Content: c.script(), Mode: 0o700},
	)
	intent.Units = append(slices.Clone(intent.Units), c.unit())
	intent.Node = &provision.Node{Bundle: c.Bundle, Pods: c.Pods}
	if mirrors := maps.Clone(c.Mirrors); len(mirrors) > 0 {
		maps.Copy(mirrors, intent.Registries.Mirrors)
		intent.Registries.Mirrors = mirrors
	}
	intent.Hidden = append(slices.Clone(intent.Hidden), c.Token)
	for line := range strings.Lines(c.Key.Reveal()) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "-----") {
			intent.Hidden = append(intent.Hidden, provision.Secret(line))
		}
	}
	if err := intent.Validate(); err != nil {
		return provision.Intent{}, fmt.Errorf("planning the control plane %s: %w", intent.Hostname, err)
	}
	return intent, nil
}

// check looks at what the intent's own rules do not see.
func (c ControlPlane) check(intent provision.Intent) error {
	if intent.Join != nil || intent.Node != nil {
		return errors.New("the intent makes its machine a node already; leave out join and node")
	}
	// A worker's rules for endpoint, token, CA, version, bundle and pods.
	worker := provision.Intent{Hostname: intent.Hostname, Network: intent.Network, Join: &provision.Join{
		Endpoint: c.Endpoint, Token: c.Token, CA: c.Certificate, Kubernetes: c.Kubernetes, Bundle: c.Bundle, Pods: c.Pods,
	}}
	if err := worker.Validate(); err != nil {
		return err
	}
	if _, _, err := c.parse(); err != nil {
		return err
	}
	if minor, _ := c.minor(); minor < firstV1beta4 {
		return fmt.Errorf("%s is older than v1.%d, the oldest that distrolab makes control planes of", c.Kubernetes, firstV1beta4)
	}
	for _, name := range c.Addons {
		if !slices.Contains(addons(), name) {
			return fmt.Errorf("there is no addon %.64q; kubeadm has %s", name, strings.Join(addons(), " and "))
		}
	}
	for _, name := range c.ExtraNames {
		if _, err := netip.ParseAddr(name); err != nil && !provision.IsDNSName(name) {
			return fmt.Errorf("%.64q is neither a name nor an address for the API's certificate", name)
		}
	}
	return c.checkNetworks()
}

// checkNetworks holds the networks of pods and services to what they must be.
func (c ControlPlane) checkNetworks() error {
	pods, err := netip.ParsePrefix(c.PodSubnet)
	if err != nil || pods != pods.Masked() {
		return fmt.Errorf("%.64q must be the network of all pods, such as 10.244.0.0/16", c.PodSubnet)
	}
	if c.Pods != "" {
		// Validate has seen that it is a network.
		if own, err := netip.ParsePrefix(c.Pods); err != nil || !pods.Contains(own.Addr()) || own.Bits() < pods.Bits() {
			return fmt.Errorf("the pods of the machine, %s, must lie in %s", c.Pods, c.PodSubnet)
		}
	}
	if c.ServiceSubnet == "" {
		return nil
	}
	services, err := netip.ParsePrefix(c.ServiceSubnet)
	if err != nil || services != services.Masked() || services.Overlaps(pods) {
		return fmt.Errorf("%.64q must be a network for services, such as 10.96.0.0/12, outside of %s", c.ServiceSubnet, c.PodSubnet)
	}
	return nil
}

func (c ControlPlane) minor() (int, error) {
	return provision.Join{Kubernetes: c.Kubernetes}.Minor()
}

// address splits the endpoint. Where its host is a name, kubeadm finds the
// address to listen on by itself.
func (c ControlPlane) address() (host string, port int, err error) {
	host, text, err := net.SplitHostPort(c.Endpoint)
	if err != nil {
		return "", 0, fmt.Errorf("reading the endpoint: %w", err)
	}
	port, err = strconv.Atoi(text)
	if err != nil {
		return "", 0, fmt.Errorf("reading the endpoint: %w", err)
	}
	return host, port, nil
}

// unit runs the script once. It does not try again: what kubeadm init leaves
// behind when it fails would have to be taken away first.
func (c ControlPlane) unit() provision.Unit {
	bundle, after := "", ""
	if c.Bundle != nil {
		bundle, after = "Requires="+provision.BundleUnit+"\n", " "+provision.BundleUnit
	}
	return provision.Unit{Name: ControlPlaneUnit, Enabled: true, Content: `[Unit]
Description=Make a Kubernetes cluster by kubeadm
` + notBlocking + bundle + `Wants=network-online.target containerd.service
After=sysinit.target network-online.target containerd.service crio.service` + after + `
ConditionPathExists=!` + controlMark + `

[Service]
Type=simple
RemainAfterExit=yes
Environment=PATH=` + searchPath + `
ExecStart=/bin/sh ` + controlScript + `
StandardOutput=journal+console
StandardError=journal+console

[Install]
WantedBy=multi-user.target
`}
}

// script makes the cluster and lets root use it.
func (c ControlPlane) script() string {
	skipped := ""
	for _, name := range addons() {
		if !slices.Contains(c.Addons, name) {
			skipped += ",addon/" + name
		}
	}
	if skipped != "" {
		skipped = " --skip-phases=" + skipped[1:]
	}
	return `#!/bin/sh
# Makes a cluster by kubeadm. Written by distrolab.
` + sayFunction + kubeletErrors + `say "` + ControlPlaneStarted + `"
kubeadm init --config ` + initPath + ` --skip-token-print` + skipped + `
status=$?
if [ "$status" -ne 0 ]; then
    kubelet_errors
    say "` + ControlPlaneFailed + ` (kubeadm ended with status $status)"
    exit 1
fi
mkdir -p /root/.kube /var/lib/distrolab
cp /etc/kubernetes/admin.conf /root/.kube/config
chmod 0600 /root/.kube/config
: >` + controlMark + `
say "` + ControlPlaneReady + `"
`
}
