package doctor

import (
	"fmt"
	"path/filepath"
	"strings"
)

// What labs need. An image is about 0.5 to 2 GiB unpacked and every machine
// writes some hundred MiB; a machine has 1 to 4 GiB of memory.
const (
	gib        = 1 << 30
	diskFail   = 1 * gib
	diskWarn   = 10 * gib
	memoryFail = gib / 2
	memoryWarn = 3 * gib
)

// A unix socket's path has at most 107 bytes. Below the directory for sockets
// come a lab's directory of eight characters and a file; below the session
// daemon's come libvirt/qemu/lib/domain-ID-NAME/monitor.sock.
const (
	socketPath    = 107
	ourSuffix     = len("/12345678/") + 30
	libvirtSuffix = len("/libvirt/qemu/lib/domain-123456-") + 20 + len("/monitor.sock")
)

func checkDisk(env Environment) Finding {
	free, err := env.FreeDisk(env.DataDir)
	return amount("disk space", "in "+env.DataDir, free, err, diskFail, diskWarn,
		"Free some space, or set DISTROLAB_HOME to a directory on a larger file system.")
}

func checkMemory(env Environment) Finding {
	free, err := env.FreeMemory()
	return amount("memory", "available", free, err, memoryFail, memoryWarn, "Close other programs, or run fewer and smaller machines.")
}

func amount(name, where string, free uint64, err error, fail, warn uint64, fix string) Finding {
	if err != nil {
		return Finding{Name: name, Status: Warn, Detail: "cannot be found out: " + err.Error(), Fix: fix}
	}
	f := Finding{Name: name, Status: OK, Detail: fmt.Sprintf("%.1f GiB %s", float64(free)/gib, where)}
	switch {
	case free < fail:
		f.Status, f.Fix = Fail, fix
		f.Detail += fmt.Sprintf("; labs need at least %.1f GiB", float64(fail)/gib)
	case free < warn:
		f.Status, f.Fix = Warn, fix
		f.Detail += fmt.Sprintf("; %.0f GiB or more are better", float64(warn)/gib)
	}
	return f
}

func checkRunDir(env Environment) Finding {
	f := Finding{Name: "runtime directory", Status: Fail, Detail: env.RunDir}
	if err := env.Writable(env.RunDir); err != nil {
		f.Detail += ": " + err.Error()
		f.Fix = "Log in as this user (not by su), so that XDG_RUNTIME_DIR is set and exists; or set it to a directory that only you can write."
		return f
	}
	if excess := len(env.RunDir) + ourSuffix - socketPath; excess > 0 {
		f.Detail += fmt.Sprintf(" is %d bytes too long for unix sockets", excess)
		f.Fix = "Set XDG_RUNTIME_DIR to a shorter directory."
		return f
	}
	f.Status = OK
	return f
}

// checkLibvirtSockets concerns the session daemon only: the system daemon's
// sockets have a short place.
func checkLibvirtSockets(env Environment) Finding {
	f := Finding{Name: "libvirt sockets", Status: OK, Detail: "the system daemon's place is short enough"}
	if !strings.HasSuffix(env.URI, "/session") {
		return f
	}
	f.Detail = filepath.Join(env.ConfigHome, "libvirt")
	if excess := len(env.ConfigHome) + libvirtSuffix - socketPath; excess > 0 {
		f.Status = Fail
		f.Detail += fmt.Sprintf(" is %d bytes too long for libvirt's unix sockets", excess)
		f.Fix = "Set XDG_CONFIG_HOME to a shorter directory."
	}
	return f
}
