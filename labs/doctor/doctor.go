// Package doctor finds out whether this machine can run labs, and says for
// each finding what a person can do about it.
//
// It changes nothing, except that connecting to libvirt may start the user's
// own session daemon, and that judging KVM runs a small guest for a moment.
// The world comes in as an [Environment], so that every finding can be tested
// on a machine that does not have it.
package doctor

import (
	"context"
	"io/fs"

	"distrolab/labs/hypervisor"
)

// Status says how bad a finding is.
type Status string

// The statuses.
const (
	OK   Status = "ok"
	Warn Status = "warn" // labs work, but slower or with less
	Fail Status = "fail" // this machine cannot run labs
)

// Finding is one thing that was looked at.
type Finding struct {
	Name   string `json:"name"`          // a stable word, such as "libvirt"
	Status Status `json:"status"`        // ok, warn or fail
	Detail string `json:"detail"`        // what was found
	Fix    string `json:"fix,omitempty"` // what to do, when it is not ok
}

// Account is what a system user may do by its groups.
type Account struct {
	UID    int
	Groups []int // numbers, the primary one included
}

// Environment is the world that the checks look at.
type Environment struct {
	UID        int    // who runs labs
	URI        string // libvirt connection; "" means hypervisor.DefaultURI
	DataDir    string // where images and disks will be
	RunDir     string // where sockets will be
	ConfigHome string // XDG_CONFIG_HOME or ~/.config, under which the session daemon keeps its sockets

	LookPath    func(name string) (string, error)                         // as exec.LookPath
	Run         func(ctx context.Context, argv ...string) (string, error) // a command's output
	Stat        func(path string) (fs.FileInfo, error)                    // as os.Stat
	Writable    func(dir string) error                                    // whether a file can be made there, or in its nearest existing parent
	FreeDisk    func(dir string) (uint64, error)                          // bytes
	FreeMemory  func() (uint64, error)                                    // bytes that can be had without swapping
	Account     func(name string) (Account, error)                        // a system user
	Connect     func(ctx context.Context) (hypervisor.Host, error)
	Accelerator func(ctx context.Context, emulator string) hypervisor.Accelerator
}

// Run looks at everything, in the order in which a person would repair it. It
// returns a finding for every check, also after one that failed.
func Run(ctx context.Context, env Environment) []Finding {
	if env.URI == "" {
		env.URI = hypervisor.DefaultURI(env.UID)
	}
	findings := []Finding{
		checkEmulator(ctx, env),
		checkDevice(env),
		checkAccelerator(ctx, env),
	}
	host, libvirt := checkLibvirt(ctx, env)
	return append(findings, libvirt, checkFirmware(host),
		checkProgram(env, "qemu-img", Fail, "disks cannot be made", "apt-get install qemu-utils"),
		checkProgram(env, "mke2fs", Warn, "no config can be written into a partition of an image, as Bottlerocket wants it", "apt-get install e2fsprogs"),
		checkProgram(env, "ssh", Warn, "machines cannot be entered by distrolab ssh", "apt-get install openssh-client"),
		checkDisk(env), checkMemory(env), checkRunDir(env), checkLibvirtSockets(env))
}

// Failed says whether any finding means that this machine cannot run labs.
func Failed(findings []Finding) bool {
	for _, f := range findings {
		if f.Status == Fail {
			return true
		}
	}
	return false
}
