package machine_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"distrolab/labs/internal/labtest"
	"distrolab/labs/machine"
)

// TestSavedMachineGoesOn saves a running guest and goes on from its state in two
// machines at the same time: what ran runs on in both, and neither sees what the
// other one does.
func TestSavedMachineGoesOn(t *testing.T) {
	labtest.NeedMachines(t)
	h := labtest.Home(t)
	g := enter(t, h, labtest.Guest(t, h, "debian-local"), "debian-local", "volume")
	g.expect("made", "sudo mount -t tmpfs none /mnt && sudo sh -c 'echo before >/mnt/word' && echo made")
	boot, err := g.core.Run(g.ctx, "cat /proc/sys/kernel/random/boot_id", 100)
	if err != nil {
		t.Fatal(err)
	}
	saved, err := g.machine.Save(g.ctx, filepath.Join(h.Data, "saved.qcow2"), "settled")
	if err != nil {
		t.Fatal(err)
	}
	spec := g.machine.Spec()
	spec.Saved = &saved
	t.Run("first", func(t *testing.T) { // the names of the tests are those of the labs
		first := g.goOn(t, spec)
		t.Run("second", func(t *testing.T) {
			copies := []*guest{first, g.goOn(t, spec)}
			for i, c := range copies {
				c.expect("before", "cat /mnt/word")
				c.expect(strings.TrimSpace(boot), "cat /proc/sys/kernel/random/boot_id")
				c.expect("written", "sudo sh -c 'echo "+[]string{"one", "two"}[i]+" >/mnt/word' && sync && echo written")
			}
			for i, c := range copies {
				c.expect([]string{"one", "two"}[i], "cat /mnt/word")
			}
		})
	})
}

// goOn starts a machine from a saved state in a lab of its own.
func (g *guest) goOn(t *testing.T, spec machine.Spec) *guest {
	t.Helper()
	c := &guest{t: t, ctx: g.ctx, key: g.key, console: &safeBuffer{}, settled: time.Now().Add(settleLimit)}
	var err error
	libvirt := labtest.Connect(t)
	host, err := libvirt.Host(g.ctx)
	if err != nil {
		t.Fatal(err)
	}
	env := surroundings(t, g.ctx, labtest.Home(g.t), libvirt, host, spec)
	c.machine, err = machine.Prepare(g.ctx, env, spec, machine.Options{Console: c.console, Firmware: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.machine.Stop(context.WithoutCancel(g.ctx)); err != nil {
			t.Error(err)
		}
	})
	if err := c.machine.Start(g.ctx); err != nil {
		t.Fatal(err)
	}
	c.core = c.login("core")
	return c
}
