package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"distrolab/labs/hypervisor"
)

// device is a /dev/kvm that does not exist.
type device struct {
	mode     fs.FileMode
	uid, gid uint32
}

func (device) Name() string        { return "kvm" }
func (device) Size() int64         { return 0 }
func (d device) Mode() fs.FileMode { return fs.ModeDevice | d.mode }
func (device) ModTime() time.Time  { return time.Time{} }
func (device) IsDir() bool         { return false }
func (d device) Sys() any          { return &syscall.Stat_t{Uid: d.uid, Gid: d.gid} }

// healthy is a machine that has everything.
func healthy() Environment {
	return Environment{
		UID: 1000, DataDir: "/home/ann/.local/share/distrolab", RunDir: "/run/user/1000/distrolab/12345678", ConfigHome: "/home/ann/.config",
		LookPath: func(name string) (string, error) { return "/usr/bin/" + filepath.Base(name), nil },
		Run: func(context.Context, ...string) (string, error) {
			return "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg)\n", nil
		},
		Stat:       func(string) (fs.FileInfo, error) { return device{mode: 0o666}, nil },
		Writable:   func(string) error { return nil },
		FreeDisk:   func(string) (uint64, error) { return 100 << 30, nil },
		FreeMemory: func() (uint64, error) { return 16 << 30, nil },
		Account:    func(string) (Account, error) { return Account{UID: 64055, Groups: []int{64055}}, nil },
		Connect: func(context.Context) (hypervisor.Host, error) {
			return hypervisor.Host{URI: "qemu:///session", UEFI: &hypervisor.UEFIFirmware{Code: "/fw/code.fd"}}, nil
		},
		Accelerator: func(context.Context, string) hypervisor.Accelerator {
			return hypervisor.Accelerator{Kind: hypervisor.KVM, Reason: "it ran"}
		},
	}
}

func TestRunFindsNothingWrongWithAHealthyMachine(t *testing.T) {
	findings := Run(t.Context(), healthy())
	if len(findings) < 11 || Failed(findings) {
		t.Errorf("got %+v", findings)
	}
	for _, f := range findings {
		if f.Status != OK || f.Detail == "" || f.Fix != "" {
			t.Errorf("got %+v, want ok with a detail and no fix", f)
		}
	}
}

// translator is a machine without KVM and with some QEMU.
func translator(version string) func(*Environment) {
	return func(e *Environment) {
		e.Run = func(context.Context, ...string) (string, error) {
			return "QEMU emulator version " + version + "\n", nil
		}
		e.Accelerator = func(context.Context, string) hypervisor.Accelerator {
			return hypervisor.Accelerator{Kind: hypervisor.TCG, Reason: "because"}
		}
	}
}

func TestNewQEMUIsNotBlamed(t *testing.T) {
	env := healthy()
	translator("10.0.2")(&env)
	if f := checkAccelerator(t.Context(), env); strings.Contains(f.Detail+f.Fix, "crash") {
		t.Errorf("%+v", f)
	}
}

func without(program string) func(string) (string, error) {
	return func(name string) (string, error) {
		if strings.Contains(name, program) {
			return "", fs.ErrNotExist
		}
		return "/usr/bin/" + name, nil
	}
}

