package holder

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"

	"distrolab/labs"
	"distrolab/labs/access"
	"distrolab/labs/cluster"
	"distrolab/labs/hypervisor"
	"distrolab/labs/kubernetes"
	"distrolab/labs/machine"
	"distrolab/labs/observe"
)

// tokenLife is how long a lab's token lets machines join. Labs are of a day; a
// longer one makes another token by kubeadm.
const tokenLife = 24 * time.Hour

// held is the cluster of the lab, as far as it is.
type held struct {
	spec   labs.ClusterSpec
	bundle kubernetes.Bundle
	key    access.Key // of the lab

	mu     sync.Mutex
	status labs.ClusterStatus
	api    *cluster.Client       // nil: nobody watches
	plane  *cluster.ControlPlane // nil: it exists elsewhere
}

// prepareCluster reads what the cluster is made from, before anything runs.
func (h *Holder) prepareCluster(context.Context) error {
	if h.spec.Cluster == nil {
		return nil
	}
	c := &held{spec: *h.spec.Cluster, status: labs.ClusterStatus{
		Kubernetes: h.spec.Cluster.Kubernetes, State: labs.ClusterRaising, Endpoint: cluster.Endpoint().String()}}
	private, err := os.ReadFile(labs.KeyPath(h.opt.Home, h.spec.Name))
	if err != nil {
		return fmt.Errorf("reading the key of lab %s: %w", h.spec.Name, err)
	}
	if c.key, err = access.ParseKey(private); err != nil {
		return err
	}
	if c.bundle, err = kubernetes.Open(c.spec.Bundle); err != nil {
		return err
	}
	if c.spec.External != nil {
		c.status.Endpoint = c.spec.External.Endpoint
	}
	h.cluster = c
	return nil
}

// serveBundle offers Kubernetes to the machines.
func (h *Holder) serveBundle(context.Context) error {
	if h.cluster == nil {
		return nil
	}
	stop, err := cluster.Serve(h.network, h.cluster.bundle)
	if err != nil {
		return err
	}
	h.onEnd(func(context.Context) error { return stop() })
	return nil
}

// raise brings the cluster up to the point where machines can join it.
func (h *Holder) raise(ctx context.Context, host hypervisor.Host) error {
	err := h.openAPI(ctx, host)
	if err == nil && h.cluster.api != nil {
		h.step(h.machines[0], cluster.StepToken)
		err = h.cluster.api.CreateToken(ctx, h.cluster.spec.Revealed(), time.Now().Add(tokenLife))
	}
	state, why := labs.ClusterReady, ""
	if err != nil {
		state, why = labs.ClusterFailed, err.Error()
	}
	h.cluster.set(func(s *labs.ClusterStatus) { s.State, s.Error, s.Step = state, why, "" })
	return err
}

// openAPI connects to the API of a control plane that exists, or raises one.
func (h *Holder) openAPI(ctx context.Context, host hypervisor.Host) error {
	c := h.cluster
	if outside := c.spec.External; outside != nil {
		if len(outside.Kubeconfig) == 0 {
			return nil
		}
		api, err := cluster.Connect(outside.Kubeconfig, nil)
		if err == nil {
			c.api = api
			err = api.Ready(ctx)
		}
		return err
	}
	m := h.machines[0] // the control plane comes first
	log, err := os.OpenFile(h.logPath(m.spec.Name), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	h.change(m, labs.StateBooting, nil)
	env := h.environment()
	env.Host = host
	plane, err := cluster.Raise(ctx, cluster.Surroundings{
		Lab: env, Saved: cluster.Store{Directory: h.opt.Home.ControlPlanes()}, LabKey: c.key, Deadline: c.spec.Deadline,
		Console: &tee{live: m.console, log: log, room: maxConsoleLog},
		OnEvent: func(e observe.Event) { h.saw(m, e) },
		OnStep:  func(text string) { h.step(m, text) },
		OnMachine: func(made *machine.Machine) {
			m.mu.Lock()
			m.machine = made
			m.mu.Unlock()
		},
	}, *c.spec.Recipe)
	if err != nil {
		h.change(m, labs.StateFailed, err)
		return errors.Join(err, log.Close())
	}
	c.api, c.plane = plane.API, plane
	h.change(m, labs.StateReady, nil)
	go h.awaitEnd(ctx, m, plane.Machine)
	return h.offerAPI(plane)
}

// offerAPI opens a port of this machine that leads to the API server, and
// writes the kubeconfig for it.
func (h *Holder) offerAPI(plane *cluster.ControlPlane) error {
	loopback := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
	opened, err := h.network.Forward(context.Background(), loopback, cluster.Endpoint()) // ends with the network
	if err != nil {
		return err
	}
	config, err := plane.Recipe.Kubeconfig(opened.Addr(), time.Now())
	if err != nil {
		return err
	}
	path := labs.KubeconfigPath(h.opt.Home, h.spec.Name)
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return fmt.Errorf("writing the kubeconfig of lab %s: %w", h.spec.Name, err)
	}
	h.cluster.set(func(s *labs.ClusterStatus) { s.Local, s.Kubeconfig = opened.Addr(), path })
	return nil
}

// step tells what is done to the cluster now.
func (h *Holder) step(m *member, text string) {
	h.cluster.set(func(s *labs.ClusterStatus) { s.Step = text })
	h.journal.add(labs.Event{Machine: m.spec.Name, Step: text})
}

func (c *held) set(change func(*labs.ClusterStatus)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.status)
}

// now is the cluster as it is.
func (c *held) now() *labs.ClusterStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.status
	return &s
}

// getNodes asks the cluster's API for its nodes.
func (h *Holder) getNodes(w http.ResponseWriter, r *http.Request) {
	c := h.cluster
	if c == nil || c.now().State != labs.ClusterReady || c.api == nil {
		http.Error(w, fmt.Sprintf("lab %s has no cluster whose API can be asked", h.spec.Name), http.StatusConflict)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), askNodes)
	defer cancel()
	nodes, err := c.api.Nodes(ctx)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	answer(w, nodes)
}

// askNodes is how long the API server may take, which under TCG needs seconds.
const askNodes = 30 * time.Second
