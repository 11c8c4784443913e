package observe

// Waits says what a phase of a join waits for, for people; "" where the phase
// is not one of a join. The times are those of kubeadm and kubelet 1.36.
func Waits(phase string) string {
	for _, cold := range []bool{true, false} {
		for _, p := range joinPhases(cold) {
			if p.Name == phase {
				return p.waits
			}
		}
	}
	return ""
}

// joinPhase is a phase with what it waits for.
type joinPhase struct {
	Phase
	waits string
}

// JoinPhaseTable returns the phases of a join, each beginning where the one
// before it ends, so that they add up to the time from the trigger to the first
// pod, and without the last to the time until the node is ready. A cold
// join has one phase more, which is the boot until the network can be used.
func JoinPhaseTable(cold bool) []Phase {
	list := joinPhases(cold)
	table := make([]Phase, len(list))
	for i, p := range list {
		table[i] = p.Phase
	}
	return table
}

func joinPhases(cold bool) []joinPhase {
	begin := []Milestone{Trigger}
	var list []joinPhase
	if cold {
		network := []Milestone{NetUsable, DHCPAck}
		list = append(list, joinPhase{Phase{"boot to network", begin, network},
			"The machine starts, until it can use the network."})
		begin = network
	}
	called := []Milestone{APIFirstSYN, APIFirstRequest}
	return append(list,
		joinPhase{Phase{"join command", begin, called},
			"The join begins: what its unit waits for, and kubeadm's preflight checks, up to the first call of the API server."},
		joinPhase{Phase{"discovery, kubelet start", called, []Milestone{CSRCreated}},
			"kubeadm gets to know the cluster (it asks again after 5 s) and starts the kubelet, which asks for its certificate; a kubelet that cannot reach the API server tries again every 2 to 2.4 s."},
		joinPhase{Phase{"certificate", []Milestone{CSRCreated}, []Milestone{CSRIssued}},
			"The control plane's controllers approve and sign the node's certificate."},
		joinPhase{Phase{"registration", []Milestone{CSRIssued}, []Milestone{NodeRegistered}},
			"The kubelet fetches its certificate, starts up and registers its node; a try that fails is repeated after 0.1 s, then after twice as long each time, up to 7 s."},
		joinPhase{Phase{"pod network", []Milestone{NodeRegistered}, []Milestone{CNIReady}},
			"The runtime gets a network for pods; the kubelet looks at the runtime every 5 s."},
		joinPhase{Phase{"node status", []Milestone{CNIReady}, []Milestone{NodeReady}},
			"The kubelet tells that the node is ready: in its first 2 minutes it looks every 0.1 s and tells at once, later every 10 s."},
		joinPhase{Phase{"first pod", []Milestone{NodeReady}, []Milestone{FirstPod}},
			"The control plane takes away the taint of nodes that are not ready, binds the probe pod to the node, and the pod starts; its image, of 2 MB, comes from the lab's registry."},
	)
}

// IsCold says whether the timeline is that of a join that began with the
// machine's start.
func (t Timeline) IsCold() bool {
	d, ok := t.Between(Request, Trigger)
	return ok && d == 0
}

// JoinPhases measures the phases of the join in t. As with [Phases], it returns
// all of them, and one without its boundaries says why.
func JoinPhases(t Timeline) []PhaseSpan {
	table := JoinPhaseTable(t.IsCold())
	spans := make([]PhaseSpan, len(table))
	for i, p := range table {
		spans[i] = p.Span(t)
	}
	return spans
}
