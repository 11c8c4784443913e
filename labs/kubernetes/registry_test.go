package kubernetes_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"distrolab/labs/kubernetes"
)

// serve serves a bundle's images on loopback and gives the address.
func serve(t *testing.T, b kubernetes.Bundle) string {
	t.Helper()
	server := httptest.NewServer(b.Registry())
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// at is a reference of the bundle as one of the registry at an address.
func at(t *testing.T, address, ref string) name.Reference {
	t.Helper()
	_, path, _ := strings.Cut(ref, "/")
	r, err := name.ParseReference(address + "/" + path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRegistryServesEveryImage(t *testing.T) {
	b := composed(t, "v1.36.1")
	address := serve(t, b)
	for _, i := range b.Manifest.Images {
		tag := at(t, address, i.Ref)
		desc, err := remote.Head(tag)
		if err != nil || desc.Digest.String() != i.Digest {
			t.Fatalf("%s: %v, %v; want %s", tag, desc, err, i.Digest)
		}
		img, err := remote.Image(tag)
		if err != nil {
			t.Fatal(err)
		}
		checkImage(t, img)
		byDigest, err := remote.Image(tag.Context().Digest(i.Digest))
		if err != nil {
			t.Fatal(err)
		}
		checkImage(t, byDigest)
	}
	reg, err := name.NewRegistry(address)
	if err != nil {
		t.Fatal(err)
	}
	if names, err := remote.Catalog(t.Context(), reg); err != nil || strings.Join(names, " ") != "etcd hello kube-apiserver kube-controller-manager kube-proxy kube-scheduler pause" {
		t.Errorf("catalog %q, %v", names, err)
	}
	if tags, err := remote.List(at(t, address, b.Manifest.Pause).Context()); err != nil || len(tags) != 7 {
		t.Errorf("tags %q, %v", tags, err)
	}
}

// A program that is not ours takes an image, all layers of it.
func TestSkopeoCopiesAnImage(t *testing.T) {
	skopeo, err := exec.LookPath("skopeo")
	if err != nil {
		t.Skip("skopeo is not installed")
	}
	b := composed(t, "v1.36.1")
	address := serve(t, b)
	dir := filepath.Join(t.TempDir(), "copy")
	ref := at(t, address, "registry.k8s.io/kube-apiserver:v1.36.1")
	out, err := exec.CommandContext(t.Context(), skopeo, "--insecure-policy", "copy", "--src-tls-verify=false", "--preserve-digests", "docker://"+ref.String(), "dir:"+dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got, _, _ := v1.SHA256(bytes.NewReader(text)); got.String() != b.Manifest.Images[0].Digest {
		t.Errorf("skopeo has manifest %s", got)
	}
}

type answer struct {
	status int
	header http.Header
	body   string
}

func ask(t *testing.T, h http.Handler, method, target string, header ...string) answer {
	t.Helper()
	u, err := url.ParseRequestURI(target)
	if err != nil {
		t.Fatal(err)
	}
	req := &http.Request{Method: method, URL: u, Header: http.Header{}, Body: http.NoBody}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return answer{w.Code, w.Result().Header, w.Body.String()}
}

// containerd asks a mirror with the name of the registry that it stands for.
func TestRegistryMirrorsOnlyTheImagesOfARegistry(t *testing.T) {
	h := composed(t, "v1.36.1").Registry()
	for _, test := range []struct {
		target string
		want   int
	}{
		{"/v2/pause/manifests/3.6?ns=registry.k8s.io", 200},
		{"/v2/pause/manifests/3.6", 200},
		{"/v2/pause/manifests/3.6?ns=docker.io", 404},
		{"/v2/hello/manifests/1?ns=distrolab.local", 200},
		{"/v2/hello/manifests/1?ns=registry.k8s.io", 404},
		{"/v2/library/busybox/manifests/latest?ns=docker.io", 404},
	} {
		if got := ask(t, h, "GET", test.target); got.status != test.want {
			t.Errorf("%s: %d %s, want %d", test.target, got.status, got.body, test.want)
		}
	}
}

func TestRegistryServesRanges(t *testing.T) {
	b := composed(t, "v1.36.1")
	h := b.Registry()
	got := ask(t, h, "GET", "/v2/kube-apiserver/manifests/v1.36.1")
	var m v1.Manifest
	if err := json.Unmarshal([]byte(got.body), &m); err != nil {
		t.Fatal(err)
	}
	blob := "/v2/kube-apiserver/blobs/" + m.Layers[0].Digest.String()
	whole := ask(t, h, "GET", blob)
	if whole.status != 200 || int64(len(whole.body)) != m.Layers[0].Size {
		t.Fatalf("the layer: %d, %d bytes", whole.status, len(whole.body))
	}
	if head := ask(t, h, "HEAD", blob); head.status != 200 || head.body != "" || head.header.Get("Content-Length") != whole.header.Get("Content-Length") ||
		head.header.Get("Docker-Content-Digest") != m.Layers[0].Digest.String() {
		t.Errorf("HEAD: %d, %v", head.status, head.header)
	}
	part := ask(t, h, "GET", blob, "Range", "bytes=1000-1999")
	if part.status != 206 || part.body != whole.body[1000:2000] {
		t.Errorf("a range: %d, %d bytes", part.status, len(part.body))
	}
	rest := ask(t, h, "GET", blob, "Range", "bytes=300000-")
	if rest.status != 206 || rest.body != whole.body[300000:] {
		t.Errorf("the rest: %d, %d bytes", rest.status, len(rest.body))
	}
	if beyond := ask(t, h, "GET", blob, "Range", "bytes=99999999-"); beyond.status != 416 {
		t.Errorf("a range beyond the end: %d", beyond.status)
	}
	if again := ask(t, h, "GET", blob, "If-None-Match", whole.header.Get("ETag")); again.status != 304 {
		t.Errorf("what the client has: %d", again.status)
	}
}

// Whatever a request asks, it gets images of the bundle or an error in the form
// that registries have, and never a file.
func TestRegistryRefuses(t *testing.T) {
	b := composed(t, "v1.36.1")
	h := b.Registry()
	digest := b.Manifest.Images[0].Digest
	hello := b.Manifest.Images[len(b.Manifest.Images)-1].Digest
	for _, test := range []struct {
		method, target string
		want           int
	}{
		{"GET", "/", 404}, {"GET", "/v1/", 404}, {"GET", "/v2x/", 404}, {"GET", "/v2/..", 404},
		{"GET", "/v2/pause", 404}, {"GET", "/v2/pause/manifests", 404}, {"GET", "/v2/pause/manifests/", 404},
		{"GET", "/v2/pause/manifests/9.9", 404}, {"GET", "/v2/pause/tags/all", 404}, {"GET", "/v2/pause/uploads/x", 404},
		{"GET", "/v2/pause/manifests/" + digest, 404}, // of another repository
		{"GET", "/v2/pause/blobs/" + hello, 404},      // a manifest is no blob
		{"GET", "/v2/pause/blobs/sha256:" + strings.Repeat("0", 64), 404},
		{"GET", "/v2/pause/blobs/sha256:../../../bundle.json", 404},
		{"GET", "/v2/pause/blobs/..%2f..%2f..%2fbundle.json", 404},
		{"GET", "/v2/../bundle.json/blobs/x", 404},
		{"GET", "/v2/" + strings.Repeat("a/", 5000) + "blobs/x", 404},
		{"PUT", "/v2/pause/manifests/3.6", 405}, {"POST", "/v2/pause/blobs/uploads/", 405},
		{"DELETE", "/v2/pause/manifests/3.6", 405}, {"PATCH", "/v2/", 405}, {"OPTIONS", "/v2/", 405},
	} {
		got := ask(t, h, test.method, test.target)
		var body struct {
			Errors []struct{ Code, Message string }
		}
		if err := json.Unmarshal([]byte(got.body), &body); err != nil || len(body.Errors) != 1 || body.Errors[0].Code == "" {
			t.Errorf("%s %.80s: the body %q is no error of a registry", test.method, test.target, got.body)
		}
		if got.status != test.want {
			t.Errorf("%s %.80s: %d, want %d", test.method, test.target, got.status, test.want)
		}
	}
	if got := ask(t, h, "GET", "/v2/"); got.status != 200 || got.header.Get("Docker-Distribution-API-Version") != "registry/2.0" {
		t.Errorf("the version check: %d %v", got.status, got.header)
	}
}

// A blob that was cut or replaced after the bundle was opened is an error and
// not a layer.
func TestRegistryServesNoDamagedBlob(t *testing.T) {
	b := composed(t, "v1.36.1")
	h := b.Registry()
	var m v1.Manifest
	if err := json.Unmarshal([]byte(ask(t, h, "GET", "/v2/pause/manifests/3.6").body), &m); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(b.Dir(), "images/blobs/sha256", m.Layers[0].Digest.Hex)
	target := "/v2/pause/blobs/" + m.Layers[0].Digest.String()
	if err := os.Truncate(path, 10); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, h, "GET", target); got.status != 500 {
		t.Errorf("a cut blob: %d", got.status)
	}
	if _, err := kubernetes.Open(b.Dir()); err == nil || !strings.Contains(err.Error(), "has 10 bytes") {
		t.Errorf("opening it: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, h, "GET", target); got.status != 404 {
		t.Errorf("a blob that is gone: %d", got.status)
	}
}

// A client that goes away, or hundreds at once, hold nobody up.
func TestRegistryServesManyAtOnce(t *testing.T) {
	b := composed(t, "v1.36.1")
	address := serve(t, b)
	ref := at(t, address, b.Manifest.Images[0].Ref)
	errs := make(chan error, 50)
	for range cap(errs) {
		go func() {
			img, err := remote.Image(ref)
			if err == nil {
				var layers []v1.Layer
				if layers, err = img.Layers(); err == nil {
					var in io.ReadCloser
					if in, err = layers[0].Compressed(); err == nil {
						_, err = io.Copy(io.Discard, in)
						in.Close()
					}
				}
			}
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
}
