// Package clustertest runs a real Kubernetes control plane for tests: etcd,
// kube-apiserver, kube-controller-manager and kube-scheduler as processes of
// this host, on its loopback, with certificates and the rules of bootstrap
// tokens that the real kubeadm makes. There is no kubelet and no node.
//
// It is for tests only. Everything is below the directory that the caller
// names, and the processes die with the test.
package clustertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Version is that of the programs.
const Version = "v1.36.1"

// LabEndpoint is where the API server answers in a lab, for configs that must
// name it. The API server's certificate names it too; connections to it are to
// be made to [Cluster.Endpoint].
const LabEndpoint = "192.168.127.5:6443"

// startTime bounds how long one program may take to start on a busy host.
const startTime = 2 * time.Minute

// unreachable is the address that kubeadm is told, since it takes none of the
// loopback: one that is for documents only. Nobody connects to it.
const unreachable = "192.0.2.1"

// Programs gives the directory that holds the programs of Kubernetes, and skips
// the test where there is none.
func Programs(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("DISTROLAB_KUBE")
	if dir == "" {
		t.Skip("runs a real API server: DISTROLAB_KUBE names the directory of its programs, which ./scripts/test sets")
	}
	return dir
}

// Cluster is a running control plane.
type Cluster struct {
	programs, dir   string
	etcd, peer, api string // host:port
	running         []*process
}

