package render_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/render"
)

// system is a catalog entry with the fields that rendering reads.
func system(kind distros.Kind, format, variant, version string, delivery distros.Delivery) distros.Distro {
	return distros.Distro{Name: "subject", Kind: kind, Config: distros.ConfigProfile{
		Format: format, Variant: variant, Version: version, Delivery: delivery,
	}}
}

func fwcfg() distros.Delivery {
	return distros.Delivery{Kind: distros.DeliverFWCfg, Key: "opt/com.coreos/config"}
}

func cidata() distros.Delivery {
	return distros.Delivery{Kind: distros.DeliverVolume, Label: "cidata"}
}

func TestConfigChoosesTheFormat(t *testing.T) {
	for name, c := range map[string]struct {
		system   distros.Distro
		contains string // in a document or source
		gaps     []string
	}{
		"cloud-init":       {system(distros.KindLocal, "cloud-init", "", "", cidata()), "#cloud-config\n", []string{"kernel.args"}},
		"flatcar":          {system(distros.KindVendor, "ignition", "flatcar", "1.1.0", fwcfg()), "/etc/systemd/network/", []string{"files[1]", "kernel.args"}},
		"fcos":             {system(distros.KindVendor, "ignition", "fcos", "1.5.0", fwcfg()), "/etc/NetworkManager/", []string{"kernel.args"}},
		"stand-in of fcos": {system(distros.KindStandIn, "ignition", "fcos", "1.4.0", fwcfg()), `"version": "3.3.0"`, []string{"network", "files[1]", "kernel.args"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := render.Config(intenttest.Full(), c.system)
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			for _, doc := range append(cfg.Sources, cfg.Documents...) {
				text.WriteString(doc.Content)
			}
			if !strings.Contains(text.String(), c.contains) {
				t.Errorf("%q is in no document", c.contains)
			}
			var gaps []string
			for _, gap := range cfg.Gaps {
				gaps = append(gaps, gap.Field)
			}
			if diff := cmp.Diff(c.gaps, gaps); diff != "" {
				t.Errorf("gaps (-want +got):\n%s", diff)
			}
			if cfg.Delivery != c.system.Config.Delivery || cfg.Format != c.system.Config.Format {
				t.Errorf("delivery %+v, format %s", cfg.Delivery, cfg.Format)
			}
			if err := render.Validate(cfg); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestConfigOfFormatNoneSaysWhatItDrops(t *testing.T) {
	d := system(distros.KindProbe, "none", "", "", distros.Delivery{})
	d.Config.Note = "it only reports"
	cfg, err := render.Config(intenttest.Minimal(), d)
	if err != nil {
		t.Fatal(err)
	}
	want := provision.Config{Format: "none", Delivery: distros.Delivery{Kind: distros.DeliverNone}, Gaps: []provision.Gap{
		{Field: "hostname", Reason: "this system takes no config: it only reports"},
		{Field: "users", Reason: "this system takes no config: it only reports"},
	}}
	if diff := cmp.Diff(want, cfg); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := render.Validate(cfg); err != nil {
		t.Error(err)
	}
}

func TestConfigRefusesFormatsNotBuilt(t *testing.T) {
	for _, format := range []string{"talos", "bottlerocket", "", "Ignition"} {
		_, err := render.Config(intenttest.Minimal(), system(distros.KindVendor, format, "", "", fwcfg()))
		var unsupported *render.UnsupportedFormatError
		if !errors.As(err, &unsupported) || unsupported.Format != format || !strings.Contains(err.Error(), "not built yet") {
			t.Errorf("%q: %v", format, err)
		}
	}
}

func TestConfigRefusesDeliveriesTheFormatHasNot(t *testing.T) {
	for _, d := range []distros.Distro{
		system(distros.KindVendor, "cloud-init", "", "", fwcfg()),
		system(distros.KindVendor, "ignition", "fcos", "1.5.0", distros.Delivery{Kind: distros.DeliverSMBIOS}),
		system(distros.KindVendor, "ignition", "fcos", "1.5.0", distros.Delivery{}),
	} {
		_, err := render.Config(intenttest.Minimal(), d)
		var unsupported *render.UnsupportedDeliveryError
		if !errors.As(err, &unsupported) {
			t.Errorf("%s by %s: %v", d.Config.Format, d.Config.Delivery.Kind, err)
		}
	}
}

func TestConfigRefusesInvalidIntents(t *testing.T) {
	intent := intenttest.Minimal()
	intent.Hostname = "../../etc"
	_, err := render.Config(intent, system(distros.KindLocal, "cloud-init", "", "", cidata()))
	var invalid *provision.InvalidIntentError
	if !errors.As(err, &invalid) {
		t.Errorf("got %v", err)
	}
}

func TestConfigRefusesUnknownVariants(t *testing.T) {
	_, err := render.Config(intenttest.Minimal(), system(distros.KindVendor, "ignition", "debian", "1.0.0", fwcfg()))
	if err == nil || !strings.Contains(err.Error(), "subject") {
		t.Errorf("want an error that names the system, got %v", err)
	}
}

func TestValidateRefusesUnknownFormats(t *testing.T) {
	for _, cfg := range []provision.Config{{}, {Format: "talos"}, {Format: "none", Documents: []provision.Document{{Name: "a"}}}} {
		if render.Validate(cfg) == nil {
			t.Errorf("%+v: accepted", cfg)
		}
	}
}
