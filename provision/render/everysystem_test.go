package render_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/kubeadm"
	"distrolab/provision/render"
	"distrolab/provision/seed"
	"distrolab/provision/talos"
)

// way is one way to configure one system.
type way struct {
	distro distros.Distro
	opt    render.Options
}

func (w way) String() string { return w.distro.Name + "/" + w.opt.Format + "/" + w.opt.Delivery }

// ways lists every format and delivery of every system in the catalog.
func ways(t testing.TB) []way {
	t.Helper()
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := os.ReadFile("../talos/testdata/secrets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var list []way
	for _, d := range catalog.All() {
		for _, p := range d.Configs() {
			for _, delivery := range p.Deliveries {
				list = append(list, way{d, render.Options{Format: p.Format, Delivery: delivery.Call(), Secrets: secrets}})
			}
		}
	}
	if len(list) < 60 {
		t.Fatalf("the catalog has only %d ways to configure a system", len(list))
	}
	return list
}

// check renders intent in one way and holds the result to what every format
// owes: it is valid by its own rules, says something of each part, tells no
// secret in words or on a screen, comes out the same again, and can be packed.
func check(t rapid.TB, w way, intent provision.Intent) {
	t.Helper()
	cfg, err := render.Config(intent, w.distro, w.opt)
	if tooLarge(err) {
		return
	}
	if err != nil {
		t.Fatalf("%s: %v", w, err)
	}
	if missing := cfg.Unanswered(intent); len(missing) > 0 {
		t.Fatalf("%s: nothing is said of %v", w, missing)
	}
	if err := render.Validate(cfg); err != nil {
		t.Fatalf("%s: %v", w, err)
	}
	again, err := render.Config(intent, w.distro, w.opt)
	if err != nil {
		t.Fatalf("%s: the second time: %v", w, err)
	}
	if diff := cmp.Diff(cfg, again); diff != "" {
		t.Fatalf("%s: rendered twice, the results differ:\n%s", w, diff)
	}
	checkSecrets(t, w, intent, cfg)
	if _, err = seed.Pack(cfg, "http://192.168.127.1/m/"); err != nil {
		t.Fatalf("%s: %v", w, err)
	}
}

// tooLarge is true of the one reason for which a valid intent may not render:
// a kernel command line does not hold it. The error says what would.
func tooLarge(err error) bool {
	var long *talos.TooLongError
	return errors.As(err, &long)
}

// checkSecrets looks for the token in all that is shown.
func checkSecrets(t rapid.TB, w way, intent provision.Intent, cfg provision.Config) {
	t.Helper()
	var shown strings.Builder
	for _, s := range cfg.Steps {
		if s.Stage == "" || s.Does == "" {
			t.Fatalf("%s: a step without a stage or words: %+v", w, s)
		}
		fmt.Fprintln(&shown, s.Stage, s.Does)
	}
	for _, g := range cfg.Gaps {
		if g.Field == "" || g.Reason == "" {
			t.Fatalf("%s: a gap without a field or reason: %+v", w, g)
		}
		fmt.Fprintln(&shown, g.Field, g.Reason)
	}
	hidden := cfg.Redacted()
	for _, doc := range slices.Concat(hidden.Sources, hidden.Documents) {
		fmt.Fprintln(&shown, doc.Content)
	}
	for _, secret := range slices.Concat(intent.Secrets(), cfg.Secrets) {
		if secret != "" && strings.Contains(shown.String(), secret) {
			t.Fatalf("%s: what is shown holds the secret %.12s…", w, secret)
		}
	}
}

// TestEveryWayOfEverySystem renders the full and the minimal intent in every
// format and delivery of the catalog.
func TestEveryWayOfEverySystem(t *testing.T) {
	for _, w := range ways(t) {
		t.Run(w.String(), func(t *testing.T) {
			check(t, w, intenttest.Minimal())
			check(t, w, intenttest.Full())
			check(t, w, provision.Intent{Hostname: "n"})
		})
	}
}

// TestControlPlaneInEveryWay: whatever system it is given to, its CA's key and
// its token are shown nowhere, and what cannot be done is said.
func TestControlPlaneInEveryWay(t *testing.T) {
	now := time.Now()
	authority, err := kubeadm.NewAuthority(now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	intent, err := kubeadm.ControlPlane{
		Authority: authority, Endpoint: "192.168.127.5:6443", Kubernetes: "v1.36.1", PodSubnet: "10.244.0.0/16",
		Token: "abcdef.0123456789abcdef", Bundle: intenttest.Bundle(), Pods: "10.244.0.0/24",
		Mirrors: map[string][]string{"registry.k8s.io": {"http://192.168.127.1:5000"}},
	}.Extend(intenttest.Minimal())
	if err != nil {
		t.Fatal(err)
	}
	if len(intent.Secrets()) < 3 {
		t.Fatalf("the intent has %d secrets", len(intent.Secrets()))
	}
	for _, w := range ways(t) {
		check(t, w, intent)
	}
}

// TestAnyIntentInAnyWay draws intents, hostile contents among them.
func TestAnyIntentInAnyWay(t *testing.T) {
	all := ways(t)
	rapid.Check(t, func(t *rapid.T) {
		check(t, rapid.SampledFrom(all).Draw(t, "way"), intenttest.Intents().Draw(t, "intent"))
	})
}

// TestLargeContents gives a megabyte of what a format could take for its own
// words to every system.
func TestLargeContents(t *testing.T) {
	intent := intenttest.Minimal()
	for i, text := range []string{"#cloud-config\n", "</domain>\n", "${IFS}'\"\n", "\x00\xff", "é🙂\u2028"} {
		intent.Files = append(intent.Files, provision.File{
			Path: fmt.Sprintf("/etc/lab/%d", i), Content: strings.Repeat(text, (200<<10)/len(text)),
		})
	}
	tried := map[string]bool{} // systems of one format differ in nothing that matters here
	for _, w := range ways(t) {
		if key := w.opt.Format + w.opt.Delivery; !tried[key] {
			tried[key] = true
			check(t, w, intent)
		}
	}
}

// BenchmarkAllSystems renders one intent in the usual way of every system.
func BenchmarkAllSystems(b *testing.B) {
	intent := intenttest.Full()
	seen := map[string]bool{}
	var usual []way
	for _, w := range ways(b) {
		if !seen[w.distro.Name] {
			seen[w.distro.Name] = true
			usual = append(usual, w)
		}
	}
	b.ReportMetric(float64(len(usual)), "systems")
	for b.Loop() {
		for _, w := range usual {
			if _, err := render.Config(intent, w.distro, w.opt); err != nil {
				b.Fatal(err)
			}
		}
	}
}
