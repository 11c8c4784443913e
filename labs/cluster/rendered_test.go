package cluster_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"testing"

	"distrolab/distros"
	"distrolab/labs/cluster/internal/simulated"
	"distrolab/labs/internal/clustertest"
	"distrolab/provision"
	"distrolab/provision/render"
)

// simulatedJoins are the systems that join by other means than kubeadm and that
// cannot be started here: their rendered configs carry what a simulated kubelet
// joins by. That proves the token, the CA and the address of the configs, and
// nothing of the systems.
var simulatedJoins = []struct {
	distro, document string
	read             func(string) (*simulated.Kubelet, error)
}{
	{"bottlerocket", "user-data.toml", simulated.FromBottlerocket},
	{"talos", "user-data", simulated.FromTalos},
}

// rendered gives the document by which a system is told to join.
func rendered(t *testing.T, distro, document, node string, join provision.Join) string {
	t.Helper()
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := catalog.Find(distro)
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := os.ReadFile("../../provision/talos/testdata/secrets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	config, err := render.Config(provision.Intent{Hostname: node, Join: &join}, d, render.Options{Secrets: secrets})
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range config.Documents {
		if doc.Name == document {
			return doc.Content
		}
	}
	t.Fatalf("the config for %s has no document %s", distro, document)
	return ""
}

// throughLab leads connections to the API server's address in a lab to where it
// really is, and fails on any other address.
func throughLab(control *clustertest.Cluster) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != clustertest.LabEndpoint {
			return nil, fmt.Errorf("the config leads to %s, not to %s", address, clustertest.LabEndpoint)
		}
		return (&net.Dialer{}).DialContext(ctx, network, control.Endpoint())
	}
}

func joinOf(control *clustertest.Cluster, token provision.Secret) provision.Join {
	return provision.Join{Endpoint: clustertest.LabEndpoint, Token: token, CA: control.CA(), Kubernetes: clustertest.Version}
}

func TestSimulatedJoinByRenderedConfig(t *testing.T) {
	control := controlPlane(t)
	client := connect(t, control)
	for _, system := range simulatedJoins {
		t.Run(system.distro, func(t *testing.T) {
			node := "simulated-" + system.distro
			join := joinOf(control, newToken(t, client))
			kubelet, err := system.read(rendered(t, system.distro, system.document, node, join))
			if err != nil {
				t.Fatal(err)
			}
			kubelet.Dial = throughLab(control)
			if kubelet.Name != node {
				t.Errorf("the config names the node %q, want %q", kubelet.Name, node)
			}
			w, seen := watch(t, client, node)
			if err := kubelet.Join(within(t)); err != nil {
				t.Fatal(err)
			}
			seen.wait(t, w, seenByWatch()...)
			if err := client.Forget(within(t), node); err != nil {
				t.Error(err)
			}
		})
	}
}

// What is wrong in the intent is wrong in the config, and the API server
// refuses it: the simulated joins above prove something.
func TestSimulatedJoinByWrongRenderedConfigIsRefused(t *testing.T) {
	control := controlPlane(t)
	client := connect(t, control)
	for _, system := range simulatedJoins {
		t.Run(system.distro, func(t *testing.T) {
			for what, change := range map[string]func(*provision.Join){
				"token": func(j *provision.Join) { j.Token = randomToken() },
				"CA":    func(j *provision.Join) { j.CA = otherCA(t) },
			} {
				join := joinOf(control, newToken(t, client))
				change(&join)
				kubelet, err := system.read(rendered(t, system.distro, system.document, "simulated-wrong-"+system.distro, join))
				if err != nil {
					t.Fatal(err)
				}
				kubelet.Dial = throughLab(control)
				if err := refused(t, kubelet); err == nil {
					t.Errorf("another %s joined", what)
				}
			}
		})
	}
}