// Start starts a control plane and returns when a node could join it.
func Start(ctx context.Context, programs, dir string) (*Cluster, error) {
	c := &Cluster{programs: programs, dir: dir}
	for _, address := range []*string{&c.etcd, &c.peer, &c.api} {
		free, err := freePort()
		if err != nil {
			return nil, err
		}
		*address = free
	}
	if err := c.start(ctx); err != nil {
		c.Stop()
		return nil, fmt.Errorf("starting a control plane: %w", err)
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) error {
	if err := c.prepare(ctx); err != nil {
		return err
	}
	if err := c.StartEtcd(ctx); err != nil {
		return err
	}
	if err := c.StartAPI(ctx); err != nil {
		return err
	}
	if _, err := c.kubeadm(ctx, "bootstrap-token", "--skip-token-print", "--kubeconfig", c.path("super-admin.conf")); err != nil {
		return err
	}
	if err := c.StartControllers(); err != nil {
		return err
	}
	return c.launch("kube-scheduler",
		"--kubeconfig="+c.path("scheduler.conf"), "--leader-elect=false", "--secure-port=0")
}

// Stop ends all programs.
func (c *Cluster) Stop() {
	for _, p := range slices.Backward(c.running) {
		p.kill()
	}
	c.running = nil
}

// Endpoint is the API server's host:port.
func (c *Cluster) Endpoint() string { return c.api }

// Kubeconfig is that of an administrator.
func (c *Cluster) Kubeconfig() ([]byte, error) { return os.ReadFile(c.path("super-admin.conf")) }

// CA is the certificate of the cluster's CA, PEM.
func (c *Cluster) CA() (string, error) {
	text, err := os.ReadFile(c.path("pki/ca.crt"))
	return string(text), err
}

// Audit opens the API server's audit log.
func (c *Cluster) Audit() (*os.File, error) { return os.Open(c.path("audit.log")) }

// Kill kills a program at once, as a power cut does.
func (c *Cluster) Kill(name string) error {
	i := slices.IndexFunc(c.running, func(p *process) bool { return p.name == name })
	if i < 0 {
		return fmt.Errorf("%s does not run", name)
	}
	c.running[i].kill()
	c.running = slices.Delete(c.running, i, i+1)
	return nil
}

// StartEtcd starts the store, with what it stored before.
func (c *Cluster) StartEtcd(ctx context.Context) error {
	err := c.launch("etcd", "--data-dir="+c.path("etcd"), "--unsafe-no-fsync",
		"--listen-client-urls=http://"+c.etcd, "--advertise-client-urls=http://"+c.etcd,
		"--listen-peer-urls=http://"+c.peer, "--initial-advertise-peer-urls=http://"+c.peer,
		"--initial-cluster=default=http://"+c.peer)
	if err != nil {
		return err
	}
	return c.await(ctx, "etcd", "http://"+c.etcd+"/readyz")
}

// StartAPI starts the API server on the address and the data it had before.
func (c *Cluster) StartAPI(ctx context.Context) error {
	_, port, err := net.SplitHostPort(c.api)
	if err != nil {
		return err
	}
	err = c.launch("kube-apiserver",
		"--bind-address=127.0.0.1", "--secure-port="+port, "--etcd-servers=http://"+c.etcd,
		"--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.96.0.0/16",
		"--client-ca-file="+c.path("pki/ca.crt"),
		"--tls-cert-file="+c.path("pki/apiserver.crt"), "--tls-private-key-file="+c.path("pki/apiserver.key"),
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file="+c.path("pki/sa.pub"), "--service-account-signing-key-file="+c.path("pki/sa.key"),
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--enable-bootstrap-token-auth", "--allow-privileged",
		"--audit-log-path="+c.path("audit.log"), "--audit-policy-file="+c.path("audit.yaml"))
	if err != nil {
		return err
	}
	return c.await(ctx, "kube-apiserver", "https://"+c.api+"/readyz")
}

// StartControllers starts the controller manager, as kubeadm starts it: with
// the controllers of bootstrap tokens.
func (c *Cluster) StartControllers() error {
	config := c.path("controller-manager.conf")
	return c.launch("kube-controller-manager",
		"--kubeconfig="+config, "--authentication-kubeconfig="+config, "--authorization-kubeconfig="+config,
		"--leader-elect=false", "--secure-port=0", "--controllers=*,bootstrapsigner,tokencleaner",
		"--use-service-account-credentials", "--service-account-private-key-file="+c.path("pki/sa.key"),
		"--root-ca-file="+c.path("pki/ca.crt"),
		"--cluster-signing-cert-file="+c.path("pki/ca.crt"), "--cluster-signing-key-file="+c.path("pki/ca.key"),
		"--allocate-node-cidrs", "--cluster-cidr=10.244.0.0/16", "--service-cluster-ip-range=10.96.0.0/16")
}

func (c *Cluster) path(name string) string { return filepath.Join(c.dir, name) }

// prepare lets kubeadm make the certificates and kubeconfigs.
func (c *Cluster) prepare(ctx context.Context) error {
	_, port, err := net.SplitHostPort(c.api)
	if err != nil {
		return err
	}
	init := strings.NewReplacer("ADDRESS", unreachable, "PORT", port, "DIR", c.dir, "VERSION", Version).Replace(initConfig)
	for name, text := range map[string]string{"init.yaml": init, "audit.yaml": auditPolicy} {
		if err := os.WriteFile(c.path(name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	if _, err := c.kubeadm(ctx, "certs", "all"); err != nil {
		return err
	}
	if _, err := c.kubeadm(ctx, "kubeconfig", "all", "--kubeconfig-dir", c.dir); err != nil {
		return err
	}
	for _, name := range []string{"controller-manager.conf", "scheduler.conf"} {
		text, err := os.ReadFile(c.path(name))
		if err != nil {
			return err
		}
		text = []byte(strings.ReplaceAll(string(text), unreachable+":"+port, c.api))
		if err := os.WriteFile(c.path(name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// freePort finds a port of the loopback that nobody listens on now.
func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), errors.Join(listener.Close())
}

const initConfig = `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint:
  advertiseAddress: ADDRESS
  bindPort: PORT
nodeRegistration:
  name: control-plane
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: VERSION
certificatesDir: DIR/pki
controlPlaneEndpoint: 127.0.0.1:PORT
apiServer:
  certSANs:
  - 127.0.0.1
  - 192.168.127.5
networking:
  podSubnet: 10.244.0.0/16
`

// auditPolicy logs what a join consists of, once each, when it is answered.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages:
- RequestReceived
rules:
- level: Metadata
  resources:
  - group: ""
    resources: [nodes, nodes/status]
  - group: certificates.k8s.io
    resources: [certificatesigningrequests, certificatesigningrequests/approval, certificatesigningrequests/status]
- level: Metadata
  namespaces: [kube-node-lease]
  resources:
  - group: coordination.k8s.io
    resources: [leases]
- level: Metadata
  namespaces: [distrolab]
  resources:
  - group: ""
    resources: [pods, pods/status, pods/binding]
- level: None
`
