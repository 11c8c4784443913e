package kubernetes_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A node's runtime takes every image through its mirrors, uncompressed layers
// and all, and unpacks it.
func TestContainerdPullsEveryImage(t *testing.T) {
	daemon, err := exec.LookPath("containerd")
	ctr, err2 := exec.LookPath("ctr")
	if err != nil || err2 != nil || os.Getuid() != 0 {
		t.Skip("needs containerd, ctr and root")
	}
	b := composed(t, "v1.36.1")
	dir, mirrors := startContainerd(t, daemon, ctr), t.TempDir()
	for _, host := range []string{"registry.k8s.io", "distrolab.local"} {
		if err := os.Mkdir(filepath.Join(mirrors, host), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(mirrors, host, "hosts.toml"), fmt.Sprintf("server = \"https://%s\"\n[host.\"http://%s\"]\n  capabilities = [\"pull\", \"resolve\"]\n", host, serve(t, b)))
	}
	for _, i := range b.Manifest.Images {
		out, err := control(t, ctr, dir, "images", "pull", "--snapshotter", "native", "--hosts-dir", mirrors, i.Ref)
		if err != nil {
			t.Fatalf("%s: %v: %.2000s", i.Ref, err, out)
		}
	}
	out, err := control(t, ctr, dir, "images", "ls")
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, i := range b.Manifest.Images {
		if !strings.Contains(out, i.Ref+" ") || !strings.Contains(out, i.Digest) {
			t.Errorf("containerd has no %s with digest %s", i.Ref, i.Digest)
		}
	}
}

func control(t *testing.T, ctr, dir string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, ctr, append([]string{"--address", filepath.Join(dir, "sock")}, args...)...).CombinedOutput()
	return string(out), err
}

// startContainerd runs a containerd of its own, with nothing but what pulling
// needs, and gives the directory of its socket.
func startContainerd(t *testing.T, daemon, ctr string) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "ctd-") // short, for the socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	config := filepath.Join(dir, "config.toml")
	write(t, config, fmt.Sprintf("version = 2\nroot = %q\nstate = %q\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n[grpc]\n  address = %q\n",
		filepath.Join(dir, "root"), filepath.Join(dir, "state"), filepath.Join(dir, "sock")))
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, daemon, "--config", config)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		cmd.Wait() //nolint:errcheck // it was told to end
	})
	for range 300 {
		if _, err := control(t, ctr, dir, "version"); err == nil {
			return dir
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("containerd does not answer")
	return ""
}
