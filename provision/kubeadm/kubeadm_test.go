package kubeadm_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"flag"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/unit"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/kubeadm"
)

var update = flag.Bool("update", false, "write the golden files")

func joinTo(version string) provision.Join {
	j := *intenttest.Join()
	j.Kubernetes = version
	return j
}

func TestGolden(t *testing.T) {
	readOnly := kubeadm.Node{Name: "node1.lab", ReadOnlyUsr: true}
	for name, test := range map[string]struct {
		version string
		node    kubeadm.Node
	}{
		"v1.30":           {"v1.30.4", kubeadm.Node{Name: "node1.lab"}},
		"v1.30-read-only": {"v1.30.4", readOnly},
		"v1.31":           {"v1.31.0", kubeadm.Node{Name: "node1.lab"}},
		"v1.36-read-only": {"v1.36.1", readOnly},
		"v1.36-cgroup-v1": {"v1.36.1", kubeadm.Node{Name: "node1.lab", CgroupV1: true, CRISocket: "unix:///run/crio/crio.sock"}},
	} {
		t.Run(name, func(t *testing.T) {
			files, err := kubeadm.Files(joinTo(test.version), test.node)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, f := range files {
				if f.Mode&0o077 != 0 {
					t.Errorf("%s has mode %#o: it is root's alone", f.Path, f.Mode)
				}
				got.WriteString("=== " + f.Path + " ===\n" + f.Content)
			}
			golden(t, name+".yaml", got.String())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; write it by: go test -run Golden -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; if that is meant, run go test -run Golden -update and read the diff (-want +got):\n%s", file, diff)
	}
}

func TestCgroupV1IsExcusedOnlyWhereItIsRefused(t *testing.T) {
	for version, want := range map[string]bool{"v1.34.9": false, "v1.35.0": true} {
		files, err := kubeadm.Files(joinTo(version), kubeadm.Node{Name: "n", CgroupV1: true})
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, f := range files {
			all.WriteString(f.Content)
		}
		for _, word := range []string{"failCgroupV1: false\n", "- SystemVerification\n"} {
			if got := strings.Contains(all.String(), word); got != want {
				t.Errorf("%s: %q is there: %v, want %v", version, word, got, want)
			}
		}
	}
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	bad := joinTo("v1.36")
	if _, err := kubeadm.Document(bad, kubeadm.Node{}); err == nil || !strings.Contains(err.Error(), "v1.36") {
		t.Errorf("a version without its last number: %v", err)
	}
	bad = joinTo("v1.36.1")
	bad.CA = "none"
	if _, err := kubeadm.Document(bad, kubeadm.Node{}); err == nil || strings.Contains(err.Error(), bad.Token.Reveal()) {
		t.Errorf("a CA that is none: %v", err)
	}
}

// TestUnitIsReadBySystemd guards against what old systemd refuses: Restart in
// a oneshot before 244.
func TestUnitIsReadBySystemd(t *testing.T) {
	options, err := unit.DeserializeOptions(strings.NewReader(kubeadm.Unit(joinTo("v1.36.1")).Content))
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, o := range options {
		settings[o.Section+"."+o.Name] = o.Value
	}
	if settings["Service.Restart"] == "" || settings["Service.Type"] == "oneshot" {
		t.Errorf("the unit restarts by %q and has type %q", settings["Service.Restart"], settings["Service.Type"])
	}
	if settings["Install.WantedBy"] == "" {
		t.Error("nothing would start the unit")
	}
}

// TestPinIsThatOfTheManual computes the hash as kubeadm's own documentation
// tells a person to: by openssl, from the public key in its DER form.
func TestPinIsThatOfTheManual(t *testing.T) {
	for name, ca := range map[string]string{"Ed25519": intenttest.CA, "ECDSA": newCA(t)} {
		j := joinTo("v1.36.1")
		j.CA = ca
		got, err := kubeadm.Pin(j)
		if err != nil {
			t.Fatal(err)
		}
		key := openssl(t, []byte(ca), "x509", "-pubkey", "-noout")
		der := openssl(t, key, "pkey", "-pubin", "-outform", "der")
		sum := sha256.Sum256(der)
		if want := "sha256:" + hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s: pin %s, openssl says %s", name, got, want)
		}
	}
}

func openssl(t *testing.T, input []byte, arguments ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "openssl", arguments...)
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running openssl %v: %v", arguments, err)
	}
	return out
}

