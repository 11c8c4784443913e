package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"distrolab/distros"
	"distrolab/labs"
	"distrolab/labs/home"
	"distrolab/labs/hypervisor"
	"distrolab/labs/machine"
)

// connection opens libvirt. A machine without a usable one cannot do it.
func (a *application) connection(ctx context.Context, uri string) (*hypervisor.Connection, error) {
	c, err := hypervisor.Open(ctx, hypervisor.Options{URI: uri, RuntimeDir: a.world.Getenv("XDG_RUNTIME_DIR"), Log: a.log()})
	var unavailable *hypervisor.UnavailableError
	if errors.As(err, &unavailable) {
		return nil, cannot(err)
	}
	return c, err
}

// libvirtURI is the URI that is used when none was asked for.
func (a *application) libvirtURI() string {
	if u := a.uri(); u != "" {
		return u
	}
	return hypervisor.DefaultURI(a.world.UID)
}

// acceleratorFile remembers what was found out, until the machine restarts.
const acceleratorFile = "accelerator.json"

// rememberedAccelerator is what the file holds: valid for one run of the machine.
type rememberedAccelerator struct {
	BootID string
	Found  hypervisor.Accelerator
}

// bootID names this run of the machine; "" where it cannot be read: then
// nothing is remembered.
func bootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return string(id)
}

// knownAccelerator is what executes guests here, if it was found out since the
// machine started.
func knownAccelerator(h home.Home) (hypervisor.Accelerator, bool) {
	var known rememberedAccelerator
	data, err := os.ReadFile(filepath.Join(h.Run, acceleratorFile))
	boot := bootID()
	ok := err == nil && json.Unmarshal(data, &known) == nil && boot != "" && known.BootID == boot
	return known.Found, ok
}

// accelerator finds out once, by running guest code, what executes guests here.
func (a *application) accelerator(ctx context.Context, h home.Home) (hypervisor.Accelerator, error) {
	if known, ok := knownAccelerator(h); ok {
		return known, nil
	}
	found := hypervisor.DetectAccelerator(ctx, emulator)
	if ctx.Err() != nil {
		return found, context.Cause(ctx)
	}
	data, err := json.Marshal(rememberedAccelerator{BootID: bootID(), Found: found})
	if err == nil {
		err = os.WriteFile(filepath.Join(h.Run, acceleratorFile), data, 0o600)
	}
	if err != nil {
		a.log().Warn("the accelerator found cannot be remembered", "error", err)
	}
	return found, nil
}

// emulator is the program that the probe of KVM runs; libvirt has its own idea
// of the path, which is asked for later.
const emulator = "qemu-system-x86_64"

// runner runs programs of this machine.
func runner(ctx context.Context, program string, args ...string) error {
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return cannot(fmt.Errorf("running %s: it is not installed; `distrolab doctor` says what to install", program))
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && strings.Contains(strings.ToLower(string(out)), syscall.ENOSPC.Error()):
		return fmt.Errorf("running %s: %w", program, syscall.ENOSPC)
	case err != nil:
		return fmt.Errorf("running %s: %w: %s", program, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// hardwareFlags are the wishes of a machine's hardware.
func hardwareFlags(cmd *cobra.Command, w *machine.Wishes) {
	cmd.Flags().IntVar(&w.VCPUs, "vcpus", 0, "virtual CPUs of each machine (default 2)")
	cmd.Flags().IntVar(&w.MemoryMiB, "memory", 0, "memory of each machine in MiB (default 2048, more where a system needs it)")
	cmd.Flags().StringVar(&w.Firmware, "firmware", "", "bios or uefi (default: the system's own preference)")
	cmd.RegisterFlagCompletionFunc("firmware", cobra.FixedCompletions([]string{"bios", "uefi"}, cobra.ShellCompDirectiveNoFileComp))
}

func checkWishes(w machine.Wishes) error {
	switch {
	case w.VCPUs < 0 || w.VCPUs > 64:
		return usage(fmt.Errorf("--vcpus %d: take 1 to 64", w.VCPUs))
	case w.MemoryMiB < 0 || w.MemoryMiB > 1<<20:
		return usage(fmt.Errorf("--memory %d: give MiB, such as 2048", w.MemoryMiB))
	case w.Firmware != "" && w.Firmware != "bios" && w.Firmware != "uefi":
		return usage(fmt.Errorf("--firmware %q: take bios or uefi", w.Firmware))
	}
	return nil
}

// completeMachines completes LAB/MACHINE of the labs that run.
func (a *application) completeMachines(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.completeLabs(cmd, func(s labs.Status) []string {
		var names []string
		for _, m := range s.Machines {
			names = append(names, s.Lab+"/"+m.Name)
		}
		return names
	})
}

func (a *application) completeLabs(cmd *cobra.Command, names func(labs.Status) []string) ([]string, cobra.ShellCompDirective) {
	h, err := home.For(a.world.UID, a.world.Getenv)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), time.Second)
	defer cancel()
	all, err := labs.All(ctx, h)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var found []string
	for _, s := range all {
		found = append(found, names(s)...)
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// userOf is the account that a lab's key opens on a system.
func userOf(d distros.Distro) string { return d.Boot.User }
