package kubernetes_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"distrolab/distros/image"
	"distrolab/distros/web"
	"distrolab/labs/kubernetes"
)

func TestPullStoresARelease(t *testing.T) {
	const version = "v1.36.1"
	o, s := newOfficial(t, version), store(t)
	release := o.release()
	release.Hello = filepath.Join(t.TempDir(), "podhello")
	write(t, release.Hello, "the probe pod")
	seen := map[string]bool{}
	b, err := s.Pull(t.Context(), version, release, func(p image.Progress) { seen[p.File] = true })
	if err != nil {
		t.Fatal(err)
	}
	if b.Manifest.Origin != kubernetes.OriginOfficial || b.Manifest.Pause != "registry.k8s.io/pause:3.10.2" || b.Manifest.Hello != "distrolab.local/hello:1" {
		t.Errorf("the manifest is %+v", b.Manifest)
	}
	if err := b.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if !seen["kubeadm"] || !seen["kubelet"] || !seen["cni-plugins-linux-amd64-v1.9.0.tgz"] {
		t.Errorf("progress of %v", seen)
	}
	got := unpacked(t, b.NodeArchive())
	for name, want := range map[string][]byte{"opt/bin/kubelet": noise("kubelet", 100_000), "opt/cni/bin/bridge": noise("./bridge", 1000),
		"opt/cni/bin/host-local": noise("./host-local", 1000), "opt/cni/bin/loopback": noise("./loopback", 1000), "opt/cni/bin/portmap": noise("./portmap", 1000)} {
		if !bytes.Equal(got[name], want) {
			t.Errorf("%s has %d bytes", name, len(got[name]))
		}
	}
	if len(got) != 6 {
		t.Errorf("the archive holds %d files", len(got))
	}
	address := serve(t, b)
	for _, ref := range append(wanted(version), "registry.k8s.io/pause:3.6", b.Manifest.Hello) {
		img, err := remote.Image(at(t, address, ref))
		if err != nil {
			t.Fatal(err)
		}
		config, err := img.ConfigFile()
		if err != nil || config.Architecture != "amd64" || config.Author != ref && ref != "registry.k8s.io/pause:3.6" && ref != b.Manifest.Hello {
			t.Errorf("%s is %s for %s, %v", ref, config.Author, config.Architecture, err)
		}
	}
	checkStagingEmpty(t, s)
	for _, line := range o.asked {
		if strings.Contains(line, "PUT") || strings.Contains(line, "POST") {
			t.Errorf("it asked %s", line)
		}
	}
	if again, err := s.Pull(t.Context(), version, release, nil); err != nil || again.Manifest.Node != b.Manifest.Node {
		t.Errorf("once more: %v", err)
	}
}

func unpacked(t *testing.T, path string) map[string][]byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got := map[string][]byte{}
	for in := tar.NewReader(f); ; {
		h, err := in.Next()
		if err == io.EOF {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		if got[h.Name], err = io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNewestRelease(t *testing.T) {
	o := newOfficial(t, "v1.36.1")
	if got, err := o.release().Newest(t.Context()); err != nil || got != "v1.36.1" {
		t.Errorf("the newest is %q, %v", got, err)
	}
	o.files[site+"/release/stable.txt"] = []byte("<script>")
	if got, err := o.release().Newest(t.Context()); err == nil {
		t.Errorf("the newest is %q", got)
	}
}

// What servers may do wrong, or an attacker who has one of them.
func TestPullRefuses(t *testing.T) {
	const version = "v1.36.1"
	kubelet := cdn + "/release/" + version + "/bin/linux/amd64/kubelet"
	for name, test := range map[string]struct {
		spoil func(*testing.T, *official)
		says  string
	}{
		"program changed":  {func(_ *testing.T, o *official) { o.files[kubelet][7] ^= 1 }, "damaged or was changed"},
		"program missing":  {func(_ *testing.T, o *official) { delete(o.files, kubelet) }, "404"},
		"checksum missing": {func(_ *testing.T, o *official) { delete(o.files, site+"/"+version+"/bin/linux/amd64/kubelet.sha256") }, "404"},
		"checksum is a page": {func(_ *testing.T, o *official) {
			o.files[site+"/"+version+"/bin/linux/amd64/kubelet.sha256"] = []byte("<html>sign in</html>")
		}, "web page"},
		"checksum is none": {func(_ *testing.T, o *official) {
			o.files[site+"/"+version+"/bin/linux/amd64/kubelet.sha256"] = []byte("soon")
		}, "holds none"},
		"sent on in clear": {func(_ *testing.T, o *official) {
			o.to[site+"/"+version+"/bin/linux/amd64/kubelet"] = "http://" + kubelet
		}, "not https"},
		"sent on for ever": {func(_ *testing.T, o *official) { o.to[kubelet] = "https://" + kubelet }, "more than 5 times"},
		"kubeadm fails": {func(_ *testing.T, o *official) {
			o.program(version, "kubeadm", "#!/bin/sh\necho no such thing >&2; exit 3\n")
		}, "no such thing"},
		"kubeadm is no file": {func(_ *testing.T, o *official) { o.program(version, "kubeadm", "neither program nor script") }, "asking kubeadm"},
		"kubeadm talks much": {func(_ *testing.T, o *official) {
			o.program(version, "kubeadm", "#!/bin/sh\nwhile :; do echo a:1; [ $((i+=1)) -gt 99999 ] && exit; done\n")
		}, "it names"},
		"kubeadm names paths":  {func(_ *testing.T, o *official) { o.program(version, "kubeadm", "#!/bin/sh\necho ../../x\n") }, "is none"},
		"kubeadm says nothing": {func(_ *testing.T, o *official) { o.program(version, "kubeadm", "#!/bin/sh\n") }, "it names 0"},
		"no pause": {func(_ *testing.T, o *official) {
			o.program(version, "kubeadm", "#!/bin/sh\necho registry.k8s.io/etcd:3.6.8-0\n")
		}, "no pause image"},
		"image missing": {func(_ *testing.T, o *official) {
			o.program(version, "kubeadm", "#!/bin/sh\necho registry.k8s.io/pause:4.0\n")
		}, "image registry.k8s.io/pause:4.0"},
		"no such plugin": {func(t *testing.T, o *official) {
			o.add("github.com"+plugins, gzipped(t, "no archive"), "objects.githubusercontent.com/x/2")
		}, "unpacking"},
		"plugins not gzip": {func(_ *testing.T, o *official) {
			o.add("github.com"+plugins, []byte("plain"), "objects.githubusercontent.com/x/2")
		}, "unpacking"},
		"plugin is a link": {func(t *testing.T, o *official) {
			o.add("github.com"+plugins, archiveOf(t, tar.Header{Name: "./bridge", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}), "objects.githubusercontent.com/x/2")
		}, "holds no bridge"},
		"plugin twice": {func(t *testing.T, o *official) {
			o.add("github.com"+plugins, pluginArchive(t, tar.Header{Name: "bridge", Typeflag: tar.TypeReg, Size: 5}), "objects.githubusercontent.com/x/2")
		}, "exists"},
		"plugin outside": {func(t *testing.T, o *official) {
			o.add("github.com"+plugins, archiveOf(t, tar.Header{Name: "../bridge", Typeflag: tar.TypeReg, Size: 5}), "objects.githubusercontent.com/x/2")
		}, "holds no bridge"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, s := newOfficial(t, version), store(t)
			test.spoil(t, o)
			_, err := s.Pull(t.Context(), version, o.release(), nil)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("it says %v, want %q in it", err, test.says)
			}
			if got, err := s.Versions(); err != nil || len(got) > 0 {
				t.Errorf("stored %q, %v", got, err)
			}
			checkStagingEmpty(t, s)
		})
	}
}

