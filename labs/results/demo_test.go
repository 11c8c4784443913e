package results_test

import (
	"os"
	"testing"

	"distrolab/labs/observe"
	"distrolab/labs/results"
)

// TestDemoSession checks what ./scripts/demo has just measured on real guests:
// scripts/test names the session.
func TestDemoSession(t *testing.T) {
	dir := os.Getenv("DISTROLAB_TEST_SESSION")
	if dir == "" {
		t.Skip("checks the session of a real demo: ./scripts/test sets DISTROLAB_TEST_SESSION")
	}
	session, runs, warnings, err := results.ReadDirectory(dir)
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	measured := map[string]int{}
	for _, run := range runs {
		if run.Outcome != results.OutcomeOK && run.Outcome != results.OutcomeTainted {
			t.Errorf("%s: %s: %s", run.RunID, run.Outcome, run.Cause)
			continue
		}
		if run.Phase == results.PhaseMeasure {
			measured[run.Subject.OS]++
		}
		checkBoot(t, run)
	}
	for _, s := range session.Subjects {
		if measured[s.OS] != session.Blocks {
			t.Errorf("%s was measured %d times, not %d", s.OS, measured[s.OS], session.Blocks)
		}
	}
}

// checkBoot checks one boot of a real guest.
func checkBoot(t *testing.T, run results.Run) {
	t.Helper()
	timeline := run.Timeline()
	for _, m := range []observe.Milestone{
		observe.VCPUStart, observe.FirmwareFirst, observe.LoaderFirst, observe.KernelStart, observe.KernelConsole, observe.InitStart,
		observe.NetFirstFrame, observe.DHCPDiscover, observe.DHCPAck, observe.ManagementSYN, observe.ManagementByte, observe.ManagementLogin, observe.BootComplete,
	} {
		if _, ok := timeline.At(m); !ok {
			t.Errorf("%s: %s was not seen: %s", run.RunID, m, timeline.Why(m))
		}
	}
	for _, info := range observe.Milestones() {
		if _, ok := timeline.At(info.Milestone); !ok && timeline.Why(info.Milestone) == "" {
			t.Errorf("%s: %s is missing without a reason", run.RunID, info.Milestone)
		}
	}
	if run.Guest == nil || run.Guest.Values["kernel"] == "" {
		t.Errorf("%s: nothing was read in the guest: %+v", run.RunID, run.Guest)
	} else if failed := run.Guest.Values["failed_units"]; failed != "" {
		t.Errorf("%s: these units failed in the guest: %s", run.RunID, failed)
	}
	if run.Clock.Canary == nil || run.Counters.ObserverCPUms == nil {
		t.Errorf("%s: the observer did not measure itself", run.RunID)
	}
}
