package hypervisor

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func emulator(t testing.TB) string {
	t.Helper()
	path, err := FindEmulator(exec.LookPath)
	if err != nil {
		t.Skip("QEMU is not installed: ", err)
	}
	return path
}

// The guest is right when QEMU's translator, which is not what it judges,
// runs it to its end.
func TestProbeGuestPassesUnderTCG(t *testing.T) {
	path := emulator(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, cpu := range []string{"max", "qemu64", "Nehalem"} {
		result := runProbe(ctx, path, TCG, cpu)
		if !result.passed() {
			t.Errorf("cpu %s: %+v, want stages %s and the guest's own end", cpu, result, probeStages)
		}
	}
}

func TestDetectAcceleratorGivesOneAnswerAndAReason(t *testing.T) {
	path := emulator(t)
	got := DetectAccelerator(t.Context(), path)
	t.Logf("%s: %s", got.Kind, got.Reason)
	if got.Reason == "" {
		t.Error("no reason")
	}
	if _, err := os.Stat("/dev/kvm"); err != nil && got.Kind != TCG {
		t.Errorf("got %s without /dev/kvm", got.Kind)
	}
}

// On a host with the paravirtual KVM a guest kernel's instructions are
// emulated; the probe must see it also with a processor model that QEMU can set up there.
func TestProbeRefusesParavirtualKVM(t *testing.T) {
	for _, needed := range []string{"/sys/module/kvm_pvm", "/dev/kvm"} {
		if _, err := os.Stat(needed); err != nil {
			t.Skipf("this host has no paravirtual KVM: %v", err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), probeTime)
	defer cancel()
	result := runProbe(ctx, emulator(t), KVM, "qemu64")
	if result.passed() || !result.timeout || result.stages != "PL" {
		t.Errorf("got %+v, want a time-out after PL", result)
	}
	if got := DetectAccelerator(t.Context(), ""); got.Kind != TCG || !strings.Contains(got.Reason, "paravirtual") {
		t.Errorf("got %+v, want TCG because of the paravirtual KVM", got)
	}
}

func TestProbeReturnsWhenTheEmulatorHangsOrIsNone(t *testing.T) {
	script := filepath.Join(t.TempDir(), "qemu")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nprintf P\nexec sleep 1000\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if got := runProbe(ctx, script, KVM, "host"); got.passed() || !got.timeout {
		t.Errorf("hanging emulator: got %+v", got)
	}
	if got := runProbe(t.Context(), "/nonexistent/qemu", KVM, "host"); got.passed() || got.message == "" {
		t.Errorf("no emulator: got %+v", got)
	}
	if got := runProbe(t.Context(), "/bin/false", KVM, "host"); got.passed() || got.timeout {
		t.Errorf("failing emulator: got %+v", got)
	}
}

func TestProbeResultExplainsTheFirstMissingStage(t *testing.T) {
	for _, c := range []struct {
		result probeResult
		want   string
	}{
		{probeResult{message: "no MSR"}, "did not start the guest; QEMU said: no MSR"},
		{probeResult{stages: "PL", timeout: true}, "too slowly (it emulates it) within 3s"},
		{probeResult{stages: "PLSF", timeout: true}, "did not wake the guest by its timer"},
		{probeResult{stages: "PX"}, "did not run the guest correctly"},
		{probeResult{stages: probeStages + "U"}, "did not run the guest correctly"},
	} {
		if got := c.result.explain(false); !strings.Contains(got, c.want) {
			t.Errorf("%+v: got %q, want it to contain %q", c.result, got, c.want)
		}
	}
}

func TestExplainDeviceNamesTheFix(t *testing.T) {
	for err, want := range map[error]string{
		os.ErrNotExist: "no /dev/kvm", os.ErrPermission: "usermod", errors.New("odd"): "odd",
	} {
		if got := explainDevice(err); !strings.Contains(got, want) {
			t.Errorf("%v: got %q, want it to contain %q", err, got, want)
		}
	}
}

func TestProbeCodeIsItsAssembledSource(t *testing.T) {
	dir := t.TempDir()
	object, binary := filepath.Join(dir, "guest.o"), filepath.Join(dir, "guest.bin")
	for _, args := range [][]string{
		{"as", "--64", "-o", object, "testdata/probeguest.s"},
		{"objcopy", "-O", "binary", "-j", ".text", object, binary},
	} {
		if _, err := exec.LookPath(args[0]); err != nil {
			t.Skip("binutils are not installed: ", err)
		}
		if output, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, output)
		}
	}
	want, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, []byte(probeCode)); diff != "" {
		t.Errorf("the bytes differ from the source (-source +bytes):\n%s", diff)
	}
}

func BenchmarkProbeGuest(b *testing.B) {
	path := emulator(b)
	for b.Loop() {
		if result := runProbe(b.Context(), path, TCG, "max"); !result.passed() {
			b.Fatal(result)
		}
	}
}
