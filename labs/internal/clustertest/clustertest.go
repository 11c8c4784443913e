// Package clustertest runs a real Kubernetes control plane for tests: etcd,
// kube-apiserver, kube-controller-manager and kube-scheduler as processes of
// this host, on its loopback or another address of it. The CA, kubeadm's document and the audit policy
// are those that distrolab renders; the other certificates and the rules of
// bootstrap tokens are made by the real kubeadm. There is no kubelet and no node.
//
// It is for tests only. Everything is below the directory that the caller
// names, and the processes die with the test.
package clustertest

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"distrolab/provision/kubeadm"
)

// Version is that of the programs.
const Version = "v1.36.1"

// LabEndpoint is where the API server answers in a lab, for configs that must
// name it. The certificate of a cluster on the loopback names it too;
// connections to it are to be made to [Cluster.Endpoint].
const LabEndpoint = "192.168.127.5:6443"

// startTime bounds how long one program may take to start on a busy host.
const startTime = 2 * time.Minute

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
	told            string // host:port of the API, as nodes are told
	authority       kubeadm.Authority
	running         []*process
}

// Start starts a control plane on the loopback and returns when a node could
// join it that reaches [LabEndpoint].
func Start(ctx context.Context, programs, dir string) (*Cluster, error) {
	return startAt(ctx, programs, dir, netip.AddrFrom4([4]byte{127, 0, 0, 1}), LabEndpoint)
}

// StartAt starts a control plane whose API server has an address of this host,
// by which nodes reach it.
func StartAt(ctx context.Context, programs, dir string, address netip.Addr) (*Cluster, error) {
	return startAt(ctx, programs, dir, address, "")
}

// startAt starts a control plane; nodes are told its own address unless told is
// another one.
func startAt(ctx context.Context, programs, dir string, address netip.Addr, told string) (*Cluster, error) {
	c := &Cluster{programs: programs, dir: dir}
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	for at, on := range map[*string]netip.Addr{&c.etcd: loopback, &c.peer: loopback, &c.api: address} {
		free, err := freePort(on)
		if err != nil {
			return nil, err
		}
		*at = free
	}
	c.told = cmp.Or(told, c.api)
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
	super := c.path("super-admin.conf")
	if err := c.phase(ctx, "bootstrap-token", "--skip-token-print", "--kubeconfig", super); err != nil {
		return err
	}
	// Nodes keep the CA where kubeadm does, not where the control plane has it here.
	if err := c.phaseOf(ctx, "nodes.yaml", "upload-config", "all", "--kubeconfig", super); err != nil {
		return err
	}
	// What kubeadm init does between its phases: the administrators' rights.
	err := c.run(ctx, "kubectl", "--kubeconfig", super, "create", "clusterrolebinding", "kubeadm:cluster-admins",
		"--clusterrole=cluster-admin", "--group=kubeadm:cluster-admins")
	if err != nil {
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

// Kubeconfig is that of distrolab's administrator.
func (c *Cluster) Kubeconfig() ([]byte, error) {
	text, err := c.authority.AdminKubeconfig(c.api, time.Now(), rand.Reader)
	return []byte(text), err
}

// CA is the certificate of the cluster's CA, PEM.
func (c *Cluster) CA() string { return c.authority.Certificate }

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
	host, port, err := net.SplitHostPort(c.api)
	if err != nil {
		return err
	}
	err = c.launch("kube-apiserver",
		"--bind-address="+host, "--secure-port="+port, "--etcd-servers=http://"+c.etcd,
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

// freePort finds a port of an address that nobody listens on now.
func freePort(on netip.Addr) (string, error) {
	listener, err := net.Listen("tcp", netip.AddrPortFrom(on, 0).String())
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), errors.Join(listener.Close())
}