func TestRunFindsEachFaultAndItsFix(t *testing.T) {
	system := func(mode fs.FileMode) func(*Environment) {
		return func(e *Environment) {
			e.URI = "qemu:///system"
			e.Stat = func(string) (fs.FileInfo, error) { return device{mode: mode, gid: 107}, nil }
		}
	}
	version := func(text string) func(*Environment) {
		return func(e *Environment) { e.Run = func(context.Context, ...string) (string, error) { return text, nil } }
	}
	connect := func(err error) func(*Environment) {
		return func(e *Environment) {
			e.Connect = func(context.Context) (hypervisor.Host, error) { return hypervisor.Host{}, err }
		}
	}
	refused := fmt.Errorf("asking: %w", &hypervisor.UnavailableError{URI: "u", Reason: "permission denied", Fix: "do this", Err: errors.New("EACCES")})
	for _, c := range []struct {
		fault  string
		change func(*Environment)
		name   string
		status Status
		detail string
		fix    string
	}{
		{"no QEMU", func(e *Environment) { e.LookPath = without("qemu-") }, "emulator", Fail, "not installed", "apt-get install qemu-system-x86"},
		{"no QEMU", func(e *Environment) { e.LookPath = without("qemu-") }, "accelerator", Warn, "not tried", "Install QEMU"},
		{"old QEMU", version("QEMU emulator version 6.2.0"), "emulator", Fail, "version 6.2", "newer"},
		{"odd QEMU", version("hello"), "emulator", Fail, "does not say", "7.2"},
		{"broken QEMU", func(e *Environment) {
			e.Run = func(context.Context, ...string) (string, error) { return "", errors.New("no libfoo") }
		}, "emulator", Fail, "no libfoo", "apt-get"},
		{"TCG only", translator("7.2.22"), "accelerator", Warn, "because", "do not compare"},
		{"TCG that crashes", translator("8.0.5"), "accelerator", Warn, "QEMU 8.0 crashes a guest", "bookworm-backports"},
		{"TCG that does not", translator("8.1.0"), "accelerator", Warn, "because", "hardware virtualization."},
		{"closed device", system(0o600), "kvm device", Warn, "0600", "chmod 0666 /dev/kvm"},
		{"group device", system(0o660), "kvm device", Warn, "libvirt-qemu", "usermod -aG kvm libvirt-qemu"},
		{"no access", connect(refused), "libvirt", Fail, "permission denied: EACCES", "do this"},
		{"odd libvirt", connect(errors.New("odd")), "libvirt", Fail, "odd", "virsh -c qemu:///session version"},
		{"odd libvirt", connect(errors.New("odd")), "uefi firmware", Warn, "not known", "libvirt"},
		{"no OVMF", connect(nil), "uefi firmware", Warn, "only BIOS", "apt-get install ovmf"},
		{"no qemu-img", func(e *Environment) { e.LookPath = without("qemu-img") }, "qemu-img", Fail, "not found", "qemu-utils"},
		{"no mke2fs", func(e *Environment) { e.LookPath = without("mke2fs") }, "mke2fs", Warn, "Bottlerocket", "e2fsprogs"},
		{"no ssh", func(e *Environment) { e.LookPath = without("ssh") }, "ssh", Warn, "not found", "openssh-client"},
		{"full disk", func(e *Environment) { e.FreeDisk = func(string) (uint64, error) { return 1 << 20, nil } }, "disk space", Fail, "at least", "DISTROLAB_HOME"},
		{"small disk", func(e *Environment) { e.FreeDisk = func(string) (uint64, error) { return 5 << 30, nil } }, "disk space", Warn, "5.0 GiB", "DISTROLAB_HOME"},
		{"odd disk", func(e *Environment) { e.FreeDisk = func(string) (uint64, error) { return 0, errors.New("EIO") } }, "disk space", Warn, "EIO", "DISTROLAB_HOME"},
		{"no memory", func(e *Environment) { e.FreeMemory = func() (uint64, error) { return 1 << 20, nil } }, "memory", Fail, "at least 0.5", "Close"},
		{"no runtime directory", func(e *Environment) { e.Writable = func(string) error { return fs.ErrPermission } }, "runtime directory", Fail, "permission", "XDG_RUNTIME_DIR"},
		{"long runtime directory", func(e *Environment) { e.RunDir = "/" + strings.Repeat("r", 90) }, "runtime directory", Fail, "too long", "shorter"},
		{"long home", func(e *Environment) { e.ConfigHome = "/" + strings.Repeat("h", 90) }, "libvirt sockets", Fail, "too long", "XDG_CONFIG_HOME"},
	} {
		t.Run(c.fault+"/"+c.name, func(t *testing.T) {
			env := healthy()
			c.change(&env)
			findings := Run(t.Context(), env)
			if Failed(findings) != (c.status == Fail) && c.fault != "no QEMU" && c.fault != "odd libvirt" {
				t.Errorf("Failed is %v", Failed(findings))
			}
			for _, f := range findings {
				if f.Name != c.name {
					continue
				}
				if f.Status != c.status || !strings.Contains(f.Detail, c.detail) || !strings.Contains(f.Fix, c.fix) {
					t.Errorf("got %+v, want %s with %q and fix %q", f, c.status, c.detail, c.fix)
				}
				return
			}
			t.Errorf("no finding %q in %+v", c.name, findings)
		})
	}
}

