package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"distrolab/labs/hypervisor"
)

// The oldest QEMU with the stream network back end (-netdev stream).
const minQEMUMajor, minQEMUMinor = 7, 2

// connectTime bounds the talk with libvirt. A first session daemon on a slow
// machine looks at QEMU for ten seconds.
const connectTime = 45 * time.Second

func checkEmulator(ctx context.Context, env Environment) Finding {
	f := Finding{Name: "emulator", Status: Fail, Fix: "apt-get install qemu-system-x86"}
	path, err := hypervisor.FindEmulator(env.LookPath)
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	output, err := env.Run(ctx, path, "--version")
	if err != nil {
		f.Detail = fmt.Sprintf("%s does not run: %v", path, err)
		return f
	}
	major, minor, ok := parseVersion(output)
	switch {
	case !ok:
		f.Detail, f.Fix = fmt.Sprintf("%s does not say its version", path), "Install QEMU 7.2 or newer."
	case major < minQEMUMajor || major == minQEMUMajor && minor < minQEMUMinor:
		f.Detail = fmt.Sprintf("%s is version %d.%d; labs need %d.%d or newer for their network", path, major, minor, minQEMUMajor, minQEMUMinor)
		f.Fix = "Use a newer distribution (Debian 12, Ubuntu 23.04) or its backports."
	default:
		return Finding{Name: f.Name, Status: OK, Detail: fmt.Sprintf("%s, version %d.%d", path, major, minor)}
	}
	return f
}

// parseVersion reads "QEMU emulator version 7.2.22 (Debian ...)".
func parseVersion(output string) (major, minor int, ok bool) {
	_, after, found := strings.Cut(output, "version ")
	if !found {
		return 0, 0, false
	}
	n, err := fmt.Sscanf(after, "%4d.%4d", &major, &minor)
	return major, minor, err == nil && n == 2
}

// checkDevice looks for a trap of the system daemon: libvirt 9.0 looks for KVM
// as root and runs QEMU as another user. Where that user may not open
// /dev/kvm, every call looks again, for a minute each.
func checkDevice(env Environment) Finding {
	f := Finding{Name: "kvm device", Status: OK}
	info, err := env.Stat("/dev/kvm")
	if err != nil {
		f.Detail = "there is no /dev/kvm"
		return f
	}
	f.Detail = fmt.Sprintf("/dev/kvm has mode %04o", info.Mode().Perm())
	if !strings.HasSuffix(env.URI, "/system") || info.Mode().Perm()&0o006 == 0o006 {
		return f
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return f
	}
	for _, name := range []string{"libvirt-qemu", "qemu"} {
		account, err := env.Account(name)
		if err != nil {
			continue
		}
		byGroup := info.Mode().Perm()&0o060 == 0o060 && slices.Contains(account.Groups, int(stat.Gid))
		if byGroup || account.UID == int(stat.Uid) {
			return f
		}
		f.Status = Warn
		f.Detail += fmt.Sprintf(" and the user %s, who runs QEMU for the system daemon, may not open it; some versions of libvirt then need a minute for every call", name)
		f.Fix = "chmod 0666 /dev/kvm (as root, until the next boot), or usermod -aG kvm " + name
		return f
	}
	return f
}

func checkAccelerator(ctx context.Context, env Environment) Finding {
	emulator, err := hypervisor.FindEmulator(env.LookPath)
	if err != nil {
		return Finding{Name: "accelerator", Status: Warn, Detail: "KVM was not tried: there is no QEMU", Fix: "Install QEMU first."}
	}
	found := env.Accelerator(ctx, emulator)
	if found.Kind == hypervisor.KVM {
		return Finding{Name: "accelerator", Status: OK, Detail: "KVM: " + found.Reason}
	}
	f := Finding{Name: "accelerator", Status: Warn, Detail: "TCG, 10 to 50 times slower than KVM: " + found.Reason,
		Fix: "Labs work; do not compare these boot times with those of KVM. For KVM use a machine with hardware virtualization."}
	if version, stale := staleTranslator(ctx, env, emulator); stale {
		f.Detail += "; and QEMU " + version + " crashes a guest with several CPUs now and then"
		f.Fix += " QEMU 8.1 or newer mends the crashes: on Debian 12 `apt-get install -t bookworm-backports qemu-system-x86`."
	}
	return f
}

// staleTranslator says whether QEMU is older than 8.1, the first whose TCG locks
// a page while it translates from it. Before, a CPU could keep the translation
// of an instruction that another one had just replaced, and Linux replaces
// instructions as it runs: here some guests in a hundred ended in a panic in
// __netif_receive_skb_core, and one QEMU in a segmentation fault.
func staleTranslator(ctx context.Context, env Environment, emulator string) (version string, stale bool) {
	output, err := env.Run(ctx, emulator, "--version")
	if err != nil {
		return "", false
	}
	major, minor, ok := parseVersion(output)
	return fmt.Sprintf("%d.%d", major, minor), ok && (major < 8 || major == 8 && minor < 1)
}

// checkLibvirt returns what libvirt says of its host beside the finding.
func checkLibvirt(ctx context.Context, env Environment) (*hypervisor.Host, Finding) {
	f := Finding{Name: "libvirt", Status: Fail}
	ctx, cancel := context.WithTimeoutCause(ctx, connectTime, fmt.Errorf("no answer in %v", connectTime))
	defer cancel()
	host, err := env.Connect(ctx)
	var unavailable *hypervisor.UnavailableError
	switch {
	case errors.As(err, &unavailable):
		f.Detail, f.Fix = fmt.Sprintf("%s: %s", env.URI, unavailable.Reason), unavailable.Fix
		if unavailable.Err != nil {
			f.Detail += ": " + unavailable.Err.Error()
		}
		return nil, f
	case err != nil:
		f.Detail, f.Fix = fmt.Sprintf("%s: %v", env.URI, err), "Check that virsh -c "+env.URI+" version works."
		return nil, f
	}
	f.Status, f.Detail = OK, fmt.Sprintf("%s, libvirt %s, QEMU %s", host.URI, host.Libvirt, host.QEMU)
	return &host, f
}

func checkFirmware(host *hypervisor.Host) Finding {
	f := Finding{Name: "uefi firmware", Status: Warn, Fix: "apt-get install ovmf"}
	switch {
	case host == nil:
		f.Detail, f.Fix = "not known without libvirt", "Repair libvirt first."
	case host.UEFI == nil:
		f.Detail = "no OVMF without secure boot was found: only BIOS machines can run"
	default:
		return Finding{Name: f.Name, Status: OK, Detail: host.UEFI.Code}
	}
	return f
}

func checkProgram(env Environment, name string, status Status, without, fix string) Finding {
	path, err := env.LookPath(name)
	if err != nil {
		path, err = env.LookPath("/usr/sbin/" + name) // which an ordinary user's PATH may lack
	}
	if err != nil {
		return Finding{Name: name, Status: status, Detail: "not found: " + without, Fix: fix}
	}
	return Finding{Name: name, Status: OK, Detail: path}
}
