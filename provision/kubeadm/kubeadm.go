// Package kubeadm writes the documents by which kubeadm makes a node a worker
// of a cluster, for a system on which kubeadm runs.
//
// It follows kubeadm's own configuration language: v1beta4 from Kubernetes
// 1.31 on, v1beta3 before, which that of 1.36 still reads and calls deprecated.
// It is pure; it may import provision and distros.
package kubeadm

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"

	"distrolab/provision"
	"distrolab/provision/internal/yamldoc"
)

// The versions at which Kubernetes changed what is written here.
const (
	firstPatched     = 25 // kubeadm patches the kubelet's configuration
	firstV1beta4     = 31 // kubeadm.k8s.io/v1beta4
	firstNoConntrack = 32 // the node itself no longer needs the program conntrack
	firstNoCgroupV1  = 35 // the kubelet refuses cgroup v1 unless told otherwise
)

// defaultSocket is containerd's.
const defaultSocket = "unix:///run/containerd/containerd.sock"

// pluginDirectory is where the kubelet of a system with a read-only /usr may
// write; its default lies below /usr (flatcar/mantle:kola/tests/kubeadm).
const pluginDirectory = "/opt/libexec/kubernetes/kubelet-plugins/volume/exec/"

// patchDirectory holds what kubeadm merges into the kubelet's configuration.
const patchDirectory = "/etc/distrolab/kubeadm-patches"

// The lines that a join leaves on the console beside kubeadm's own.
const (
	JoinStarted = "distrolab: join started"
	JoinDone    = "distrolab: join done"
	JoinFailed  = "distrolab: join failed"
)

// Node is what a join depends on besides the cluster.
type Node struct {
	Name        string // of the Node object, which is the host name
	ReadOnlyUsr bool   // nothing below /usr can be written
	CgroupV1    bool   // the system has only cgroup v1
	CRISocket   string // of the container runtime; containerd's when empty
}

// Modules lists the kernel modules that a node needs (kubernetes.io, container
// runtimes: forwarding IPv4 and letting iptables see bridged traffic).
func Modules() []string { return []string{"overlay", "br_netfilter"} }

// Sysctl lists the kernel settings that a node needs, from the same page.
func Sysctl() map[string]string {
	return map[string]string{
		"net.ipv4.ip_forward":                 "1",
		"net.bridge.bridge-nf-call-iptables":  "1",
		"net.bridge.bridge-nf-call-ip6tables": "1",
	}
}

// Files are the join document and what it refers to, and the script that runs
// kubeadm. They hold the token and are for root alone.
func Files(j provision.Join, node Node) ([]provision.File, error) {
	document, err := Document(j, node)
	if err != nil {
		return nil, err
	}
	files := []provision.File{
		{Path: provision.JoinPath, Content: document, Mode: 0o600},
		{Path: provision.JoinScript, Content: joinScript, Mode: 0o700},
	}
	if text := patch(j, node); text != "" {
		files = append(files, provision.File{
			Path: path.Join(patchDirectory, "kubeletconfiguration+merge.yaml"), Content: text, Mode: 0o600,
		})
	}
	return files, nil
}

// patch is how the kubelet's configuration on this node differs from the
// cluster's. Swap, which some images have, is left alone and not given to pods.
func patch(j provision.Join, node Node) string {
	minor, err := j.Minor()
	if err != nil || minor < firstPatched {
		return ""
	}
	text := "failSwapOn: false\n"
	if refusesCgroupV1(j, node) {
		text += "failCgroupV1: false\n"
	}
	return text
}

// Unit joins once, when the runtime and the network are up. It tries again
// until it has joined: the API server may be on its way. It is no oneshot
// because systemd before 244 does not restart those, and because the boot
// would wait for it.
func Unit(j provision.Join) provision.Unit {
	bundle, after := "", ""
	if j.Bundle != nil {
		bundle, after = "Requires="+provision.BundleUnit+"\n", " "+provision.BundleUnit
	}
	return provision.Unit{Name: provision.JoinUnit, Enabled: !j.Manual, Content: `[Unit]
Description=Join the Kubernetes cluster by kubeadm
` + notBlocking + bundle + `Wants=network-online.target containerd.service
After=sysinit.target network-online.target containerd.service crio.service` + after + `
ConditionPathExists=!/etc/kubernetes/kubelet.conf

[Service]
Type=simple
RemainAfterExit=yes
Environment=PATH=` + searchPath + `
ExecStart=/bin/sh ` + provision.JoinScript + `
StandardOutput=journal+console
StandardError=journal+console
Restart=on-failure
RestartSec=5

[Install]
WantedBy=multi-user.target
`}
}

