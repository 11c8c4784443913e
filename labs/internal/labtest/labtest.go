// Package labtest sets up what tests need that start real machines: a home of
// their own, the real libvirt, and the guests that were built on this machine.
// It is for tests only.
package labtest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"distrolab/distros"
	"distrolab/distros/image"
	"distrolab/labs/home"
	"distrolab/labs/hypervisor"
)

// NeedMachines skips a test that starts machines unless it was asked for:
// scripts/test sets DISTROLAB_TEST_VM=1 after it has built the guests.
func NeedMachines(t testing.TB) {
	t.Helper()
	if os.Getenv("DISTROLAB_TEST_VM") != "1" {
		t.Skip("starts virtual machines: ./scripts/test sets DISTROLAB_TEST_VM=1")
	}
}

// Home makes a home for one test. QEMU's user must be able to walk into it,
// which a test's temporary directory alone does not allow.
func Home(t testing.TB) home.Home {
	t.Helper()
	base, err := os.MkdirTemp("/tmp", "distrolab-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	if err := os.Chmod(base, 0o711); err != nil {
		t.Fatal(err)
	}
	h := home.Home{Data: filepath.Join(base, "data"), Run: filepath.Join(base, "run", "distrolab")}
	if err := h.Prepare(); err != nil {
		t.Fatal(err)
	}
	return h
}

// Guest puts a guest that scripts/guests/build made into the store of h.
func Guest(t testing.TB, h home.Home, name string) image.Image {
	t.Helper()
	store, err := image.Open(h.Images())
	if err != nil {
		t.Fatal(err)
	}
	img, err := store.Add(t.Context(), Build(t, name), nil)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// Build gives the directory of a guest. Cached builds answer at once;
// scripts/test has built them before.
func Build(t testing.TB, name string) string {
	t.Helper()
	build := exec.CommandContext(t.Context(), filepath.Join(Module(t), "scripts", "guests", "build"), name)
	build.Stderr = os.Stderr
	out, err := build.Output()
	if err != nil {
		t.Fatalf("building guest %s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}

// Kubernetes gives the directory of the programs of Kubernetes, which also holds
// the bundle of them. scripts/test has built them before.
func Kubernetes(t testing.TB) string {
	t.Helper()
	build := exec.CommandContext(t.Context(), filepath.Join(Module(t), "scripts", "kube", "build"), "--dir")
	build.Stderr = os.Stderr
	out, err := build.Output()
	if err != nil {
		t.Fatalf("building Kubernetes: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// Module is the root of this module.
func Module(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == "/" {
			t.Fatal("no go.mod above the test's directory")
		}
		dir = filepath.Dir(dir)
	}
}

// Connect opens the libvirt of this user.
func Connect(t testing.TB) *hypervisor.Connection {
	t.Helper()
	c, err := hypervisor.Open(t.Context(), hypervisor.Options{RuntimeDir: os.Getenv("XDG_RUNTIME_DIR")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Distro finds a catalog entry.
func Distro(t testing.TB, name string) distros.Distro {
	t.Helper()
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := catalog.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Run runs a program, as the command line does.
func Run(ctx context.Context, program string, args ...string) error {
	return exec.CommandContext(ctx, program, args...).Run()
}
