package cluster

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"distrolab/labs/observe"
)

// maxStale bounds how many requests of before are remembered.
const maxStale = 4096

// progress is what the API showed last of a join.
type progress struct {
	requested, approved, issued bool
	refused                     string
	registered, ready           bool
	kubeletWrote, heartbeat     bool
	late                        bool   // one of the two signs of the kubelet was seen late
	waitedForNetwork            bool   // the Node said that it waits for its network
	tainted                     bool   // the Node carried the not-ready taint
	reason                      string // why the Node is not Ready
	pod                         string // how the probe pod is
}

// sentence says how far the join is.
func (p progress) sentence(node string) string {
	switch {
	case p.ready:
		text := "node " + node + " is Ready"
		if p.pod != "" {
			text += "; its probe pod: " + p.pod
		}
		return text
	case p.registered && p.reason != "":
		return "node " + node + " is registered and not Ready: " + p.reason
	case p.registered:
		return "node " + node + " is registered; its kubelet has not reported"
	case p.refused != "":
		return p.refused
	case p.issued:
		return "the certificate of " + node + " was issued, but no Node was registered"
	case p.approved:
		return "the certificate signing request of " + node + " was approved, but no certificate was issued"
	case p.requested:
		return "the certificate signing request of " + node + " was not approved"
	}
	return "no certificate signing request and no Node of " + node + " came to the API server"
}

// streams are the watches of a join.
func (w *Watch) streams() []*stream {
	return []*stream{
		{watch: w, name: "certificate signing requests", path: requestsPath, query: selecting("spec.signerName", clientSigner), see: decoded(w.seeRequest)},
		{watch: w, name: "the node", path: nodesPath, query: selecting("metadata.name", w.node), see: decoded(w.seeNode)},
		{watch: w, name: "the node's lease", path: leasesPath, query: selecting("metadata.name", w.node), see: decoded(w.seeLease)},
		{watch: w, name: "the probe pod", path: namespacesPath + "/" + url.PathEscape(Namespace) + "/pods", query: selecting("metadata.name", helloName(w.node)), see: decoded(w.seePod)},
	}
}

// decoded reads the object before it is seen.
func decoded[T any](see func(object T, s sight) error) func([]byte, sight) error {
	return func(text []byte, s sight) error {
		var object T
		if err := json.Unmarshal(text, &object); err != nil {
			return fmt.Errorf("an object is not what the API says: %w", err)
		}
		return see(object, s)
	}
}

// seeRequest sees a certificate signing request. Those that were there before
// the watch are of earlier joins.
func (w *Watch) seeRequest(r requestObject, s sight) error {
	if s.verb == deleted || r.Spec.SignerName != clientSigner || r.node() != w.node {
		return nil
	}
	if s.verb == listed && !s.late {
		if len(w.stale) < maxStale {
			w.stale[r.Metadata.UID] = true
		}
		return nil
	}
	if w.stale[r.Metadata.UID] {
		return nil
	}
	if w.name == "" {
		w.name = printable(r.Metadata.Name)
	}
	w.last.requested = true
	w.put(observe.CSRCreated, s, r.Metadata.Name+" by "+r.Spec.Username)
	for _, kind := range []string{"Denied", "Failed"} {
		if c, ok := r.has(kind); ok {
			w.last.refused = printable(fmt.Sprintf("the cluster answered the node's certificate signing request with %s: %s %s", kind, c.Reason, c.Message))
			w.fault(s.at, w.last.refused)
		}
	}
	if c, ok := r.has("Approved"); ok {
		w.last.approved = true
		w.put(observe.CSRApproved, s, c.Reason+": "+c.Message)
	}
	if len(r.Status.Certificate) > 0 {
		w.last.issued = true
		w.put(observe.CSRIssued, s, fmt.Sprintf("a certificate of %d bytes", len(r.Status.Certificate)))
	}
	return nil
}

