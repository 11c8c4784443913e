package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	restPoll  = 3 * time.Second
	quietTime = 15 * time.Second // in which nothing starts again; leaders are elected and first syncs are over by then
)

// systemPods is where the pods of a control plane are.
const systemPods = namespacesPath + "/kube-system/pods"

// AwaitRest waits until every node is ready, every pod of the control plane is
// ready, and none of them was made or started again for the quiet time. A node
// is ready long before its controllers are when the machine is slow, and on a
// busy one they may lose their leases and start again.
func (c *Client) AwaitRest(ctx context.Context, quiet time.Duration) error {
	var last, trouble string
	var since time.Time
	for {
		found, why, err := c.running(ctx)
		if err != nil {
			why = err.Error()
		}
		if why != "" && (trouble == "" || ctx.Err() == nil) {
			trouble = why // not that of a question that ctx cut short
		}
		switch {
		case why != "":
			last = ""
		case found != last:
			last, since, trouble = found, time.Now(), "its pods were at rest for less than "+quiet.String()
		case time.Since(since) >= quiet:
			return nil
		}
		if !sleep(ctx, min(restPoll, quiet)) {
			return fmt.Errorf("%w; %s", context.Cause(ctx), trouble)
		}
	}
}

// running describes the pods that run and how often they were started, or says
// what does not run yet.
func (c *Client) running(ctx context.Context) (found, why string, err error) {
	nodes, err := c.Nodes(ctx)
	if err != nil {
		return "", "", err
	}
	if len(nodes) == 0 {
		return "", "it has no node", nil
	}
	for _, n := range nodes {
		if !n.Ready {
			return "", "node " + n.Name + " is not ready, " + n.Reason, nil
		}
	}
	var all list[podObject]
	if err := c.call(ctx, request{doing: "listing the control plane's pods", path: systemPods}, &all); err != nil {
		return "", "", err
	}
	if len(all.Items) == 0 {
		return "", "it has no pod", nil
	}
	var pods []string
	for _, p := range all.Items {
		if !p.ready() {
			return "", "pod " + printable(p.Metadata.Name) + " is not ready", nil
		}
		pods = append(pods, fmt.Sprintf("%s/%s/%d", p.Metadata.Name, p.Metadata.UID, p.restarts()))
	}
	slices.Sort(pods)
	return strings.Join(pods, " "), "", nil
}

// ready is the pod's condition of that name.
func (p podObject) ready() bool {
	for _, c := range p.Status.Conditions {
		if c.Type == "Ready" {
			return c.Status == "True"
		}
	}
	return false
}

// restarts counts how often containers of the pod were started again.
func (p podObject) restarts() int {
	n := 0
	for _, c := range p.Status.ContainerStatuses {
		n += c.RestartCount
	}
	return n
}