// Bytes of a layer that are not those its manifest names are not stored.
func TestPullChecksLayers(t *testing.T) {
	const version = "v1.36.1"
	o, s := newOfficial(t, version), store(t)
	honest := o.images
	o.images = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Host == "storage.example.com" && strings.Contains(req.URL.Path, "/kube-proxy/") {
			w.Write(bytes.Repeat([]byte("x"), 100_000)) //nolint:errcheck // a test's
			return
		}
		honest.ServeHTTP(w, req)
	})
	_, err := s.Pull(t.Context(), version, o.release(), nil)
	if err == nil || !strings.Contains(err.Error(), "kube-proxy") {
		t.Errorf("it says %v", err)
	}
	if got, err := s.Versions(); err != nil || len(got) > 0 {
		t.Errorf("stored %q, %v", got, err)
	}
	checkStagingEmpty(t, s)
}

func TestPullStops(t *testing.T) {
	const version = "v1.36.1"
	for _, file := range []string{"kubeadm", "kubelet", "kube-apiserver", "etcd"} {
		t.Run(file, func(t *testing.T) {
			o, s := newOfficial(t, version), store(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			_, err := s.Pull(ctx, version, o.release(), func(p image.Progress) {
				if p.File == file {
					cancel()
				}
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("it ended with %v", err)
			}
			checkStagingEmpty(t, s)
		})
	}
}

func TestPullSaysWhenNobodyAnswers(t *testing.T) {
	client := &http.Client{Transport: &http.Transport{Proxy: nil}}
	release := kubernetes.Release{Client: client, Site: "https://127.0.0.1:9"}
	_, err := store(t).Pull(t.Context(), "v1.36.1", release, nil)
	if !errors.As(err, new(*web.UnreachableError)) {
		t.Errorf("it says %v", err)
	}
	if _, err := store(t).Pull(t.Context(), "v1.36", release, nil); err == nil || !strings.Contains(err.Error(), "no version of Kubernetes") {
		t.Errorf("of a version that is none it says %v", err)
	}
}

// The real kubeadm names the images that the rest of this package expects.
func TestKubeadmNamesItsImages(t *testing.T) {
	dir := os.Getenv("DISTROLAB_KUBE")
	if dir == "" {
		t.Skip("set DISTROLAB_KUBE to the directory that scripts/kube/build --dir prints")
	}
	kubeadm, err := os.ReadFile(filepath.Join(dir, "kubeadm"))
	if err != nil {
		t.Fatal(err)
	}
	const version = "v1.36.1"
	o, s := newOfficial(t, version), store(t)
	o.program(version, "kubeadm", string(kubeadm))
	b, err := s.Pull(t.Context(), version, o.release(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var refs []string
	for _, i := range b.Manifest.Images {
		refs = append(refs, i.Ref)
	}
	for _, ref := range wanted(version) {
		if !slices.Contains(refs, ref) {
			t.Errorf("kubeadm does not want %s but %q", ref, refs)
		}
	}
}
