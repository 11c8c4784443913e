package kubeadm_test

import (
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/kubeadm"
)

// sum is that of a bundle which is not there.
const sum = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func bundle() *provision.NodeBundle {
	return &provision.NodeBundle{URL: "http://192.168.127.1/cp/node.tar", SHA256: sum}
}

func controlPlane(t *testing.T) kubeadm.ControlPlane {
	t.Helper()
	authority, err := kubeadm.NewAuthority(time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return kubeadm.ControlPlane{
		Authority: authority, Endpoint: "192.168.127.5:6443", ExtraNames: []string{"127.0.0.1", "cp"},
		Kubernetes: "v1.36.1", PodSubnet: "10.244.0.0/16", Token: "abcdef.0123456789abcdef",
		Bundle: bundle(), Pods: "10.244.0.0/24",
		Mirrors: map[string][]string{"registry.k8s.io": {"http://192.168.127.1:5000"}},
	}
}

func extended(t *testing.T, c kubeadm.ControlPlane) provision.Intent {
	t.Helper()
	intent, err := c.Extend(provision.DefaultIntent("cp", "lab", nil))
	if err != nil {
		t.Fatal(err)
	}
	return intent
}

func contentOf(t *testing.T, intent provision.Intent, path string) string {
	t.Helper()
	for _, f := range intent.Files {
		if f.Path == path {
			return f.Content
		}
	}
	t.Fatalf("the intent has no file %s", path)
	return ""
}

// TestControlPlaneGolden is what a control plane is made of, without its keys.
// When it changes, saved control planes are of another make: raise recipeSchema
// in labs/cluster too.
func TestControlPlaneGolden(t *testing.T) {
	c := controlPlane(t)
	intent := extended(t, c)
	var got strings.Builder
	for _, f := range intent.Files {
		content := f.Content
		if content == c.Certificate || content == c.Key.Reveal() {
			content = "(made for each control plane)\n"
		}
		fmt.Fprintf(&got, "=== %s %04o ===\n%s", f.Path, f.Mode, content)
	}
	for _, u := range intent.Units {
		fmt.Fprintf(&got, "=== %s ===\n%s", u.Name, u.Content)
	}
	golden(t, "control-plane.txt", got.String())
}

// TestKubeadmAcceptsTheInitDocument lets the real kubeadm read it strictly, and
// sign the API server's certificate by the CA that distrolab made.
func TestKubeadmAcceptsTheInitDocument(t *testing.T) {
	program, intent := program(t), extended(t, controlPlane(t))
	document := contentOf(t, intent, "/etc/distrolab/kubeadm-init.yaml")
	if said, err := judge(t.Context(), t, program, document); err != nil {
		t.Fatalf("kubeadm refuses it: %v\n%s\n%s", err, said, document)
	}
	dir := t.TempDir()
	for _, name := range []string{"ca.crt", "ca.key"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(contentOf(t, intent, "/etc/kubernetes/pki/"+name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "init.yaml")
	placed := strings.Replace(document, "clusterName: distrolab", "clusterName: distrolab\ncertificatesDir: "+dir, 1)
	if err := os.WriteFile(file, []byte(placed), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, phase := range []string{"ca", "apiserver", "apiserver-kubelet-client"} {
		out, err := exec.CommandContext(t.Context(), program, "init", "phase", "certs", phase, "--config", file).CombinedOutput()
		if err != nil {
			t.Fatalf("kubeadm init phase certs %s: %v\n%s", phase, err, out)
		}
	}
	pem, err := os.ReadFile(filepath.Join(dir, "apiserver.crt"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(openssl(t, pem, "x509", "-noout", "-ext", "subjectAltName"))
	for _, name := range []string{"DNS:cp", "IP Address:127.0.0.1", "IP Address:192.168.127.5"} {
		if !strings.Contains(text, name) {
			t.Errorf("the API's certificate lacks %s:\n%s", name, text)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "openssl", "verify", "-CAfile", filepath.Join(dir, "ca.crt"), filepath.Join(dir, "apiserver.crt")).CombinedOutput(); err != nil {
		t.Errorf("the CA did not sign it: %v\n%s", err, out)
	}
}

// TestExtendKeepsTheIntent: what a person said is still there and counts, and
// the given intent is not changed.
func TestExtendKeepsTheIntent(t *testing.T) {
	own := intenttest.Full()
	own.Join = nil
	own.Registries.Mirrors = map[string][]string{"registry.k8s.io": {"https://mine"}}
	before := own
	before.Files, before.Units = slices.Clone(own.Files), slices.Clone(own.Units)
	before.Registries.Mirrors = maps.Clone(own.Registries.Mirrors)
	plane := controlPlane(t)
	got, err := plane.Extend(own)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, own); diff != "" {
		t.Errorf("the given intent changed:\n%s", diff)
	}
	if diff := cmp.Diff(own.Files, got.Files[:len(own.Files)]); diff != "" {
		t.Errorf("its files:\n%s", diff)
	}
	if got.Registries.Mirrors["registry.k8s.io"][0] != "https://mine" {
		t.Errorf("mirrors %v", got.Registries.Mirrors)
	}
	for _, f := range got.Files[len(own.Files):] {
		if f.Path != "/etc/kubernetes/pki/ca.crt" && f.Mode&0o077 != 0 {
			t.Errorf("%s has mode %#o", f.Path, f.Mode)
		}
	}
	secrets := strings.Join(got.Secrets(), "\n")
	for _, secret := range []string{plane.Token.Reveal(), strings.Split(plane.Key.Reveal(), "\n")[1]} {
		if !strings.Contains(secrets, secret) {
			t.Error("a secret of the control plane is not among those of the intent")
		}
	}
}

func TestExtendRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*kubeadm.ControlPlane, *provision.Intent)
		says   string
	}{
		"a worker":         {func(_ *kubeadm.ControlPlane, i *provision.Intent) { i.Join = intenttest.Join() }, "leave out join"},
		"another's key":    {func(c *kubeadm.ControlPlane, _ *provision.Intent) { c.Key = authority(t, time.Now()).Key }, "not that of its certificate"},
		"an endpoint":      {func(c *kubeadm.ControlPlane, _ *provision.Intent) { c.Endpoint = "a" }, "join.endpoint"},
		"an old version":   {func(c *kubeadm.ControlPlane, _ *provision.Intent) { c.Kubernetes = "v1.30.2" }, "older than v1.31"},
		"an addon":         {func(c *kubeadm.ControlPlane, _ *provision.Intent) { c.Addons = []string{"dns"} }, "no addon"},
		"a name":           {func(c *kubeadm.ControlPlane, _ *provision.Intent) { c.ExtraNames = []string{"a b"} }, "neither a name"},
		"no pods":          {func(c *kubeadm.ControlPlane, _ *provision.Intent) { c.PodSubnet = "" }, "network of all pods"},
		"pods elsewhere":   {func(c *kubeadm.ControlPlane, _ *provision.Intent) { c.Pods = "10.245.0.0/24" }, "must lie in"},
		"services in pods": {func(c *kubeadm.ControlPlane, _ *provision.Intent) { c.ServiceSubnet = "10.244.8.0/24" }, "outside of"},
		"a file of its own": {func(_ *kubeadm.ControlPlane, i *provision.Intent) {
			i.Files = []provision.File{{Path: "/etc/kubernetes/pki/ca.crt"}}
		}, "there twice"},
		"a bundle": {func(c *kubeadm.ControlPlane, _ *provision.Intent) { c.Bundle.SHA256 = "" }, "bundle.sha256"},
		"a token":  {func(c *kubeadm.ControlPlane, _ *provision.Intent) { c.Token = "a" }, "join.token"},
	} {
		plane, intent := controlPlane(t), provision.DefaultIntent("cp", "lab", nil)
		c.change(&plane, &intent)
		_, err := plane.Extend(intent)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