// Document is the JoinConfiguration.
func Document(j provision.Join, node Node) (string, error) {
	minor, err := j.Minor()
	if err != nil {
		return "", fmt.Errorf("writing the join document: %w", err)
	}
	pin, err := Pin(j)
	if err != nil {
		return "", fmt.Errorf("writing the join document: %w", err)
	}
	version := "kubeadm.k8s.io/v1beta3"
	if minor >= firstV1beta4 {
		version = "kubeadm.k8s.io/v1beta4"
	}
	var patches yamldoc.Node
	if patch(j, node) != "" {
		patches = yamldoc.Map(yamldoc.Pair{Key: "directory", Value: yamldoc.Text(patchDirectory)})
	}
	return yamldoc.Marshal(yamldoc.Map(
		yamldoc.Pair{Key: "apiVersion", Value: yamldoc.Text(version)},
		yamldoc.Pair{Key: "kind", Value: yamldoc.Text("JoinConfiguration")},
		yamldoc.Pair{Key: "discovery", Value: yamldoc.Map(yamldoc.Pair{Key: "bootstrapToken", Value: yamldoc.Map(
			yamldoc.Pair{Key: "apiServerEndpoint", Value: yamldoc.Text(j.Endpoint)},
			yamldoc.Pair{Key: "token", Value: yamldoc.Quoted(j.Token.Reveal())},
			yamldoc.Pair{Key: "caCertHashes", Value: yamldoc.Texts([]string{pin})},
		)})},
		yamldoc.Pair{Key: "nodeRegistration", Value: registration(minor, j, node)},
		yamldoc.Pair{Key: "patches", Value: patches},
		yamldoc.Pair{Key: "timeouts", Value: timeouts(minor)},
	))
}

// timeouts lets kubeadm give up on a token that the cluster does not know after
// a minute instead of five: its unit tries again anyway. There were none to set
// before v1beta4.
func timeouts(minor int) yamldoc.Node {
	if minor < firstV1beta4 {
		return yamldoc.Node{}
	}
	return yamldoc.Map(yamldoc.Pair{Key: "discovery", Value: yamldoc.Text("1m0s")})
}

// registration says what kind of node this is.
func registration(minor int, j provision.Join, node Node) yamldoc.Node {
	socket := node.CRISocket
	if socket == "" {
		socket = defaultSocket
	}
	var arguments yamldoc.Node
	var ignored []string
	if node.ReadOnlyUsr {
		arguments = argument(minor, "volume-plugin-dir", pluginDirectory)
	}
	if refusesCgroupV1(j, node) {
		ignored = append(ignored, "SystemVerification")
	}
	if j.Bundle != nil && minor < firstNoConntrack {
		ignored = append(ignored, "FileExisting-conntrack")
	}
	return yamldoc.Map(
		yamldoc.Pair{Key: "name", Value: yamldoc.Text(node.Name)},
		yamldoc.Pair{Key: "criSocket", Value: yamldoc.Text(socket)},
		yamldoc.Pair{Key: "kubeletExtraArgs", Value: arguments},
		yamldoc.Pair{Key: "ignorePreflightErrors", Value: yamldoc.Texts(ignored)},
	)
}

// argument is one flag of the kubelet: an item of a list since v1beta4, an
// entry of a mapping before.
func argument(minor int, name, value string) yamldoc.Node {
	if minor < firstV1beta4 {
		return yamldoc.Map(yamldoc.Pair{Key: name, Value: yamldoc.Text(value)})
	}
	return yamldoc.List(yamldoc.Map(
		yamldoc.Pair{Key: "name", Value: yamldoc.Text(name)},
		yamldoc.Pair{Key: "value", Value: yamldoc.Text(value)},
	))
}

func refusesCgroupV1(j provision.Join, node Node) bool {
	minor, err := j.Minor()
	return node.CgroupV1 && err == nil && minor >= firstNoCgroupV1
}

// Pin is the hash by which a joining node knows the cluster's CA: SHA-256 of
// its public key as in the certificate, in hexadecimal.
func Pin(j provision.Join) (string, error) {
	cert, err := j.Certificate()
	if err != nil {
		return "", fmt.Errorf("reading the cluster's CA: it %w", err)
	}
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}
