package kubernetes_test

import (
	"archive/tar"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"distrolab/labs/kubernetes"
)

func TestSamePartsMakeTheSameBundle(t *testing.T) {
	one, two := composed(t, "v1.36.1"), composed(t, "v1.36.1")
	if !sameFiles(files(t, one.Dir()), files(t, two.Dir())) {
		t.Error("two bundles of the same programs differ")
	}
}

// The archive is unpacked in the root directory of systems where /opt may be a
// link: an entry for the directory would replace it.
func TestNodeArchiveHoldsFilesAndLinksOnly(t *testing.T) {
	f, err := os.Open(composed(t, "v1.36.1").NodeArchive())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var got []string
	for in := tar.NewReader(f); ; {
		h, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeSymlink || h.Uid != 0 || h.Gid != 0 {
			t.Errorf("%s: type %c, owner %d:%d", h.Name, h.Typeflag, h.Uid, h.Gid)
		}
		if h.Typeflag == tar.TypeReg && h.Mode != 0o755 {
			t.Errorf("%s: mode %o", h.Name, h.Mode)
		}
		got = append(got, strings.TrimSuffix(h.Name+" "+h.Linkname, " "))
	}
	want := []string{"opt/bin/kube", "opt/bin/kubeadm kube", "opt/bin/kubelet kube", "opt/cni/bin/bridge", "opt/cni/bin/host-local"}
	if !slices.Equal(got, want) {
		t.Errorf("the archive holds %q, want %q", got, want)
	}
}

// Another tool's reading of the layout: each image is whole, and its layers are
// plain tars.
func TestImagesAreAnOCILayout(t *testing.T) {
	b := composed(t, "v1.36.1")
	index, err := layout.ImageIndexFromPath(filepath.Join(b.Dir(), kubernetes.ImagesName))
	if err != nil {
		t.Fatal(err)
	}
	m, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	layers := map[v1.Hash]int{}
	var refs []string
	for _, d := range m.Manifests {
		refs = append(refs, d.Annotations["org.opencontainers.image.ref.name"])
		img, err := index.Image(d.Digest)
		if err != nil {
			t.Fatal(err)
		}
		checkImage(t, img)
		im, err := img.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range im.Layers {
			layers[l.Digest]++
			if l.MediaType != types.OCIUncompressedLayer {
				t.Errorf("a layer of kind %s", l.MediaType)
			}
		}
	}
	want := []string{"registry.k8s.io/kube-apiserver:v1.36.1", "registry.k8s.io/kube-controller-manager:v1.36.1",
		"registry.k8s.io/kube-scheduler:v1.36.1", "registry.k8s.io/kube-proxy:v1.36.1", "registry.k8s.io/etcd:3.6.8-0",
		"registry.k8s.io/pause:3.6", "registry.k8s.io/pause:3.7", "registry.k8s.io/pause:3.8", "registry.k8s.io/pause:3.9",
		"registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10.1", "registry.k8s.io/pause:3.10.2", "distrolab.local/hello:1"}
	if !slices.Equal(refs, want) {
		t.Errorf("images %q, want %q", refs, want)
	}
	if len(layers) != 2 {
		t.Errorf("%d layers, want one of the programs and one of the probe pod", len(layers))
	}
}

// checkImage checks an image as it was read. go-containerregistry's own check of
// layers takes each for a gzip file, so they are read here.
func checkImage(t *testing.T, img v1.Image) {
	t.Helper()
	if err := validate.Image(img, validate.Fast); err != nil {
		t.Error(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil || len(layers) != len(config.RootFS.DiffIDs) {
		t.Fatalf("%d layers of %d: %v", len(layers), len(config.RootFS.DiffIDs), err)
	}
	for i, l := range layers {
		in, err := l.Compressed()
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := v1.SHA256(in)
		in.Close()
		if digest, _ := l.Digest(); err != nil || got != digest || got != config.RootFS.DiffIDs[i] {
			t.Errorf("layer %d is %s: %v", i, got, err)
		}
	}
}

func TestComposeLeavesWhatIsThere(t *testing.T) {
	parts, err := built(t, "v1.36.1").Parts(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := kubernetes.Compose(t.Context(), dir, parts); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("Compose into a directory with files: %v", err)
	}
	if got := files(t, dir); len(got) != 1 {
		t.Errorf("it left %d files", len(got))
	}
}

func TestComposeStops(t *testing.T) {
	parts, err := built(t, "v1.36.1").Parts(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := kubernetes.Compose(ctx, filepath.Join(t.TempDir(), "b"), parts); err == nil {
		t.Error("it went on")
	}
}
