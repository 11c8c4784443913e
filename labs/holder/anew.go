package holder

import (
	"context"

	"distrolab/labs"
	"distrolab/labs/console"
	"distrolab/labs/machine"
)

// anew has a machine started once more, from its image, whose QEMU found a fault
// in itself before the guest had booted, and says whether it does: whoever brings
// up a lab is not to begin again for that. A benchmark's run is never made anew;
// there it is a result.
func (h *Holder) anew(ctx context.Context, m *member, made *machine.Machine, err error, there func()) bool {
	if !made.EmulatorFailed(err) || h.blind() {
		return false
	}
	m.mu.Lock()
	first := m.boots == 1 && !m.ending
	m.mu.Unlock()
	if !first {
		return false
	}
	select {
	case h.tasks <- func(ctx context.Context) { h.makeAnew(ctx, m, made, there) }:
		return true
	case <-ctx.Done():
		return false
	}
}

// makeAnew takes the machine back and begins it again.
func (h *Holder) makeAnew(ctx context.Context, m *member, made *machine.Machine, there func()) {
	m.power.Lock()
	defer m.power.Unlock()
	<-made.Gone()
	if m.told() {
		h.change(m, labs.StateOff, nil)
		there()
		return
	}
	h.journal.add(labs.Event{Machine: m.spec.Name, Step: made.GoneWhy() + "; started once more"})
	err := made.Stop(context.WithoutCancel(ctx))
	m.mu.Lock()
	m.events, m.console = nil, console.New()
	m.mu.Unlock()
	env := h.environment()
	if err == nil {
		env.Host, err = h.libvirt.Host(ctx)
	}
	if err == nil {
		err = h.begin(ctx, env, m, there)
	}
	if err != nil {
		h.change(m, labs.StateFailed, err)
		there()
	}
}
