package talos_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	client "github.com/siderolabs/talos/pkg/machinery/client/config"

	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/talos"
)

func now() time.Time { return time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) }

func TestWithoutSecretsNothingIsRendered(t *testing.T) {
	for _, text := range []string{"", "\n"} {
		to := target(t, "volume")
		to.Secrets = []byte(text)
		_, err := talos.Render(intenttest.Minimal(), to)
		var missing *talos.SecretsMissingError
		if !errors.As(err, &missing) || !strings.Contains(err.Error(), "talosctl gen secrets") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestDamagedSecretsAreRefusedWithoutShowingThem(t *testing.T) {
	good := string(testSecrets(t))
	for name, text := range map[string]string{
		"no YAML":     "\t" + good,
		"a list":      "- a",
		"empty":       "{}",
		"no key":      strings.Replace(good, "        key: ", "        kex: ", 1),
		"no base64":   strings.Replace(good, "        crt: LS", "        crt: '!", 1),
		"cut":         good[:len(good)/2],
		"certs null":  good[:strings.Index(good, "certs:")] + "certs: null\n",
		"os null":     good[:strings.Index(good, "    os:")] + "    os: null\n",
		"token gone":  strings.Replace(good, "trustdinfo:", "trustdinfx:", 1),
		"cluster nil": strings.Replace(good, "cluster:", "clustex:", 1),
		"too long":    good + strings.Repeat("# comment\n", 10000),
	} {
		to := target(t, "volume")
		to.Secrets = []byte(text)
		_, err := talos.Render(intenttest.Minimal(), to)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		for line := range strings.Lines(good) {
			if _, value, _ := strings.Cut(strings.TrimSpace(line), ": "); len(value) > 20 && !strings.HasPrefix(line, "#") && strings.Contains(err.Error(), value[:20]) {
				t.Errorf("%s: the error shows a secret: %v", name, err)
			}
		}
	}
}

func TestNewSecretsRender(t *testing.T) {
	text, err := talos.NewSecrets(now())
	if err != nil {
		t.Fatal(err)
	}
	to := target(t, "volume")
	to.Secrets = text
	for _, intent := range []provision.Intent{intenttest.Minimal(), minimalWorker()} {
		if cmp.Equal(render(t, intent, to), render(t, intent, target(t, "volume"))) {
			t.Error("new secrets render like those of the tests")
		}
	}
}

func TestTalosConfigIsSignedByTheCAOfTheMachine(t *testing.T) {
	text, err := talos.TalosConfig(testSecrets(t), "192.168.50.10", now(), 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := client.FromString(text)
	if err != nil {
		t.Fatal(err)
	}
	ctx := cfg.Contexts[cfg.Context]
	if ctx == nil || len(ctx.Endpoints) != 1 || ctx.Endpoints[0] != "192.168.50.10" || len(ctx.Nodes) != 1 {
		t.Fatalf("context %+v", ctx)
	}
	ca, crt := certificate(t, ctx.CA), certificate(t, ctx.Crt)
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	usage := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if _, err := crt.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now().Add(time.Hour), KeyUsages: usage}); err != nil {
		t.Error(err)
	}
	if _, err := crt.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now().Add(25 * time.Hour), KeyUsages: usage}); err == nil {
		t.Error("it is valid for longer than was asked for")
	}
	if _, err := talos.TalosConfig(nil, "a", now(), time.Hour); err == nil {
		t.Error("made from no secrets")
	}
}

func certificate(t *testing.T, inBase64 string) *x509.Certificate {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(inBase64)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatal("no PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
