// Command kubebundle puts programs of Kubernetes that were built here into a
// bundle, as distrolab's labs use it. It reads the programs, asks kubeadm which
// images it wants, and writes the bundle's directory. scripts/kube/build calls
// it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"distrolab/labs/kubernetes"
)

// The exit codes, as those of distrolab.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var b kubernetes.Built
	b.Arch = "amd64"
	flag.StringVar(&b.Version, "version", "", "of Kubernetes")
	flag.StringVar(&b.All, "all", "", "file of all programs")
	flag.StringVar(&b.Node, "node", "", "file of kubeadm and kubelet")
	flag.StringVar(&b.Hello, "hello", "", "file of the probe pod")
	plugins := flag.String("plugins", "", "directory of CNI plugins")
	out := flag.String("out", "", "directory to make")
	flag.Parse()
	if flag.NArg() > 0 || slices.Contains([]string{b.Version, b.All, b.Node, b.Hello, *plugins, *out}, "") {
		fmt.Fprintln(os.Stderr, "kubebundle: every flag is needed; scripts/kube/build gives them")
		os.Exit(exitUsage)
	}
	if err := run(ctx, b, *plugins, *out); err != nil {
		fmt.Fprintf(os.Stderr, "kubebundle: %v\n", err)
		os.Exit(exitFailed)
	}
}

func run(ctx context.Context, b kubernetes.Built, plugins, out string) error {
	files, err := filepath.Glob(filepath.Join(plugins, "*"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("looking for CNI plugins in %s: there are none", plugins)
	}
	slices.Sort(files)
	b.Plugins = files
	scratch, err := os.MkdirTemp(filepath.Dir(out), "layers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch) //nolint:errcheck // only a cache is left
	if b.Etcd, b.Pause, err = tags(ctx, b, scratch); err != nil {
		return err
	}
	parts, err := b.Parts(ctx, scratch)
	if err != nil {
		return err
	}
	_, err = kubernetes.Compose(ctx, out, parts)
	return err
}

// tags asks kubeadm which etcd and which pause it wants.
func tags(ctx context.Context, b kubernetes.Built, scratch string) (etcd, pause string, err error) {
	kubeadm := filepath.Join(scratch, "kubeadm")
	if err := os.Symlink(b.Node, kubeadm); err != nil {
		return "", "", err
	}
	text, err := exec.CommandContext(ctx, kubeadm, "config", "images", "list", "--kubernetes-version", b.Version).Output()
	if err != nil {
		return "", "", fmt.Errorf("asking kubeadm for its images: %w", err)
	}
	for _, ref := range strings.Fields(string(text)) {
		if tag, ok := strings.CutPrefix(ref, "registry.k8s.io/etcd:"); ok {
			etcd = tag
		}
		if tag, ok := strings.CutPrefix(ref, "registry.k8s.io/pause:"); ok {
			pause = tag
		}
	}
	if etcd == "" || pause == "" {
		return "", "", errors.New("asking kubeadm for its images: neither etcd nor pause in\n" + string(text))
	}
	return etcd, pause, nil
}
