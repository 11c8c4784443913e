package kubernetes_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	ggcr "github.com/google/go-containerregistry/pkg/registry"

	"distrolab/labs/kubernetes"
)

// official imitates the servers that Kubernetes is published on, with the paths
// and redirects that they have, all on one port of this machine.
type official struct {
	mu     sync.Mutex
	files  map[string][]byte // by host and path
	to     map[string]string // redirects, by host and path
	asked  []string
	images http.Handler
	client *http.Client
}

const (
	site    = "dl.k8s.io"
	cdn     = "cdn.dl.k8s.io"
	plugins = "/containernetworking/plugins/releases/download/v1.9.0/cni-plugins-linux-amd64-v1.9.0.tgz"
)

// wanted are the images of a release, as its kubeadm names them.
func wanted(version string) []string {
	return []string{"registry.k8s.io/kube-apiserver:" + version, "registry.k8s.io/kube-controller-manager:" + version,
		"registry.k8s.io/kube-scheduler:" + version, "registry.k8s.io/kube-proxy:" + version,
		"registry.k8s.io/coredns/coredns:v1.14.2", "registry.k8s.io/pause:3.10.2", "registry.k8s.io/etcd:3.6.8-0"}
}

func newOfficial(t *testing.T, version string) *official {
	t.Helper()
	o := &official{files: map[string][]byte{}, to: map[string]string{}, images: published(version)}
	server := httptest.NewUnstartedServer(o)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	o.client = &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com"}, // whom the certificate of tests is for
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
		},
	}}
	o.program(version, "kubeadm", "#!/bin/sh\n[ \"$*\" = 'config images list --kubernetes-version "+version+"' ] && echo '"+strings.Join(wanted(version), "\n")+"'\n")
	o.program(version, "kubelet", string(noise("kubelet", 100_000)))
	o.add("github.com"+plugins, pluginArchive(t), "objects.githubusercontent.com/x/1")
	o.files[site+"/release/stable.txt"] = []byte(version)
	return o
}

// program publishes a program, from a server that sends clients on.
func (o *official) program(version, name, text string) {
	at := "/" + version + "/bin/linux/amd64/" + name
	o.add(site+at, []byte(text), cdn+"/release"+at)
}

// add publishes a file behind a redirect, and its checksum beside it.
func (o *official) add(at string, text []byte, behind string) {
	o.files[behind] = text
	o.to[at] = "https://" + behind
	form := "%x"
	if strings.HasSuffix(at, ".tgz") {
		form = "%x  " + path.Base(at) + "\n"
	}
	o.files[at+".sha256"] = fmt.Appendf(nil, form, sha256.Sum256(text))
}

// published is a registry that has the images of a release, made once for each.
func published(version string) http.Handler {
	registries.Lock()
	defer registries.Unlock()
	if registries.of[version] == nil {
		h := ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)))
		server := httptest.NewServer(h)
		defer server.Close()
		for _, ref := range wanted(version) {
			if err := push(strings.TrimPrefix(server.URL, "http://"), ref); err != nil {
				panic(err)
			}
		}
		if registries.of == nil {
			registries.of = map[string]http.Handler{}
		}
		registries.of[version] = h
	}
	return registries.of[version]
}

var registries struct {
	sync.Mutex
	of map[string]http.Handler
}

// push puts an image for two kinds of machines into a registry.
func push(address, ref string) error {
	var index v1.ImageIndex = empty.Index
	for _, arch := range []string{"arm64", "amd64"} {
		img, err := random.Image(70_000, 2)
		if err != nil {
			return err
		}
		file, err := img.ConfigFile()
		if err != nil {
			return err
		}
		file = file.DeepCopy()
		file.Architecture, file.OS, file.Author = arch, "linux", ref
		if img, err = mutate.ConfigFile(img, file); err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}})
	}
	tag, err := name.NewTag(strings.Replace(ref, "registry.k8s.io", address, 1))
	if err != nil {
		return err
	}
	return remote.WriteIndex(tag, index)
}

// ServeHTTP answers for all the hosts.
func (o *official) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	at := req.Host + req.URL.Path
	o.mu.Lock()
	o.asked = append(o.asked, req.Method+" "+at)
	to, text, found := o.to[at], o.files[at], o.files[at] != nil
	o.mu.Unlock()
	switch {
	case to != "":
		http.Redirect(w, req, to, http.StatusFound)
	case found:
		http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(text))
	case req.Host == "registry.k8s.io" && req.Method == http.MethodGet && strings.Contains(req.URL.Path, "/blobs/"):
		http.Redirect(w, req, "https://storage.example.com"+req.URL.Path, http.StatusTemporaryRedirect)
	case req.Host == "registry.k8s.io" || req.Host == "storage.example.com":
		o.images.ServeHTTP(w, req)
	default:
		http.NotFound(w, req)
	}
}

// pluginArchive is an archive of more plugins than a node needs.
func pluginArchive(t *testing.T, more ...tar.Header) []byte {
	t.Helper()
	entries := append([]tar.Header{{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755}}, more...)
	for _, plugin := range []string{"bandwidth", "bridge", "dhcp", "host-local", "loopback", "portmap", "LICENSE"} {
		entries = append(entries, tar.Header{Name: "./" + plugin, Typeflag: tar.TypeReg, Mode: 0o755, Size: 1000})
	}
	return archiveOf(t, entries...)
}

// archiveOf is an archive of these entries.
func archiveOf(t *testing.T, entries ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	for _, h := range entries {
		if err := archive.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(noise(h.Name, int(h.Size))); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return gzipped(t, out.String())
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	if _, err := io.WriteString(zip, text); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// release is where these servers are.
func (o *official) release() kubernetes.Release { return kubernetes.Release{Client: o.client} }
