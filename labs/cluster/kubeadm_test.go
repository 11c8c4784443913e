package cluster_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"distrolab/labs/internal/clustertest"
	"distrolab/labs/observe"
	"distrolab/provision"
	"distrolab/provision/kubeadm"
)

// discover lets the real kubeadm do what it does first of a join: find the
// cluster by the rendered document. It writes nothing and starts nothing, and
// what this host lacks to be a node is ignored.
func discover(t *testing.T, control *clustertest.Cluster, join provision.Join) (string, error) {
	t.Helper()
	document, err := kubeadm.Document(join, kubeadm.Node{Name: "node-1"})
	if err != nil {
		t.Fatal(err)
	}
	document = strings.ReplaceAll(document, clustertest.LabEndpoint, control.Endpoint()) + "timeouts:\n  discovery: 5s\n"
	path := filepath.Join(t.TempDir(), "join.yaml")
	if err := os.WriteFile(path, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(within(t), filepath.Join(clustertest.Programs(t), "kubeadm"),
		"join", "phase", "preflight", "--ignore-preflight-errors=all", "--config", path)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestKubeadmFindsTheCluster: kubeadm itself takes the rendered join document
// and a token that was made a moment ago, and where one of them is wrong, the
// observer understands what kubeadm says.
func TestKubeadmFindsTheCluster(t *testing.T) {
	control := controlPlane(t)
	client := connect(t, control)
	right := joinOf(control, newToken(t, client))
	if out, err := discover(t, control, right); err != nil {
		t.Errorf("right in everything: %v\n%s", err, out)
	}
	for name, test := range map[string]struct {
		change func(*provision.Join)
		says   string
	}{
		"a token that nobody made": {func(j *provision.Join) { j.Token = randomToken() }, "could not find a JWS signature"},
		"another secret":           {func(j *provision.Join) { j.Token = j.Token[:7] + "0123456789abcdef" }, "failed to verify JWS signature"},
		"another CA":               {func(j *provision.Join) { j.CA = otherCA(t) }, "none of the public keys"},
	} {
		t.Run(name, func(t *testing.T) {
			wrong := right
			test.change(&wrong)
			out, err := discover(t, control, wrong)
			if err == nil {
				t.Fatal("kubeadm found the cluster")
			}
			checkUnderstood(t, out, test.says)
		})
	}
	t.Run("a token that was deleted", func(t *testing.T) {
		token := newToken(t, client)
		if err := client.DeleteToken(within(t), token); err != nil {
			t.Fatal(err)
		}
		awaitUnsigned(t, client, token)
		out, err := discover(t, control, joinOf(control, token))
		if err == nil {
			t.Fatal("kubeadm found the cluster")
		}
		checkUnderstood(t, out, "could not find a JWS signature")
	})
	t.Run("no API server", func(t *testing.T) {
		start := kill(t, control)
		out, err := discover(t, control, right)
		start()
		if err == nil {
			t.Fatal("kubeadm found the cluster")
		}
		checkUnderstood(t, out, "failed to request the cluster-info ConfigMap")
	})
}

// checkUnderstood checks that the observer finds the cause in kubeadm's words.
func checkUnderstood(t *testing.T, out, says string) {
	t.Helper()
	for _, fault := range observe.DiagnoseJoin(out) {
		if strings.Contains(fault.Line, says) {
			t.Logf("%q: %s", fault.Line, fault.Cause)
			return
		}
	}
	t.Errorf("nothing with %q is understood: %+v\n%s", says, observe.DiagnoseJoin(out), out)
}
