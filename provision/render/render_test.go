package render_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/render"
)

// system is a catalog entry with the fields that rendering reads.
func system(format, variant, version string, deliveries ...distros.Delivery) distros.Distro {
	return distros.Distro{Name: "subject", Kind: distros.KindVendor, Config: distros.ConfigProfile{
		Format: format, Variant: variant, Version: version, Deliveries: deliveries,
	}}
}

func fwcfg() distros.Delivery {
	return distros.Delivery{Kind: distros.DeliverFWCfg, Key: "opt/com.coreos/config"}
}

func cidata() distros.Delivery {
	return distros.Delivery{Kind: distros.DeliverVolume, Label: "cidata"}
}

func TestConfigOfFormatNoneSaysWhatItDrops(t *testing.T) {
	d := system("none", "", "")
	d.Config.Note = "it only reports"
	cfg, err := render.Config(intenttest.Minimal(), d, render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const reason = "this system takes no config: it only reports"
	want := provision.Config{Format: "none", Delivery: distros.Delivery{Kind: distros.DeliverNone}, Gaps: []provision.Gap{
		{Field: "hostname", Reason: reason}, {Field: "users[0]", Reason: reason}, {Field: "network", Reason: reason},
	}}
	if diff := cmp.Diff(want, cfg); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
	if err := render.Validate(cfg); err != nil {
		t.Error(err)
	}
	if _, err := render.Check("x", "", d, render.Options{}); err == nil {
		t.Error("a file was checked for a system that takes none")
	}
}

func TestChoicesThatASystemDoesNotOffer(t *testing.T) {
	d := system("cloud-init", "", "", cidata(), distros.Delivery{Name: "smbios", Kind: distros.DeliverHTTP, SMBIOS: "ds=nocloud;s={url}"})
	var unknown *render.UnknownChoiceError
	_, err := render.Config(intenttest.Minimal(), d, render.Options{Delivery: "floppy"})
	if !errors.As(err, &unknown) || !strings.Contains(err.Error(), `rendering config for subject: it has no delivery "floppy"; it has volume, smbios`) {
		t.Errorf("delivery: %v", err)
	}
	_, err = render.Config(intenttest.Minimal(), d, render.Options{Format: "ignition"})
	if !errors.As(err, &unknown) || !strings.Contains(err.Error(), `it has no format "ignition"; it has cloud-init`) {
		t.Errorf("format: %v", err)
	}
	cfg, err := render.Config(intenttest.Minimal(), d, render.Options{Delivery: "smbios"})
	if err != nil || cfg.Delivery.SMBIOS == "" {
		t.Errorf("the second delivery: %+v, %v", cfg.Delivery, err)
	}
}

func TestFormatWithoutARenderer(t *testing.T) {
	d := system("papyrus", "", "", cidata())
	d.Config.Note = "nobody reads it"
	var unsupported *render.UnsupportedFormatError
	_, err := render.Config(intenttest.Minimal(), d, render.Options{})
	if !errors.As(err, &unsupported) || !strings.Contains(err.Error(), "cloud-init") || !strings.Contains(err.Error(), "(nobody reads it)") {
		t.Error(err)
	}
	if err := render.Validate(provision.Config{Format: "papyrus"}); !errors.As(err, &unsupported) {
		t.Error(err)
	}
}

func TestInvalidIntentIsRefusedFirst(t *testing.T) {
	intent := intenttest.Minimal()
	intent.Hostname = "not a name"
	var invalid *provision.InvalidIntentError
	if _, err := render.Config(intent, system("cloud-init", "", "", cidata()), render.Options{}); !errors.As(err, &invalid) {
		t.Error(err)
	}
}

// TestOwnConfigOfAnotherVariant: the format's own code refuses what the
// catalog got wrong.
func TestOwnConfigOfAnotherVariant(t *testing.T) {
	_, err := render.Config(intenttest.Minimal(), system("ignition", "debian", "1.0.0", fwcfg()), render.Options{})
	if err == nil || !strings.Contains(err.Error(), "rendering config for subject") {
		t.Error(err)
	}
}

func TestFormatsAreTheCatalogs(t *testing.T) {
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, d := range catalog.All() {
		for _, p := range d.Configs() {
			used[p.Format] = true
			if p.Format != render.FormatNone && !slices.Contains(render.Formats(), p.Format) {
				t.Errorf("%s: no package renders its format %s", d.Name, p.Format)
			}
		}
	}
	for _, format := range render.Formats() {
		if !used[format] {
			t.Errorf("no catalog entry has the format %s", format)
		}
	}
}
