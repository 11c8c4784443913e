package hypervisor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Accelerator is what should execute guests here, and why.
type Accelerator struct {
	Kind   AcceleratorKind `json:"kind"`
	Reason string          `json:"reason"` // one sentence for a person
}

// probeTime bounds the run of the probe guest. A processor with virtualization
// needs about 0.2 s, nearly all of it for starting QEMU.
const probeTime = 3 * time.Second

// DetectAccelerator finds out whether KVM can boot an ordinary system here. It
// runs a guest of our own under QEMU, with the processor model that Domain.XML
// asks for: a device that opens proves nothing, and neither does a guest that
// only prints a line, for there are hosts whose KVM emulates the kernel mode
// of a guest a thousand times slower than TCG translates it. emulator is
// Host.Emulator, or "" to search. It starts one process, which it ends and
// reaps within a few seconds, and keeps nothing; the caller may remember the
// answer as long as the machine runs.
func DetectAccelerator(ctx context.Context, emulator string) Accelerator {
	device, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return Accelerator{Kind: TCG, Reason: explainDevice(err)}
	}
	device.Close()
	if emulator == "" {
		if emulator, err = FindEmulator(exec.LookPath); err != nil {
			return Accelerator{Kind: TCG, Reason: "KVM was not tried: " + err.Error()}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	result := runProbe(ctx, emulator, KVM, "host")
	if result.passed() {
		return Accelerator{Kind: KVM, Reason: "a guest kernel's instructions ran under KVM at full speed"}
	}
	_, paravirtual := os.Stat("/sys/module/kvm_pvm")
	return Accelerator{Kind: TCG, Reason: result.explain(paravirtual == nil)}
}

// FindEmulator searches for QEMU where the families of distributions put it.
// find is exec.LookPath, or a test's.
func FindEmulator(find func(string) (string, error)) (string, error) {
	for _, name := range []string{"qemu-system-x86_64", "/usr/bin/qemu-system-x86_64", "/usr/libexec/qemu-kvm"} {
		if path, err := find(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("qemu-system-x86_64 is not installed")
}

func explainDevice(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no /dev/kvm: virtualization is off in the firmware, or this machine is itself a guest without it"
	case errors.Is(err, fs.ErrPermission):
		return "/dev/kvm may not be opened by this user (sudo usermod -aG kvm \"$USER\", then log in again)"
	}
	return fmt.Sprintf("/dev/kvm cannot be used: %v", err)
}

// probeResult is what one run of the probe guest gave.
type probeResult struct {
	stages   string // the letters it printed, see testdata/probeguest.s
	finished bool   // QEMU ended by the guest's wish
	timeout  bool
	message  string // QEMU's last words, one line
}

// The letters in their order, and what is wrong when one is the first to be missing.
const probeStages = "PLSFTU"

func (r probeResult) passed() bool { return r.finished && r.stages == probeStages }

func (r probeResult) explain(paravirtual bool) string {
	missing := [...]string{
		"did not start the guest",
		"did not reach 64-bit mode",
		"runs a guest's kernel mode too slowly (it emulates it)",
		"did not handle a page fault",
		"did not wake the guest by its timer",
		"did not return from user mode",
	}
	var b strings.Builder
	b.WriteString("/dev/kvm opens, but KVM ")
	switch n := len(r.stages); {
	case n < len(missing) && strings.HasPrefix(probeStages, r.stages):
		b.WriteString(missing[n])
	default:
		b.WriteString("did not run the guest correctly")
	}
	if r.timeout {
		fmt.Fprintf(&b, " within %v", probeTime)
	}
	if r.message != "" {
		b.WriteString("; QEMU said: " + r.message)
	}
	if paravirtual {
		b.WriteString("; this host's KVM is the paravirtual kind (module kvm_pvm), which runs only guest kernels made for it")
	}
	return b.String()
}
