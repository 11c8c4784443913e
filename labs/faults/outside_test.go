package faults

import (
	"bufio"
	"context"
	"crypto/rand"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"distrolab/labs/cluster"
	"distrolab/labs/internal/clustertest"
	"distrolab/labs/internal/labtest"
	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/provision"
	"distrolab/provision/kubeadm"
)

// outsideAddress is that of the control plane that distrolab did not make: one
// of the addresses for documentation (RFC 5737), in a network namespace of the
// test.
const outsideAddress = "198.51.100.7"

// TestOutsideCluster joins machines to a real control plane that exists already:
// once as its administrator, and once with nothing but a token and its CA. The
// control plane's programs run on this host, behind the lab's own network.
func TestOutsideCluster(t *testing.T) {
	labtest.NeedMachines(t)
	if !inNetworkNamespace(t) {
		return
	}
	programs := labtest.Kubernetes(t)
	outside, err := clustertest.StartAt(t.Context(), programs, t.TempDir(), netip.MustParseAddr(outsideAddress))
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Stop()
	w := emptyWorld(t, me())
	w.patience = clusterPatience
	for _, guest := range []string{"debian-local", "coreos-standin"} {
		w.mustRun(done, "import", labtest.Build(t, guest))
	}
	w.mustRun(done, "kubernetes", "import", filepath.Join(programs, "bundle"))
	kubeconfig, err := outside.Kubeconfig()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("both", func(t *testing.T) { // together, for the time they take
		t.Run("administrator", func(t *testing.T) {
			t.Parallel()
			w.in(t).joinAsAdministrator(w.write("admin.conf", kubeconfig))
		})
		t.Run("token", func(t *testing.T) {
			t.Parallel()
			w.in(t).joinByToken(outside, kubeconfig)
		})
	})
	w.noTrace()
}

// joinAsAdministrator lets distrolab make the token and watch, and lets the
// machine join again in all the ways that cannot succeed.
func (w *world) joinAsAdministrator(kubeconfig string) {
	w.t.Helper()
	w.mustRun(done, "up", "debian-local", "--cluster", "--kubeconfig", kubeconfig, "--lab", "guest")
	w.checkJoins("guest")
	var nodes []cluster.Node
	w.decode(&nodes, "cluster", "nodes", "guest", "-o", "json")
	if !slices.ContainsFunc(nodes, func(n cluster.Node) bool { return n.Name == "debian-local" && n.Ready }) {
		w.t.Errorf("nodes: %+v", nodes)
	}
	w.podOnEach(kubeconfig, "debian-local")
	w.refusedJoins("guest/debian-local", "debian-local", kubeconfig)
	w.brokenNode("guest/debian-local", "debian-local", kubeconfig)
	w.mustRun(done, "down", "guest")
}

// joinByToken measures one join with no rights but to join.
func (w *world) joinByToken(outside *clustertest.Cluster, kubeconfig []byte) {
	w.t.Helper()
	token := w.makeToken(kubeconfig)
	out := filepath.Join(w.base, "outside")
	w.mustRun(done, "bench", "join", "coreos-standin", "--blocks", "1", "--warmups", "0", "--out", out, "--endpoint", outside.Endpoint(),
		"--token", w.write("token", []byte(token.Reveal())), "--ca", w.write("ca.crt", []byte(outside.CA())))
	_, runs, _, err := results.ReadDirectory(out)
	if err != nil || len(runs) != 1 {
		w.t.Fatalf("%d runs, %v", len(runs), err)
	}
	finished(w.t, runs[0])
	line := runs[0].Timeline()
	if _, ok := line.At(observe.KubeletListening); !ok {
		w.t.Errorf("the kubelet: %s", line.Why(observe.KubeletListening))
	}
	if _, ok := line.At(observe.NodeReady); ok || line.Why(observe.NodeReady) == "" {
		w.t.Errorf("nobody could watch, and the node was ready: %s", line.Why(observe.NodeReady))
	}
	askedForCertificate(w.t, outside, token)
}

// makeToken makes a bootstrap token as the cluster's owner would.
func (w *world) makeToken(kubeconfig []byte) provision.Secret {
	w.t.Helper()
	token, err := kubeadm.NewToken(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	api, err := cluster.Connect(kubeconfig, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	defer api.Close()
	if err := api.CreateToken(w.t.Context(), token, time.Now().Add(time.Hour)); err != nil {
		w.t.Fatal(err)
	}
	return token
}

// askedForCertificate looks into the API server's audit log: a bootstrap token
// was used, and its node let in.
func askedForCertificate(t *testing.T, outside *clustertest.Cluster, token provision.Secret) {
	t.Helper()
	log, err := outside.Audit()
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	user := "system:bootstrap:" + strings.Split(token.Reveal(), ".")[0]
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if line := lines.Text(); strings.Contains(line, user) && strings.Contains(line, `"verb":"create"`) && strings.Contains(line, "certificatesigningrequests") {
			return
		}
	}
	t.Error("the API server wrote down no certificate request by the token")
}

// write makes a file of this test that only its owner reads.
func (w *world) write(name string, data []byte) string {
	w.t.Helper()
	path := filepath.Join(w.base, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// inNetworkNamespace runs the test again in a network namespace of its own and
// says false; there it says true. What is made in the namespace goes with its
// last process.
func inNetworkNamespace(t *testing.T) bool {
	t.Helper()
	const mark = "DISTROLAB_TEST_NAMESPACE"
	if os.Getenv(mark) != "" {
		for _, command := range []string{"ip link set lo up", "ip address add " + outsideAddress + "/32 dev lo"} {
			words := strings.Fields(command)
			if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v: %s", command, err, out)
			}
		}
		return true
	}
	if os.Getuid() != 0 {
		t.Skip("makes a network namespace, which takes root")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	again := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=40m")
	again.Env = append(os.Environ(), mark+"=1")
	again.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	again.Cancel = func() error { return again.Process.Signal(syscall.SIGINT) }
	out, err := again.CombinedOutput()
	t.Logf("in a network namespace:\n%s", out)
	if err != nil {
		t.Errorf("in a network namespace: %v", err)
	}
	return false
}
