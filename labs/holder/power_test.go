package holder

import (
	"context"
	"testing"

	"distrolab/labs"
)

// TestPowerOfAMachineThatWasNeverMade asks what cannot be done: everything else
// needs libvirt and is tried with the probe guest.
func TestPowerOfAMachineThatWasNeverMade(t *testing.T) {
	h, c := newHolder(t)
	go func() {
		for {
			select {
			case task := <-h.tasks:
				task(t.Context())
			case <-t.Context().Done():
				return
			}
		}
	}()
	wantError(t, c.Stop(t.Context(), "one", false), "stopping machine one: it does not run")
	wantError(t, c.Stop(t.Context(), "three", true), `lab trial has no machine "three"`)
	h.machines[1].role = labs.RoleControlPlane
	wantError(t, c.Start(t.Context(), "two"), "the control plane goes with its lab")
	h.machines[0].power.Lock()
	wantError(t, c.Stop(t.Context(), "one", true), "being stopped or started already")
	h.machines[0].power.Unlock()
	used, err := c.Usage(t.Context())
	if err != nil || len(used) != 0 {
		t.Errorf("usage %v, %v", used, err)
	}
	s, err := c.Status(t.Context())
	if err != nil || s.Machines[0].Boots != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestAClientThatLeavesDoesNotHoldTheLab(t *testing.T) {
	h, c := newHolder(t) // nobody takes tasks
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Start(ctx, "one"); err == nil {
		t.Error("started")
	}
	h.downOnce.Do(func() { close(h.down) })
	wantError(t, c.Start(t.Context(), "one"), "the lab ends")
}
