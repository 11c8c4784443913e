package observe

import (
	"net/netip"
	"regexp"
	"slices"
	"time"
)

// The milestones of a join, in the order they normally happen. Those that
// kubelet and the cluster's controllers reach on their own may change places.
const (
	Trigger          Milestone = "trigger"           // J0: the machine is told to join; zero of every join
	APIFirstSYN      Milestone = "api_first_syn"     // J1: first SYN to the API server
	APIFirstRequest  Milestone = "api_first_request" // J2: first request of the node there
	KubeletListening Milestone = "kubelet_listening" // J3: first SYN/ACK from kubelet's port
	CSRCreated       Milestone = "csr_created"       // J4: the node's certificate is asked for
	CSRApproved      Milestone = "csr_approved"      // J5: it is approved
	CSRIssued        Milestone = "csr_issued"        // J6: it is signed
	NodeRegistered   Milestone = "node_registered"   // J7: the Node exists and its kubelet has written to it
	LeaseFirst       Milestone = "lease_first"       // J8: first heartbeat
	PodCIDR          Milestone = "pod_cidr"          // J9: the node has a range of addresses for pods
	CNIReady         Milestone = "cni_ready"         // J10: the node no longer waits for its network plugin
	NodeReady        Milestone = "node_ready"        // J11: Ready=True
	Schedulable      Milestone = "schedulable"       // J12: the taint of nodes that are not ready is gone
	FirstPod         Milestone = "first_pod"         // J13: the probe pod says hello
	JoinExit         Milestone = "join_cmd_exit"     // J14: the join command has returned
)

// JoinMilestones returns the table of a join's milestones, in the order they
// normally happen. [Milestones] is the table of a boot.
func JoinMilestones() []Info {
	return []Info{
		{"J0", Trigger, "told to join", "The join command is given; with a cold join, the call that starts the virtual CPUs is issued."},
		{"J1", APIFirstSYN, "API called", "The guest sends its first SYN to the API server."},
		{"J2", APIFirstRequest, "first request to the API", "The node makes its first request to the API server, which is after its first TLS hello there."},
		{"J3", KubeletListening, "kubelet listens", "Kubelet's port 10250 accepts a connection for the first time."},
		{"J4", CSRCreated, "certificate asked for", "A certificate signing request of the node appears in the API."},
		{"J5", CSRApproved, "certificate approved", "The cluster approves the node's signing request."},
		{"J6", CSRIssued, "certificate issued", "The signing request holds the node's certificate."},
		{"J7", NodeRegistered, "node registered", "The Node is in the API, and its own kubelet has written there."},
		{"J8", LeaseFirst, "first heartbeat", "The node's lease appears in the API."},
		{"J9", PodCIDR, "pod range given", "The Node has a range of addresses for its pods."},
		{"J10", CNIReady, "pod network ready", "The Node no longer gives its network plugin as the reason for not being ready."},
		{"J11", NodeReady, "node ready", "The Node has the condition Ready=True."},
		{"J12", Schedulable, "pods accepted", "The Node has lost the taint of nodes that are not ready."},
		{"J13", FirstPod, "first pod runs", "A probe pod, whose image comes from the lab's registry, says hello over the network."},
		{"J14", JoinExit, "join command ends", "The join command has returned."},
	}
}

// JoinWatch is what an observer must know to see a join.
type JoinWatch struct {
	// API is the API server's address in the lab's network. Without it no frame
	// shows that the guest calls it.
	API netip.AddrPort
	// Hello is where the probe pod's datagrams go. Without it no frame shows them.
	Hello netip.AddrPort
	// Node is the name that the probe pod says; "" believes any.
	Node string
	// Done is the text on the console that shows the end of the join command;
	// empty: there is none.
	Done string
	// Cold says that the machine is told to join by starting it, so that the
	// trigger is the request. Otherwise the caller marks [Trigger].
	Cold bool
	// Missing are milestones that can never be seen on this system, with the
	// reasons.
	Missing map[Milestone]string
}

