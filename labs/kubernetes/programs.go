package kubernetes

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Built are the programs that were built here, from which [Built.Parts] makes a
// bundle.
type Built struct {
	Version string // of Kubernetes
	Arch    string
	All     string   // file of all programs, which its name chooses
	Node    string   // file of kubeadm and kubelet
	Plugins []string // files of CNI plugins
	Hello   string   // file of the probe pod, which is also pause
	Etcd    string   // tag of etcd's image that kubeadm asks for
	Pause   string   // tag of pause's image that kubeadm asks for
}

// helloRef is how the probe pod's image is called; nobody but us serves it.
const helloRef = "distrolab.local/hello:1"

// pauseTags are the tags of pause's image that versions of containerd and
// kubeadm ask for: a node must find any of them.
func pauseTags() []string {
	return []string{"3.6", "3.7", "3.8", "3.9", "3.10", "3.10.1", "3.10.2"}
}

// Parts makes the layers and images of programs that were built here. Scratch is
// a directory for the layers, which must last until the bundle is composed.
func (b Built) Parts(ctx context.Context, scratch string) (Parts, error) {
	p := Parts{Version: b.Version, Arch: b.Arch, Origin: OriginBuilt, Addons: []string{},
		Pause: "registry.k8s.io/pause:" + b.Pause, Hello: helloRef}
	p.Node = nodeEntries(b.Plugins,
		Entry{Name: "opt/bin/kube", Source: b.Node},
		Entry{Name: "opt/bin/kubeadm", Link: "kube"}, Entry{Name: "opt/bin/kubelet", Link: "kube"})
	images, err := b.images(ctx, scratch)
	if err != nil {
		return Parts{}, fmt.Errorf("making images: %w", err)
	}
	hello, err := helloImages(ctx, scratch, b.Hello, b.Arch)
	if err != nil {
		return Parts{}, fmt.Errorf("making the probe pod's image: %w", err)
	}
	pause := Named{Image: hello.pause}
	for _, tag := range append(pauseTags(), b.Pause) {
		if ref := "registry.k8s.io/pause:" + tag; !slices.Contains(pause.Refs, ref) {
			pause.Refs = append(pause.Refs, ref)
		}
	}
	p.Images = append(images, pause, Named{Refs: []string{helloRef}, Image: hello.hello})
	return p, nil
}

// nodeEntries are the programs of a node with CNI's plugins after them.
func nodeEntries(plugins []string, programs ...Entry) []Entry {
	for _, file := range plugins {
		programs = append(programs, Entry{Name: path.Join("opt/cni/bin", filepath.Base(file)), Source: file})
	}
	return programs
}

// images are the programs that run in pods, all from one layer: a node fetches
// it once, and pods share its pages in memory.
func (b Built) images(ctx context.Context, scratch string) ([]Named, error) {
	tags := map[string]string{"etcd": b.Etcd}
	programs := []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "etcd"}
	const bin = "usr/local/bin/"
	entries := []Entry{
		{Name: "etc/group", Text: "root:x:0:\n", Mode: 0o644},
		{Name: "etc/nsswitch.conf", Text: "hosts: files dns\n", Mode: 0o644},
		{Name: "etc/passwd", Text: "root:x:0:0:root:/:/sbin/nologin\n", Mode: 0o644},
		{Name: bin + "kube", Source: b.All},
	}
	for _, p := range programs {
		entries = append(entries, Entry{Name: bin + p, Link: "kube"})
	}
	l, err := writeLayer(ctx, filepath.Join(scratch, "programs.tar"), entries)
	if err != nil {
		return nil, err
	}
	var list []Named
	for _, p := range programs {
		tag := tags[p]
		if tag == "" {
			tag = b.Version
		}
		img, err := imageOf(l, b.Arch, v1.Config{Entrypoint: []string{"/" + bin + p}, Env: []string{"PATH=/usr/local/bin"}, WorkingDir: "/"})
		if err != nil {
			return nil, err
		}
		list = append(list, Named{Refs: []string{"registry.k8s.io/" + p + ":" + tag}, Image: img})
	}
	return list, nil
}

// helloPair are the two images of the probe pod's program.
type helloPair struct{ hello, pause v1.Image }

// helloImages makes the images of the probe pod and of pause, from one layer.
func helloImages(ctx context.Context, scratch, program, arch string) (helloPair, error) {
	l, err := writeLayer(ctx, filepath.Join(scratch, "hello.tar"), []Entry{
		{Name: "podhello", Source: program}, {Name: "pause", Link: "podhello"}})
	if err != nil {
		return helloPair{}, err
	}
	config := v1.Config{Entrypoint: []string{"/podhello"}, User: "65535:65535", Env: []string{"PATH=/"}, WorkingDir: "/"}
	hello, err := imageOf(l, arch, config)
	if err != nil {
		return helloPair{}, err
	}
	config.Entrypoint = []string{"/pause"}
	pause, err := imageOf(l, arch, config)
	return helloPair{hello, pause}, err
}
