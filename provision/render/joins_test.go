package render_test

import (
	"slices"
	"testing"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/render"
)

// What the catalog says of joining is what the formats do: who joins has no
// gap there, and who does not has one or no config at all.
func TestCatalogAndFormatsAgreeOnJoining(t *testing.T) {
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range catalog.All() {
		way, reason := d.Joins()
		if d.Config.Format == render.FormatNone {
			if way.Applicable() {
				t.Errorf("%s has no config and joins by %s", d.Name, way)
			}
			continue
		}
		if gap := slices.ContainsFunc(joined(t, d).Gaps, func(g provision.Gap) bool { return g.Field == "join" }); gap == way.Applicable() {
			t.Errorf("%s: the catalog says %s (%s), the config has a gap: %v", d.Name, way, reason, gap)
		}
	}
}

// joined is the config of a node of a cluster that Talos's and Bottlerocket's
// kubelets both fit.
func joined(t *testing.T, d distros.Distro) provision.Config {
	t.Helper()
	intent := intenttest.Minimal()
	intent.Join = intenttest.Join()
	intent.Join.Kubernetes = "v1.31.0"
	cfg, err := render.Config(intent, d, render.Options{Secrets: ways(t)[0].opt.Secrets})
	if err != nil {
		t.Fatalf("%s: %v", d.Name, err)
	}
	return cfg
}
