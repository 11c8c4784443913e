package cluster_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const systemPods = "/api/v1/namespaces/kube-system/pods"

const (
	readyNode = `{"metadata":{"name":"control-plane"},"status":{"conditions":[{"type":"Ready","status":"True"}]}}`
	lateNode  = `{"metadata":{"name":"control-plane"},"status":{"conditions":[{"type":"Ready","status":"False","reason":"KubeletNotReady","message":"cni"}]}}`
)

// pod is one of the control plane's, as a server tells of it.
func pod(ready string, restarts int) string {
	return fmt.Sprintf(`{"metadata":{"name":"kube-controller-manager","uid":"u"},"status":{"conditions":[{"type":"Ready","status":%q}],"containerStatuses":[{"restartCount":%d}]}}`, ready, restarts)
}

func items(objects ...string) string { return `{"items":[` + strings.Join(objects, ",") + `]}` }

// A control plane whose controllers still start again is not at rest.
func TestRestIsWhenNothingStartsAgain(t *testing.T) {
	var asked atomic.Int32
	restless := []string{items(), items(pod("False", 0)), items(pod("True", 1)), items(pod("False", 1)), items(pod("True", 2))}
	_, client := newImitation(t, map[string]http.HandlerFunc{
		nodesPath: says(http.StatusOK, items(readyNode)),
		systemPods: func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, restless[min(int(asked.Add(1)), len(restless))-1])
		},
	})
	if err := client.AwaitRest(within(t), 50*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if n := int(asked.Load()); n <= len(restless) {
		t.Errorf("at rest after %d answers, the last of which was new", n)
	}
}

func TestRestThatDoesNotComeIsExplained(t *testing.T) {
	for want, answers := range map[string][2]string{
		"node control-plane is not ready, KubeletNotReady: cni": {items(lateNode), items(pod("True", 0))},
		"pod kube-controller-manager is not ready":              {items(readyNode), items(pod("True", 0), pod("False", 0))},
		"it has no pod":  {items(readyNode), items()},
		"it has no node": {items(), items(pod("True", 0))},
	} {
		_, client := newImitation(t, map[string]http.HandlerFunc{nodesPath: says(http.StatusOK, answers[0]), systemPods: says(http.StatusOK, answers[1])})
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		err := client.AwaitRest(ctx, 20*time.Millisecond)
		cancel()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}
