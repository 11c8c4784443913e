package bench_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distrolab/labs/results"
	"distrolab/labs/session"
	"distrolab/tui/bench"
	"distrolab/tui/screen"
)

// TestEveryLineIsAsked goes through the lines that only some experiments need.
func TestEveryLineIsAsked(t *testing.T) {
	k := known()
	k.ControlPlane, k.Kubernetes = "debian-local", []string{"v1.36.1", "v1.35.4"}
	f := &fake{known: k, script: func(context.Context, *session.Gate, bench.Feed) (string, error) { return "x", nil }}
	d := drive(t, shared(t, systems()...), f)
	if d.has("Control plane:") || d.has("Kubeconfig:") {
		t.Errorf("lines of joins on a boot:\n%s", d.text())
	}
	d.press("down", "right") // cold join
	if !d.has("Kubernetes: newest, v1.36.1") || !d.has("Control plane: debian-local") {
		t.Errorf("no lines of joins:\n%s", d.text())
	}
	d.on("Blocks: ")
	d.press("enter", "backspace", "backspace", "enter") // as the mode says
	d.on("Mode: ")
	d.press("right", "right") // quick
	if !d.has("quick") || !d.has("blocks, and 1 warm-up of each first. ") {
		t.Errorf("the mode is not told:\n%s", d.text())
	}
	d.on("Target: ")
	d.press("enter", "7", "x", "enter")
	if !d.has("Not taken: a target is per cent") {
		t.Errorf("7x is taken:\n%s", d.text())
	}
	d.press("backspace", "enter")
	d.on("Kubernetes: ")
	d.press("left") // the last
	d.on("Kubeconfig: ")
	d.press("enter", "/", "k", "enter")
	d.on("Processors: ")
	d.press("right")
	d.on("Memory: ")
	d.press("enter", "4", "0", "9", "6", "enter")
	d.on("Firmware: ")
	d.press("left") // uefi
	d.on("Intent: ")
	d.press("enter", "/", "i", "enter", "s")
	d.until(func() bool { return d.has("done") })
	r := f.design.Asked()
	want := results.Request{Systems: systems(), Baseline: "debian-local", Scenario: results.JoinCold, Cache: results.CacheWarm, Mode: results.ModeQuick,
		Target: 0.07, Warmups: 1, Seed: r.Seed, VCPUs: 1, MemoryMiB: 4096, Firmware: "uefi", Intent: "/i", Kubernetes: "v1.35.4", Kubeconfig: "/k"}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
}

// on selects the line that begins so.
func (d *driver) on(line string) {
	d.t.Helper()
	for range 30 {
		for _, l := range strings.Split(d.text(), "\n") {
			if strings.HasPrefix(l, line) && strings.HasSuffix(l, "(selected)") {
				return
			}
		}
		d.press("tab")
	}
	d.t.Fatalf("no line %q:\n%s", line, d.text())
}

// TestWhatCannotRunSaysSo asks for fewer blocks than the mode has.
func TestWhatCannotRunSaysSo(t *testing.T) {
	d := drive(t, shared(t, "flatcar"), &fake{known: known()})
	d.on("Blocks: ")
	d.press("enter", "backspace", "backspace", "3", "enter")
	d.on("Mode: ")
	d.press("left", "left") // bench
	if a, _ := screen.ForKey(d.m.Actions(), "s"); !strings.Contains(a.Disabled, "too few for mode bench") || !d.has("It cannot run: 3 blocks") {
		t.Errorf("disabled %q:\n%s", a.Disabled, d.text())
	}
}