func TestClosedDeviceIsFineWhereItDoesNotMatter(t *testing.T) {
	closed := func(string) (fs.FileInfo, error) { return device{mode: 0o660, gid: 107}, nil }
	for name, change := range map[string]func(*Environment){
		"session daemon": func(e *Environment) { e.URI = "qemu:///session" },
		"in the group": func(e *Environment) {
			e.Account = func(string) (Account, error) { return Account{UID: 1, Groups: []int{107}}, nil }
		},
		"no such user": func(e *Environment) {
			e.Account = func(string) (Account, error) { return Account{}, errors.New("unknown") }
		},
		"no device": func(e *Environment) { e.Stat = func(string) (fs.FileInfo, error) { return nil, fs.ErrNotExist } },
	} {
		env := healthy()
		env.URI, env.Stat = "qemu:///system", closed
		change(&env)
		if f := checkDevice(env); f.Status != OK {
			t.Errorf("%s: got %+v", name, f)
		}
	}
}

func TestSystemEnvironmentMeasuresThisMachine(t *testing.T) {
	dir := t.TempDir()
	env := System(Places{DataDir: filepath.Join(dir, "not", "yet"), RunDir: dir, ConfigHome: dir})
	if free, err := env.FreeDisk(env.DataDir); err != nil || free == 0 {
		t.Errorf("disk: %d, %v", free, err)
	}
	if free, err := env.FreeMemory(); err != nil || free == 0 {
		t.Errorf("memory: %d, %v", free, err)
	}
	if err := env.Writable(env.DataDir); err != nil {
		t.Errorf("writable: %v", err)
	}
	if err := env.Writable("/dev/null/none"); err == nil {
		t.Error("a device is a directory?")
	}
	if a, err := env.Account("root"); err != nil || a.UID != 0 || len(a.Groups) == 0 {
		t.Errorf("root: %+v, %v", a, err)
	}
	if _, err := env.Run(t.Context(), "/nonexistent"); err == nil {
		t.Error("a program that is not there ran")
	}
}

func TestLiveRunOnThisMachine(t *testing.T) {
	if os.Getenv("DISTROLAB_TEST_LIBVIRT") != "1" {
		t.Skip("set DISTROLAB_TEST_LIBVIRT=1 to examine this machine's own libvirt")
	}
	dir := t.TempDir()
	findings := Run(t.Context(), System(Places{DataDir: dir, RunDir: "/tmp", XDGRuntimeDir: os.Getenv("XDG_RUNTIME_DIR"), ConfigHome: "/tmp"}))
	for _, f := range findings {
		t.Logf("%-4s %s: %s", f.Status, f.Name, f.Detail)
	}
	if Failed(findings) {
		t.Error("this machine cannot run labs")
	}
}

func FuzzParseMeminfo(f *testing.F) {
	f.Add("MemTotal: 5 kB\nMemAvailable:   123 kB\n")
	f.Fuzz(func(t *testing.T, content string) {
		if n, err := parseMeminfo(content); err == nil && n%1024 != 0 {
			t.Errorf("got %d", n)
		}
	})
}

func FuzzParseVersion(f *testing.F) {
	f.Add("QEMU emulator version 7.2.22")
	f.Fuzz(func(t *testing.T, output string) {
		if major, minor, ok := parseVersion(output); ok && (major > 9999 || minor > 9999) {
			t.Errorf("got %d.%d", major, minor)
		}
	})
}
