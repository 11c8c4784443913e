package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Node is a node of the cluster, as the API server has it. Its texts are
// printable.
type Node struct {
	Name    string        `json:"name"`
	Ready   bool          `json:"ready"`
	Reason  string        `json:"reason,omitempty"` // not ready: why
	Version string        `json:"version"`          // of the kubelet
	Address string        `json:"address"`          // inside the lab
	Runtime string        `json:"runtime"`          // such as containerd://1.6.20
	OS      string        `json:"os"`               // as the system calls itself
	Kernel  string        `json:"kernel"`
	Age     time.Duration `json:"age_ns"` // by the server's clock
}

// Nodes lists the cluster's nodes.
func (c *Client) Nodes(ctx context.Context) ([]Node, error) {
	var all list[nodeObject]
	if err := c.call(ctx, request{doing: "listing nodes", path: nodesPath}, &all); err != nil {
		return nil, err
	}
	now := time.Now()
	nodes := make([]Node, 0, len(all.Items))
	for _, item := range all.Items {
		nodes = append(nodes, item.node(now))
	}
	return nodes, nil
}

// node says what people want to know of it.
func (n nodeObject) node(now time.Time) Node {
	info := n.Status.NodeInfo
	out := Node{
		Name: printable(n.Metadata.Name), Age: n.Metadata.age(now),
		Version: printable(info.KubeletVersion), Runtime: printable(info.ContainerRuntimeVersion),
		OS: printable(info.OSImage), Kernel: printable(info.KernelVersion),
	}
	for _, a := range n.Status.Addresses {
		if a.Type == "InternalIP" {
			out.Address = printable(a.Address)
			break
		}
	}
	ready, told := n.ready()
	switch {
	case !told:
		out.Reason = "its kubelet has not reported yet"
	case ready.Status == "True":
		out.Ready = true
	default:
		out.Reason = printable(ready.Reason + ": " + ready.Message)
	}
	return out
}

// Forget takes a node and what belongs to it out of the cluster: its probe pod,
// the Node, its Lease, its certificate signing requests and the pods that were
// bound to it. It tries all of them, and what is not there is no error. The
// machine is to be gone before: a kubelet that still runs writes its Lease anew.
func (c *Client) Forget(ctx context.Context, node string) error {
	if err := checkNode(node); err != nil {
		return fmt.Errorf("forgetting a node: %w", err)
	}
	escaped := url.PathEscape(node)
	return errors.Join(
		c.remove(ctx, "deleting the probe pod", helloPath(node)),
		c.remove(ctx, "deleting the node", nodesPath+"/"+escaped),
		c.remove(ctx, "deleting the node's lease", leasesPath+"/"+escaped),
		c.forgetRequests(ctx, node),
		c.forgetPods(ctx, node),
	)
}

// forgetRequests deletes the certificate signing requests of a node.
func (c *Client) forgetRequests(ctx context.Context, node string) error {
	var all list[requestObject]
	if err := c.call(ctx, request{doing: "listing certificate signing requests", path: requestsPath}, &all); err != nil {
		return err
	}
	var failed error
	for _, r := range all.Items {
		if r.node() == node && isName(r.Metadata.Name) {
			path := requestsPath + "/" + url.PathEscape(r.Metadata.Name)
			failed = errors.Join(failed, c.remove(ctx, "deleting a certificate signing request", path))
		}
	}
	return failed
}

// forgetPods deletes the pods that are bound to a node.
func (c *Client) forgetPods(ctx context.Context, node string) error {
	var all list[podObject]
	bound := request{doing: "listing the node's pods", path: podsPath, query: selecting("spec.nodeName", node)}
	if err := c.call(ctx, bound, &all); err != nil {
		return err
	}
	var failed error
	for _, p := range all.Items {
		if p.Spec.NodeName != node || !isName(p.Metadata.Namespace) || !isName(p.Metadata.Name) {
			continue // a server that answers wrongly makes us delete nothing
		}
		path := namespacesPath + "/" + url.PathEscape(p.Metadata.Namespace) + "/pods/" + url.PathEscape(p.Metadata.Name)
		failed = errors.Join(failed, c.remove(ctx, "deleting a pod of the node", path))
	}
	return failed
}
