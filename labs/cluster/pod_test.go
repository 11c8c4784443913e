package cluster_test

import (
	"net/http"
	"testing"

	"distrolab/labs/cluster"
)

const probePods = "/api/v1/namespaces/distrolab/pods"

// watchingPod opens a watch of node-1 to which a server says that of its probe pod.
func watchingPod(t *testing.T, status string) *cluster.Watch {
	t.Helper()
	_, client := newImitation(t, map[string]http.HandlerFunc{
		"watch " + probePods: streams(true, `{"type":"MODIFIED","object":{"metadata":{"name":"hello-node-1"},"status":`+status+`}}`),
		"watch " + nodesPath: streams(true, `{"type":"ADDED","object":{"metadata":{"name":"node-1"},"status":{"conditions":[{"type":"Ready","status":"True"}]}}}`),
	})
	w, _ := watch(t, client, "node-1")
	return w
}

func TestProbePodsTroubleIsTold(t *testing.T) {
	for name, test := range map[string]struct{ status, state, fault string }{
		"image missing": {
			`{"phase":"Pending","containerStatuses":[{"state":{"waiting":{"reason":"ErrImagePull","message":"distrolab.local/hello:1: not found"}}}]}`,
			"ErrImagePull: distrolab.local/hello:1: not found",
			"the probe pod waits, ErrImagePull: distrolab.local/hello:1: not found",
		},
		"crashes": {
			`{"phase":"Running","containerStatuses":[{"restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off 40s"}}}]}`,
			"CrashLoopBackOff: back-off 40s", "the probe pod waits, CrashLoopBackOff: back-off 40s",
		},
		"not bound": {
			`{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/2 nodes are available"}]}`,
			"Pending, Unschedulable: 0/2 nodes are available", "",
		},
		"on its way": {`{"phase":"Pending","containerStatuses":[{"state":{"waiting":{"reason":"ContainerCreating"}}}]}`, "Pending", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := watchingPod(t, test.status)
			awaitState(t, w, "node node-1 is Ready; its probe pod: "+test.state)
			faults := w.Faults()
			if test.fault == "" && len(faults) > 0 || test.fault != "" && (len(faults) != 1 || faults[0].Text != test.fault) {
				t.Errorf("faults %v, want %q", faults, test.fault)
			}
		})
	}
}

// A Node that vanishes while it joins is told, and its state says so.
func TestDeletedNodeIsTold(t *testing.T) {
	_, client := newImitation(t, map[string]http.HandlerFunc{"watch " + nodesPath: streams(true,
		`{"type":"ADDED","object":{"metadata":{"name":"node-1"},"status":{"conditions":[{"type":"Ready","status":"True"}]}}}`,
		`{"type":"DELETED","object":{"metadata":{"name":"node-1"}}}`)})
	w, _ := watch(t, client, "node-1")
	awaitFault(t, w, "the Node was deleted while it joined")
	awaitState(t, w, "no certificate signing request and no Node of node-1 came to the API server")
}
