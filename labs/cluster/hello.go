package cluster

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Namespace is where distrolab's own pods run.
const Namespace = "distrolab"

// helloTarget is the lab's gateway and the port of the hello datagrams.
const helloTarget = "192.168.127.1:9"

// accountPoll is how often the namespace's service account is asked for: the
// controller manager makes it a moment after the namespace.
const accountPoll = 200 * time.Millisecond

// RunHello creates the probe pod of a node, which says hello to the lab's
// gateway as soon as it runs. It is created before the node joins: it selects
// the node by its name and tolerates no taint, so that the scheduler binds it
// when the node is schedulable and not before. An older one is replaced.
func (c *Client) RunHello(ctx context.Context, node, image string) error {
	if err := checkNode(node); err != nil {
		return fmt.Errorf("creating the probe pod: %w", err)
	}
	space := map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": Namespace}}
	err := c.call(ctx, request{doing: "creating namespace " + Namespace, method: http.MethodPost, path: namespacesPath, body: space}, nil)
	if err != nil && !hasCode(err, http.StatusConflict) {
		return err
	}
	if err := c.waitForAccount(ctx); err != nil {
		return err
	}
	if err := c.remove(ctx, "deleting the probe pod of before", helloPath(node)); err != nil {
		return err
	}
	return c.call(ctx, request{
		doing: "creating the probe pod", method: http.MethodPost,
		path: namespacesPath + "/" + Namespace + "/pods", body: helloPod(node, image),
	}, nil)
}

// waitForAccount returns when the namespace has its default service account,
// without which the API server takes no pod.
func (c *Client) waitForAccount(ctx context.Context) error {
	ask := request{doing: "waiting for the service account of namespace " + Namespace, path: namespacesPath + "/" + Namespace + "/serviceaccounts/default"}
	for {
		err := c.call(ctx, ask, nil)
		if !hasCode(err, http.StatusNotFound) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w; is the controller manager running?", ask.doing, context.Cause(ctx))
		case <-time.After(accountPoll):
		}
	}
}

func helloPath(node string) string {
	return namespacesPath + "/" + Namespace + "/pods/" + url.PathEscape(helloName(node))
}

// helloName is the name of a node's probe pod.
func helloName(node string) string { return "hello-" + node }

// helloPod is the probe pod: it may do nothing but send and answer.
func helloPod(node, image string) map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": helloName(node), "namespace": Namespace},
		"spec": map[string]any{
			"nodeSelector":                  map[string]string{"kubernetes.io/hostname": node},
			"restartPolicy":                 "Always",
			"terminationGracePeriodSeconds": 1,
			"automountServiceAccountToken":  false,
			"enableServiceLinks":            false,
			"securityContext":               map[string]any{"runAsNonRoot": true, "runAsUser": 65534, "runAsGroup": 65534},
			"containers": []any{map[string]any{
				"name": "hello", "image": image, "imagePullPolicy": "IfNotPresent",
				"args":  []string{helloTarget, node},
				"ports": []any{map[string]any{"containerPort": 8080, "protocol": "TCP"}},
				"securityContext": map[string]any{
					"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
					"capabilities": map[string]any{"drop": []string{"ALL"}},
				},
			}},
		},
	}
}
