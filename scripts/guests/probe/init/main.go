//go:build linux

// Command init is the only program of the probe guest: it runs as PID 1 in an
// initramfs, looks at everything that reached the machine, prints it as a
// report of distrolab/labs/probe on the console, and powers off. Words of the
// kernel command line may give it an errand besides (errand.go).
//
// It mounts pseudo file systems and, read-only, whatever disks it finds; it
// writes nothing to them. Missing hardware is not an error: the part of the report
// says why it is empty. Outside of a probe guest it refuses to run.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"distrolab/labs/probe"

	"golang.org/x/sys/unix"
)

func main() {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "init: this program is the probe guest's PID 1 and does nothing elsewhere")
		os.Exit(2)
	}
	defer powerOff()
	defer func() {
		if fault := recover(); fault != nil { // never leave the machine running
			fmt.Printf("distrolab-probe: internal error: %v\n%s\n", fault, debug.Stack())
		}
	}()
	fmt.Println(probe.LineStarted)
	if err := mountPseudo(); err != nil {
		fmt.Printf("distrolab-probe: %v\n", err)
	}
	report := collect()
	errands := readErrands(report.Kernel.CommandLine)
	errands.beforeReport(report.Network)
	quietKernel()
	out := bufio.NewWriter(os.Stdout)
	if err := probe.Encode(out, report); err != nil {
		fmt.Printf("distrolab-probe: %v\n", err)
		return
	}
	if err := out.Flush(); err != nil {
		fmt.Printf("distrolab-probe: %v\n", err)
	}
	errands.beforeEnd()
	fmt.Println(probe.LineDone)
}

// collect fills the report. The network is asked beside the rest, because a
// DHCP server may take its time.
func collect() probe.Report {
	r := probe.Report{Kernel: readKernel()}
	r.Kernel.Modules, r.Kernel.Error = loadModules("/modules")
	network := make(chan probe.Network, 1)
	go func() { network <- readNetwork(leaseTimeout) }()
	r.FWCfg = readFWCfg("/sys/firmware/qemu_fw_cfg/by_key")
	r.SMBIOS = readSMBIOS("/sys/firmware/dmi/tables/DMI")
	r.Storage = readStorage("/sys/class/block", "/dev")
	r.Network = <-network
	r.HTTP = fetchAll(wanted(r.SMBIOS.System.Serial, r.Kernel.CommandLine), r.Network)
	r.Machine = readMachine("/proc", "/sys")
	return r
}

// mountPseudo mounts what the rest reads from.
func mountPseudo() error {
	for _, m := range []struct{ kind, at string }{
		{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"tmpfs", "/mnt"},
	} {
		err := unix.Mount(m.kind, m.at, m.kind, unix.MS_NOSUID|unix.MS_NOEXEC, "")
		if err != nil && err != unix.EBUSY { // devtmpfs may be there already
			return fmt.Errorf("mounting %s on %s: %w", m.kind, m.at, err)
		}
	}
	return nil
}

// quietKernel keeps kernel messages off the console while frames are printed.
func quietKernel() {
	const consoleLevel = 8 // SYSLOG_ACTION_CONSOLE_LEVEL of syslog(2)
	_, _, _ = unix.Syscall(unix.SYS_SYSLOG, consoleLevel, 0, 1)
}

// powerOff ends the machine; when that is impossible the host's deadline does.
func powerOff() {
	drainConsole()
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	for {
		time.Sleep(time.Hour) // PID 1 must not return: the kernel would panic
	}
}

// drainConsole waits until the serial port has sent its last byte.
func drainConsole() { _ = drain(os.Stdout) }

// drain waits until a terminal has sent its last byte.
func drain(terminal *os.File) error {
	const tcsbrk, drainOnly = 0x5409, 1 // TCSBRK with a nonzero argument is tcdrain
	for {
		err := unix.IoctlSetInt(int(terminal.Fd()), tcsbrk, drainOnly)
		if err != unix.EINTR { // the runtime's own signals
			return err
		}
	}
}
