package observe

import (
	"testing"
	"time"

	"distrolab/distros"

	"github.com/google/go-cmp/cmp"
)

// The recordings are real boots under TCG, thinned out: a Debian 13 kernel with
// the probe guest's init, and one with Ignition in a dracut initrd.
func TestRecordedBoots(t *testing.T) {
	tests := []struct {
		file string
		boot distros.BootProfile
		want map[Milestone]time.Duration
	}{
		{"probe.log", distros.BootProfile{Patterns: map[string]string{"boot_complete": `distrolab-probe: report printed`}},
			map[Milestone]time.Duration{
				Request:       0,
				KernelConsole: 2590 * time.Millisecond,
				KernelStart:   2370 * time.Millisecond,
				InitStart:     4630 * time.Millisecond,
				BootComplete:  5290 * time.Millisecond,
			}},
		{"ignition.log", distros.BootProfile{},
			map[Milestone]time.Duration{
				Request:       0,
				KernelConsole: 1550 * time.Millisecond,
				KernelStart:   1550 * time.Millisecond, // its clock lost 40 ms, so the map is not believed
				InitStart:     6660 * time.Millisecond,
				SwitchRoot:    29190 * time.Millisecond,
				BootComplete:  75030 * time.Millisecond,
			}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			o := scripted(t, tt.boot, Options{}, recording(t, tt.file))
			if err := wait(t, o); err != nil {
				t.Errorf("Wait: %v", err)
			}
			got := map[Milestone]time.Duration{}
			for _, e := range o.Finish("").Events {
				got[e.M] = e.T.Round(10 * time.Millisecond)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("milestones (-want +got):\n%s", diff)
			}
		})
	}
}