// newCA is a CA as kubeadm makes it with ECDSA keys.
func newCA(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kubernetes"}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// program is the real kubeadm: $DISTROLAB_KUBEADM, or what scripts/kube/build
// left in the cache. scripts/test sets the variable, and then it must be there.
func program(t *testing.T) string {
	t.Helper()
	if named := os.Getenv("DISTROLAB_KUBEADM"); named != "" {
		if _, err := os.Stat(named); err != nil {
			t.Fatalf("DISTROLAB_KUBEADM names no program: %v; build it by scripts/kube/build", err)
		}
		return named
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	built, err := filepath.Glob(filepath.Join(cache, "distrolab", "kube", "v*", "kubeadm"))
	if err != nil {
		t.Fatal(err)
	}
	if len(built) == 0 {
		t.Skip("there is no kubeadm; scripts/kube/build makes it in about 5 minutes")
	}
	return built[len(built)-1]
}

// judge lets kubeadm read a document strictly and returns what it says.
func judge(ctx context.Context, t rapid.TB, program, document string) (string, error) {
	t.Helper()
	dir, err := os.MkdirTemp("", "distrolab-kubeadm")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "join.yaml")
	if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(ctx, program, "config", "validate", "--config", file).CombinedOutput()
	return string(out), err
}

// TestKubeadmAcceptsEveryDocument hands any join to kubeadm's own reader, which
// refuses unknown fields. That of 1.36 still reads v1beta3, and says that it is
// old.
func TestKubeadmAcceptsEveryDocument(t *testing.T) {
	kubeadmProgram, ctx := program(t), t.Context()
	rapid.Check(t, func(t *rapid.T) {
		j := joinTo(rapid.SampledFrom([]string{"v1.22.0", "v1.30.9", "v1.31.0", "v1.34.1", "v1.35.0", "v1.36.1"}).Draw(t, "version"))
		j.Endpoint = rapid.SampledFrom([]string{"192.168.50.2:6443", "[fd00::2]:6443", "api.example.org:443"}).Draw(t, "endpoint")
		j.Token = provision.Secret(rapid.StringMatching(`[a-z0-9]{6}\.[a-z0-9]{16}`).Draw(t, "token"))
		if rapid.Bool().Draw(t, "bundled") {
			j.Bundle = intenttest.Bundle()
		}
		node := kubeadm.Node{
			Name:        rapid.StringMatching(`[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?(\.lab)?`).Draw(t, "name"),
			ReadOnlyUsr: rapid.Bool().Draw(t, "read-only"),
			CgroupV1:    rapid.Bool().Draw(t, "cgroup v1"),
			CRISocket:   rapid.SampledFrom([]string{"", "unix:///run/crio/crio.sock"}).Draw(t, "socket"),
		}
		document, err := kubeadm.Document(j, node)
		if err != nil {
			t.Fatal(err)
		}
		said, err := judge(ctx, t, kubeadmProgram, document)
		if err != nil {
			t.Fatalf("kubeadm refuses it: %v\n%s\n%s", err, said, document)
		}
		if old := strings.Contains(document, "v1beta3"); old != strings.Contains(said, "deprecated API") {
			t.Fatalf("kubeadm says of the version:\n%s", said)
		}
	})
}

// TestKubeadmIsStrict shows that the test above could fail.
func TestKubeadmIsStrict(t *testing.T) {
	document, err := kubeadm.Document(joinTo("v1.36.1"), kubeadm.Node{Name: "n", ReadOnlyUsr: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"an unknown field":             strings.Replace(document, "criSocket", "criSockets", 1),
		"a token that is none":         strings.Replace(document, intenttest.Join().Token.Reveal(), "secret", 1),
		"arguments of another version": strings.Replace(document, "v1beta4", "v1beta3", 1),
	} {
		if said, err := judge(t.Context(), t, program(t), bad); err == nil {
			t.Errorf("%s: kubeadm says %q", name, said)
		}
	}
}
