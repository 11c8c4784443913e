package machine_test

import (
	"path/filepath"
	"strings"
	"testing"

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
	copies := []*guest{g.goOn(t, spec, "first"), g.goOn(t, spec, "second")}
	for i, c := range copies {
		c.expect("before", "cat /mnt/word")
		c.expect(strings.TrimSpace(boot), "cat /proc/sys/kernel/random/boot_id")
		c.expect("written", "sudo sh -c 'echo "+[]string{"one", "two"}[i]+" >/mnt/word' && sync && echo written")
	}
	for i, c := range copies {
		c.expect([]string{"one", "two"}[i], "cat /mnt/word")
	}
}

// goOn starts a machine from a saved state in a lab of its own.
func (g *guest) goOn(t *testing.T, spec machine.Spec, lab string) *guest {
	t.Helper()
	c := begin(t, labtest.Home(g.t), spec, g.key, lab)
	c.core = c.login("core")
	return c
}
