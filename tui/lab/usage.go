package lab

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/labs"
	"distrolab/labs/cluster"
)

// usageEvery is how often machines are measured while they are seen.
const usageEvery = 2 * time.Second

// usageLimit is how long a lab's process may take to answer.
const usageLimit = 5 * time.Second

// taken is what a machine takes of the host.
type taken struct {
	last  labs.Usage
	share float64 // of one processor, 1 is all of it
	known bool    // share is: that needs two samples
}

// usage is what all machines take.
type usage struct {
	of     map[key]taken
	asking bool
	begun  bool // the first sample, which need not wait, was taken
}

type usageKnown struct{ of map[string][]labs.Usage }

// askUsage takes a sample of every lab with a machine that runs, after a while.
// Nothing is asked when nothing runs.
func (m *Model) askUsage() tea.Cmd {
	var running []string
	for _, s := range m.all {
		if s.Running && slices.ContainsFunc(s.Machines, func(x labs.MachineStatus) bool { return runs(x.State) }) {
			running = append(running, s.Lab)
		}
	}
	if m.usage.asking || !m.shown || len(running) == 0 {
		return nil
	}
	m.usage.asking = true
	wait := usageEvery
	if !m.usage.begun {
		wait = usageEvery / 20
	}
	m.usage.begun = true
	ctx, backend := m.eye, m.backend
	return func() tea.Msg {
		of := map[string][]labs.Usage{}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return usageKnown{of}
		}
		ctx, cancel := context.WithTimeout(ctx, usageLimit)
		defer cancel()
		for _, lab := range running {
			if list, err := backend.Usage(ctx, lab); err == nil { // a lab that has ended says so by its state
				of[lab] = list
			}
		}
		return usageKnown{of}
	}
}

func (m *Model) usageIs(msg usageKnown) tea.Cmd {
	m.usage.asking = false
	for lab, list := range msg.of {
		for _, u := range list {
			m.usage.take(key{lab, u.Machine}, u)
		}
	}
	return m.askUsage()
}

// take compares a sample with the one before it.
func (u *usage) take(of key, now labs.Usage) {
	before, had := u.of[of]
	next := taken{last: now, share: before.share, known: before.known}
	span := now.At.Sub(before.last.At)
	switch {
	case had && now.CPU >= before.last.CPU && span > 0:
		next.share, next.known = float64(now.CPU-before.last.CPU)/float64(span), true
	case had && now.CPU < before.last.CPU:
		next.known = false // it was started anew
	}
	u.of[of] = next
}

// forget drops machines that are no more.
func (u *usage) forget(keep map[key]bool) {
	for k := range u.of {
		if !keep[k] {
			delete(u.of, k)
		}
	}
}

// nodes are those of a lab's cluster, as its API last said.
type nodes struct {
	list []cluster.Node
	err  error
	at   int // how many machines were ready then
}

type nodesKnown struct {
	lab   string
	list  []cluster.Node
	err   error
	count int
}

// askNodes asks the API of the selected lab's cluster when it has not been
// asked since a machine became ready.
func (m *Model) askNodes() tea.Cmd {
	s, _ := m.machine()
	if s == nil || !s.Running || s.Cluster == nil || s.Cluster.State != labs.ClusterReady {
		return nil
	}
	ready := 0
	for _, x := range s.Machines {
		if x.State == labs.StateReady {
			ready++
		}
	}
	if known, asked := m.nodes[s.Lab]; asked && known.at == ready {
		return nil
	}
	before := m.nodes[s.Lab]
	before.at = ready
	m.nodes[s.Lab] = before // asked, and the last answer stays until the next
	ctx, backend, lab := m.eye, m.backend, s.Lab
	return func() tea.Msg {
		list, err := backend.Nodes(ctx, lab)
		return nodesKnown{lab, list, err, ready}
	}
}
