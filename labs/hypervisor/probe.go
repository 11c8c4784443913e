package hypervisor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
	"unicode"

	"golang.org/x/sys/unix"
)

// probeExit is QEMU's exit status after the guest wrote 0x10 to the
// isa-debug-exit device: (0x10 << 1) | 1.
const probeExit = 33

// runProbe boots the probe guest once. It returns when QEMU is gone, or two
// seconds after ctx ended when the system cannot end it.
func runProbe(ctx context.Context, emulator string, kind AcceleratorKind, cpu string) probeResult {
	rom, err := memoryFile("distrolab-probe", probeROM())
	if err != nil {
		return probeResult{message: err.Error()}
	}
	defer rom.Close()
	done := make(chan probeResult, 1)
	go func() {
		// The kernel ends the child with the thread that made it (Pdeathsig),
		// so the thread must stay.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		done <- execProbe(ctx, probeCommand(ctx, emulator, kind, cpu, rom))
	}()
	select {
	case result := <-done:
		return result
	case <-ctx.Done():
	}
	patience := time.NewTimer(2 * time.Second)
	defer patience.Stop()
	select {
	case result := <-done:
		return result
	case <-patience.C:
		return probeResult{timeout: true, message: "QEMU could not be ended"}
	}
}

// probeCommand gives QEMU the image as an inherited file: nothing is left on
// disk when we are killed.
func probeCommand(ctx context.Context, emulator string, kind AcceleratorKind, cpu string, rom *os.File) *exec.Cmd {
	cmd := exec.CommandContext(ctx, emulator, "-accel", string(kind), "-machine", machineType, "-cpu", cpu, "-m", "16",
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-bios", "/proc/self/fd/3",
		"-chardev", "stdio,id=out,signal=off", "-device", "isa-debugcon,iobase="+debugPort+",chardev=out",
		"-device", "isa-debug-exit,iobase=0xf4,iosize=4")
	cmd.ExtraFiles = []*os.File{rom}
	cmd.Dir = "/"
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

func execProbe(ctx context.Context, cmd *exec.Cmd) probeResult {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		return probeResult{message: err.Error()}
	}
	// QEMU aborts on some hosts; a core file would be litter.
	_ = unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil)
	err := cmd.Wait()
	result := probeResult{stages: stdout.String(), timeout: ctx.Err() != nil}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == probeExit {
		result.finished = true
		return result
	}
	if !result.timeout {
		result.message = firstError(stderr.String())
	}
	return result
}

// firstError picks the line that says what is wrong: warnings come before it,
// and the text of an assertion after it.
func firstError(output string) string {
	best := ""
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if best == "" || strings.Contains(best, "warning:") {
			best = line
		}
	}
	printable := func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}
	best = strings.Map(printable, best)
	if len(best) > 200 {
		best = strings.ToValidUTF8(best[:200], "")
	}
	return best
}

// memoryFile holds content without a name in any directory.
func memoryFile(name string, content []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("making a file in memory: %w", err)
	}
	file := os.NewFile(uintptr(fd), name)
	if _, err := file.Write(content); err != nil {
		file.Close()
		return nil, fmt.Errorf("writing a file in memory: %w", err)
	}
	return file, nil
}
