package resultstest

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"distrolab/labs/observe"
	"distrolab/labs/results"
)

// JoinSession returns a session as [Session] does, but of joins: warm or cold.
// The vendor's image cannot reach the API server in the second block, and the
// stand-in never shows its pod.
func JoinSession(blocks int, scenario results.Scenario) (results.Session, []results.Run) {
	s, _ := Session(blocks)
	s.ID, s.Scenario, s.Finish = "20261127-0412-join", scenario, observe.FirstPod
	for i := range s.Subjects {
		s.Subjects[i].K8s, s.Subjects[i].CRI = "v1.36.1", "containerd 1.7.24"
	}
	rng := rand.New(rand.NewPCG(42, 2))
	var runs []results.Run
	for block := 0; block <= blocks; block++ {
		for pos, which := range rng.Perm(len(s.Subjects)) {
			r := run(s, block, pos+1, which, rng)
			r.Outcome, r.Cause, r.Finish = results.OutcomeOK, "", observe.FirstPod
			join(&r, which, rng)
			runs = append(runs, r)
		}
	}
	return s, runs
}

// join adds the milestones of a join to a booted run: a warm one is told to
// join 20 s after it has booted.
func join(r *results.Run, which int, rng *rand.Rand) {
	noise := func(mean float64) time.Duration {
		return time.Duration(mean * (1 + 0.03*rng.NormFloat64()) * float64(time.Second))
	}
	scale := []float64{1, 1.3, 0.9}[which]
	begin, _ := r.Timeline().At(observe.BootComplete)
	trigger := begin + 20*time.Second
	called := trigger + noise(1.9*scale)
	if r.Scenario == results.JoinCold {
		network, _ := r.Timeline().At(observe.NetUsable)
		trigger, called = 0, network+noise(6*scale)
	}
	at := map[observe.Milestone]time.Duration{observe.Trigger: trigger, observe.APIFirstSYN: called}
	at[observe.APIFirstRequest] = called + noise(0.02)
	at[observe.CSRCreated] = called + noise(7.5*scale)
	at[observe.CSRApproved] = at[observe.CSRCreated] + noise(0.1)
	at[observe.CSRIssued] = at[observe.CSRApproved] + noise(0.09)
	at[observe.KubeletListening] = at[observe.CSRIssued] + noise(1.2*scale)
	at[observe.NodeRegistered] = at[observe.CSRIssued] + noise(2.4*scale)
	at[observe.LeaseFirst] = at[observe.NodeRegistered] + noise(0.4)
	at[observe.PodCIDR] = at[observe.NodeRegistered] + noise(0.1)
	at[observe.CNIReady] = at[observe.NodeRegistered] + noise(4.1*scale)
	at[observe.NodeReady] = at[observe.CNIReady] + time.Duration(1+rng.IntN(2))*5*time.Second
	at[observe.Schedulable] = at[observe.NodeReady] + noise(0.15)
	at[observe.FirstPod] = at[observe.Schedulable] + noise(2.2*scale)
	at[observe.JoinExit] = at[observe.CSRIssued] + noise(1)
	why := "the watch of the cluster's API did not show it"
	if which == 1 {
		delete(at, observe.FirstPod)
		why = "no probe pod said hello from the guest"
	}
	if which == 2 && r.Block == 2 {
		r.Outcome, r.Cause = results.OutcomeTimeout, "no node_ready within 3m0s; the API server cannot be reached from the node"
		for m, t := range at {
			if t > called {
				delete(at, m)
			}
		}
		why = "no watch of the cluster's API showed it; the deadline passed"
	}
	for _, info := range observe.JoinMilestones() {
		t, seen := at[info.Milestone]
		if !seen {
			r.Missing = append(r.Missing, observe.Missing{M: info.Milestone, Why: why})
			continue
		}
		r.Events = append(r.Events, joinEvent(info.Milestone, t, r.Scenario))
	}
	slices.SortStableFunc(r.Events, func(a, b observe.Event) int { return cmp.Compare(a.T, b.T) })
}

func joinEvent(m observe.Milestone, t time.Duration, scenario results.Scenario) observe.Event {
	e := observe.Event{M: m, T: t, Source: observe.SourceAPI, Err: 20 * time.Millisecond, Q: observe.Exact}
	switch m {
	case observe.Trigger:
		e.Source, e.Err = observe.SourceClient, 0
		if scenario == results.JoinCold {
			e.Source = observe.SourceRequest
		}
	case observe.APIFirstSYN, observe.FirstPod:
		e.Source, e.Err = observe.SourceNet, time.Millisecond
	case observe.APIFirstRequest:
		e.Source, e.Err, e.Q, e.Raw = observe.SourceNet, time.Millisecond, observe.AtLeast, "TLS client hello"
	case observe.KubeletListening:
		e.Source, e.Err, e.Q = observe.SourceProbe, 12*time.Millisecond, observe.AtMost
	case observe.NodeReady:
		e.Raw = "KubeletReady: kubelet is posting ready status"
	case observe.JoinExit:
		e.Source = observe.SourceClient
	}
	return e
}