// watching adds to a profile what the console shows of a join.
func (p Profile) watching(join *JoinWatch) Profile {
	if join == nil || join.Done == "" {
		return p
	}
	quoted := regexp.QuoteMeta(join.Done)
	p.patterns = append(slices.Clip(p.patterns), pattern{
		m: JoinExit, re: regexp.MustCompile(quoted), need: [][]byte{[]byte(join.Done)}, declared: true})
	return p
}

// IsJoin says whether m is a milestone of a join.
func IsJoin(m Milestone) bool {
	return slices.ContainsFunc(JoinMilestones(), func(x Info) bool { return x.Milestone == m })
}

// table lists the milestones that the observer accounts for.
func (o *Observer) table() []Info {
	if o.opt.Join == nil {
		return Milestones()
	}
	return append(Milestones(), JoinMilestones()...)
}

// accounts says whether m is one of them.
func (o *Observer) accounts(m Milestone) bool {
	if _, ok := known(m); ok {
		return true
	}
	return o.opt.Join != nil && IsJoin(m)
}

// visible says whether a sighting of m can be told: its zero of time is known.
// Callers hold mu.
func (o *Observer) visible(m Milestone) bool {
	if !o.began || !IsJoin(m) {
		return o.began
	}
	_, triggered := o.seen[Trigger]
	return triggered
}

// early says whether a sighting is older than the join it would belong to;
// callers hold mu.
func (o *Observer) early(m Milestone, s sighting) bool {
	trigger, triggered := o.seen[Trigger]
	return triggered && s.at < trigger.at && IsJoin(m)
}

// trigger forgets what looked like a part of the join before the join was
// asked for, and returns the rest to be told, in the order of time; callers
// hold mu and have recorded the trigger.
func (o *Observer) trigger() []Event {
	for m, s := range o.seen {
		if o.early(m, s) {
			delete(o.seen, m)
		}
	}
	return slices.DeleteFunc(o.sorted(), func(e Event) bool { return !IsJoin(e.M) })
}

// triggered makes everything look for the join that was just asked for.
func (o *Observer) triggered() {
	o.mu.Lock()
	first := !isClosed(o.asked) && o.visible(Trigger)
	if first {
		close(o.asked)
	}
	o.mu.Unlock()
	if first {
		o.net.rejoin(o.opt.Join) // its lock is taken before ours
		o.joining.Store(true)
	}
}

// truer says whether a second sighting of a join's milestone is to be believed
// instead of the first: it is exact, as that of an audit log, and the first is
// only a bound, as that of a watch that was interrupted.
func truer(old, s sighting) bool { return s.q == Exact && old.q != Exact }

// whyJoin finds the reason for which a milestone of a join was not seen;
// callers hold mu.
func (o *Observer) whyJoin(m Milestone) string {
	join := o.opt.Join
	if m != Trigger {
		if _, triggered := o.seen[Trigger]; !triggered {
			return "the machine was not told to join"
		}
	}
	switch m {
	case Trigger:
		return "the machine was not told to join"
	case APIFirstSYN, APIFirstRequest:
		switch {
		case !join.API.IsValid():
			return "the API server's address was not known"
		case o.net.frames.Load() == 0:
			return "no frames were seen: the network is not ours, or the guest has none"
		}
		return "the guest sent nothing of this kind to " + join.API.String()
	case KubeletListening:
		return o.whyKubelet()
	case FirstPod:
		if !join.Hello.IsValid() {
			return "nobody listened for the probe pod"
		}
		return "no probe pod said hello from the guest"
	case JoinExit:
		return "nobody saw the join command return"
	}
	return "no watch of the cluster's API showed it"
}

// JoinSince is how long after the trigger m was seen.
func (t Timeline) JoinSince(m Milestone) (time.Duration, bool) { return t.Between(Trigger, m) }