// seeNode sees the Node.
func (w *Watch) seeNode(n nodeObject, s sight) error {
	if n.Metadata.Name != w.node {
		return nil
	}
	ready, told := n.ready()
	if s.verb == listed && !s.late {
		return &TakenError{Node: w.node, Ready: ready.Status == "True"}
	}
	if s.verb == deleted {
		w.last.registered, w.last.ready = false, false
		w.fault(s.at, "the Node was deleted while it joined")
		return nil
	}
	w.last.registered = true
	w.last.late = w.last.late || s.late
	w.last.kubeletWrote = w.last.kubeletWrote || n.Metadata.writtenBy("kubelet")
	w.register(s)
	if n.Spec.PodCIDR != "" {
		w.put(observe.PodCIDR, s, n.Spec.PodCIDR)
	}
	if told {
		w.seeReady(ready, s)
	}
	w.seeTaint(n, s)
	return nil
}

// register marks the registration once the Node is there and something shows
// that its kubelet wrote to the API: some clusters make Nodes by themselves.
func (w *Watch) register(s sight) {
	if !w.last.registered || !w.last.kubeletWrote && !w.last.heartbeat {
		return
	}
	s.late = s.late || w.last.late
	by := "written by kubelet"
	if !w.last.kubeletWrote {
		by = "its lease was written"
	}
	w.put(observe.NodeRegistered, s, "Node "+w.node+", "+by)
}

// seeReady sees the Ready condition. Where the Node never said that it waits
// for its network, the network was ready at the first report or before.
func (w *Watch) seeReady(c condition, s sight) {
	w.last.reason = printable(c.Reason + ": " + c.Message)
	w.last.ready = c.Status == "True"
	if c.Status != "True" && c.Status != "False" {
		return // Unknown is the word of a controller, not of the kubelet
	}
	if waitsForNetwork(c) {
		w.last.waitedForNetwork = true
	} else {
		network := s
		network.late = s.late || !w.last.waitedForNetwork
		w.put(observe.CNIReady, network, w.last.reason)
	}
	if w.last.ready {
		w.put(observe.NodeReady, s, w.last.reason)
	}
}

// waitsForNetwork says whether the condition gives the network as a reason:
// the words are kubelet's, which has no field for it.
func waitsForNetwork(c condition) bool {
	return c.Status == "False" && slices.ContainsFunc(
		[]string{"NetworkPluginNotReady", "container runtime network not ready", "network state unknown"},
		func(words string) bool { return strings.Contains(c.Message, words) })
}

// seeTaint sees whether pods may be bound to the node. A Node without the taint
// was only seen to lose it when it had it, or is Ready.
func (w *Watch) seeTaint(n nodeObject, s sight) {
	if n.notReadyTaint() {
		w.last.tainted = true
		return
	}
	if !w.last.tainted && !w.last.ready {
		return
	}
	s.late = s.late || !w.last.tainted
	w.put(observe.Schedulable, s, "no taint node.kubernetes.io/not-ready")
}

// seeLease sees the node's lease: each write is a heartbeat of the kubelet.
func (w *Watch) seeLease(l leaseObject, s sight) error {
	if l.Metadata.Name != w.node || s.verb == deleted || s.verb == listed && !s.late {
		return nil // what was there before is of an earlier join
	}
	w.last.heartbeat = true
	w.last.late = w.last.late || s.late
	w.put(observe.LeaseFirst, s, "held by "+l.Spec.HolderIdentity)
	w.register(s)
	return nil
}

// seePod sees the probe pod: it marks nothing, since only its datagram shows
// that it runs, but it says why it does not.
func (w *Watch) seePod(p podObject, s sight) error {
	if p.Metadata.Name != helloName(w.node) || s.verb == deleted {
		return nil
	}
	w.last.pod = printable(p.Status.Phase)
	for _, c := range p.Status.Conditions {
		if c.Type == "PodScheduled" && c.Status == "False" {
			w.last.pod = printable(p.Status.Phase + ", " + c.Reason + ": " + c.Message)
		}
	}
	for _, c := range p.Status.ContainerStatuses {
		waiting := c.State.Waiting
		if waiting == nil || waiting.Reason == "ContainerCreating" || waiting.Reason == "PodInitializing" {
			continue
		}
		w.last.pod = printable(waiting.Reason + ": " + waiting.Message)
		w.fault(s.at, printable("the probe pod waits, "+w.last.pod))
	}
	return nil
}
