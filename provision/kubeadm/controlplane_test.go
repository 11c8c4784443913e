package kubeadm_test

import (
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"distrolab/provision"
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
