package holder

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"distrolab/labs"
	"distrolab/labs/console"
	"distrolab/labs/hypervisor"
	"distrolab/labs/machine"
)

// obeyLimit is how long a guest may take to shut down before the plug is pulled.
func (h *Holder) obeyLimit() time.Duration {
	if h.spec.Accelerator == hypervisor.TCG {
		return 90 * time.Second
	}
	return 30 * time.Second
}

// now is the machine of the last boot, nil when there is none, with its console.
func (m *member) now() (*machine.Machine, *console.Console) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.machine, m.console
}

// told says whether someone told the machine to stop.
func (m *member) told() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ending
}

// runs says whether the machine's domain is there.
func (m *member) runs() bool {
	made, _ := m.now()
	if made == nil {
		return false
	}
	select {
	case <-made.Gone():
		return false
	default:
		return true
	}
}

// errBusy says that one stop or start is under way already.
var errBusy = errors.New("it is being stopped or started already")

// stop shuts a machine down and keeps its disk. A guest that does not obey in
// time, or that was given none, loses its power.
func (h *Holder) stop(ctx context.Context, m *member, now bool) error {
	if !m.power.TryLock() {
		return errBusy
	}
	defer m.power.Unlock()
	made, _ := m.now()
	switch {
	case m.role == labs.RoleControlPlane:
		return errors.New("the control plane goes with its lab")
	case !m.runs():
		return errors.New("it does not run")
	}
	m.mu.Lock()
	m.ending = true
	m.mu.Unlock()
	h.change(m, labs.StateEnding, nil)
	if !now {
		h.askToEnd(ctx, m, made)
	}
	return h.rest(ctx, m, made)
}

// askToEnd presses the power button and waits for the guest.
func (h *Holder) askToEnd(ctx context.Context, m *member, made *machine.Machine) {
	if err := made.Shutdown(ctx); err != nil {
		h.opt.Log.Warn("pressing the power button", "machine", m.spec.Name, "error", err)
		return
	}
	timer := time.NewTimer(h.obeyLimit())
	defer timer.Stop()
	select {
	case <-made.Gone():
	case <-timer.C:
	case <-ctx.Done():
	}
}

// rest takes the machine back but for its disk.
func (h *Holder) rest(ctx context.Context, m *member, made *machine.Machine) error {
	err := made.Rest(context.WithoutCancel(ctx))
	m.mu.Lock()
	followed := m.followed
	m.mu.Unlock()
	if followed != nil {
		select {
		case <-followed:
		case <-ctx.Done():
		}
	}
	m.mu.Lock()
	m.machine, m.rested = nil, true
	m.mu.Unlock()
	return err
}

// startAgain boots a machine that is off, from its own disk.
func (h *Holder) startAgain(ctx context.Context, m *member) error {
	if !m.power.TryLock() {
		return errBusy
	}
	defer m.power.Unlock()
	made, _ := m.now()
	switch {
	case m.role == labs.RoleControlPlane:
		return errors.New("the control plane goes with its lab")
	case m.runs():
		return errors.New("it runs")
	case made != nil:
		if err := h.rest(ctx, m, made); err != nil {
			return err
		}
	}
	m.mu.Lock()
	again := m.rested
	m.mu.Unlock()
	if !again {
		return errors.New("it was never made; end the lab and bring it up anew")
	}
	host, err := h.libvirt.Host(ctx)
	if err != nil {
		return err
	}
	env := h.environment()
	env.Host = host
	m.mu.Lock()
	m.ending, m.events, m.timeline = false, nil, nil
	m.mu.Unlock()
	next, err := h.prepare(ctx, env, m, true)
	if err == nil {
		err = next.Start(ctx)
	}
	if err != nil {
		h.change(m, labs.StateFailed, err)
		return err
	}
	h.follow(ctx, m, next, nil, false, func() {})
	return nil
}

func (h *Holder) postStop(w http.ResponseWriter, r *http.Request) {
	now := r.URL.Query().Get("now") != ""
	h.postPower(w, r, "stopping", func(ctx context.Context, m *member) error { return h.stop(ctx, m, now) })
}

func (h *Holder) postStart(w http.ResponseWriter, r *http.Request) {
	h.postPower(w, r, "starting", h.startAgain)
}

// postPower does what was asked for in the time of the lab, not of the request:
// a client that goes away leaves no machine between two states.
func (h *Holder) postPower(w http.ResponseWriter, r *http.Request, doing string, do func(context.Context, *member) error) {
	m, ok := h.find(w, r)
	if !ok {
		return
	}
	result := make(chan error, 1)
	select {
	case h.tasks <- func(ctx context.Context) { result <- do(ctx, m) }:
	case <-h.down:
		http.Error(w, "the lab ends", http.StatusConflict)
		return
	case <-r.Context().Done():
		return
	}
	select {
	case err := <-result:
		if err != nil {
			http.Error(w, fmt.Sprintf("%s machine %s: %v", doing, m.spec.Name, err), http.StatusConflict)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	case <-r.Context().Done():
	}
}
