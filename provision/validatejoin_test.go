package provision_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
)

// TestServicesAreValidated changes one thing of a valid intent at a time; the
// problem is found at its place.
func TestServicesAreValidated(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*provision.Intent)
		at     string
	}{
		"package with a space":         {func(i *provision.Intent) { i.Packages = []string{"a b"} }, "packages[0]"},
		"package that is a flag":       {func(i *provision.Intent) { i.Packages = []string{"-y"} }, "packages[0]"},
		"package twice":                {func(i *provision.Intent) { i.Packages = []string{"a", "a"} }, "packages[1]"},
		"time server with a newline":   {func(i *provision.Intent) { i.Time.NTP = []string{"a\nb"} }, "time.ntp[0]"},
		"time server is no address":    {func(i *provision.Intent) { i.Time.NTP = []string{"300.1.1.1"} }, "time.ntp[0]"},
		"registry with a path":         {func(i *provision.Intent) { mirror(i, "../x", "http://a") }, "registries.mirrors[../x]"},
		"no mirror":                    {func(i *provision.Intent) { i.Registries.Mirrors = map[string][]string{"a": nil} }, "registries.mirrors[a]"},
		"mirror by another scheme":     {func(i *provision.Intent) { mirror(i, "a", "file:///etc") }, "registries.mirrors[a][0]"},
		"mirror with a password":       {func(i *provision.Intent) { mirror(i, "a", "https://u:hunter2@h") }, "registries.mirrors[a][0]"},
		"mirror that leaves its quote": {func(i *provision.Intent) { mirror(i, "a", "http://h/\"]\nx") }, "registries.mirrors[a][0]"},
		"endpoint without a port":      {func(i *provision.Intent) { i.Join.Endpoint = "10.0.0.1" }, "join.endpoint"},
		"endpoint port 0":              {func(i *provision.Intent) { i.Join.Endpoint = "10.0.0.1:0" }, "join.endpoint"},
		"endpoint with a scheme":       {func(i *provision.Intent) { i.Join.Endpoint = "https://10.0.0.1:6443" }, "join.endpoint"},
		"token in capitals":            {func(i *provision.Intent) { i.Join.Token = "ABCDEF.0123456789abcdef" }, "join.token"},
		"no token":                     {func(i *provision.Intent) { i.Join.Token = "" }, "join.token"},
		"no CA":                        {func(i *provision.Intent) { i.Join.CA = "" }, "join.ca"},
		"CA with a second":             {func(i *provision.Intent) { i.Join.CA += intenttest.CA }, "join.ca"},
		"a key as the CA":              {func(i *provision.Intent) { i.Join.CA = strings.ReplaceAll(i.Join.CA, "CERTIFICATE", "PRIVATE KEY") }, "join.ca"},
		"a cut CA":                     {func(i *provision.Intent) { i.Join.CA = i.Join.CA[:200] }, "join.ca"},
		"text before the CA":           {func(i *provision.Intent) { i.Join.CA = "x\n" + i.Join.CA }, "join.ca"},
		"version without v":            {func(i *provision.Intent) { i.Join.Kubernetes = "1.36.1" }, "join.kubernetes"},
		"version with a tail":          {func(i *provision.Intent) { i.Join.Kubernetes = "v1.36.1; reboot" }, "join.kubernetes"},
		"version too old":              {func(i *provision.Intent) { i.Join.Kubernetes = "v1.21.0" }, "join.kubernetes"},
	} {
		intent := intenttest.Full()
		c.change(&intent)
		err := intent.Validate()
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if !strings.Contains(err.Error(), "  "+c.at+": ") || strings.Count(err.Error(), "\n") != 1 {
			t.Errorf("%s: want one problem at %s, got:\n%v", name, c.at, err)
		}
		if strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error tells a secret:\n%v", name, err)
		}
	}
}

func mirror(i *provision.Intent, host, url string) {
	i.Registries.Mirrors = map[string][]string{host: {url}}
}

// TestFieldsNamesEveryPart: each is answered on its own, parts of a field too.
func TestFieldsNamesEveryPart(t *testing.T) {
	intent := intenttest.Full()
	intent.Join = intenttest.Join()
	fields := intent.Fields()
	if len(fields) != 20 {
		t.Errorf("the full intent has %d fields: %v", len(fields), fields)
	}
	cfg := provision.Config{}
	for i, field := range fields {
		if got := cfg.Unanswered(intent); len(got) != len(fields)-i {
			t.Fatalf("after %d answers %v are open", i, got)
		}
		switch i % 3 {
		case 0:
			cfg.Steps = append(cfg.Steps, provision.Step{Fields: []string{field}})
		case 1:
			cfg.Gaps = append(cfg.Gaps, provision.Gap{Field: field})
		default:
			cfg.Gaps = append(cfg.Gaps, provision.Gap{Field: field + ".part"})
		}
	}
	if got := cfg.Unanswered(intent); got != nil {
		t.Errorf("still open: %v", got)
	}
}

// TestGapOfTheWholeAnswersItsParts: a system that does not join need not speak
// of each part; one that joins must.
func TestGapOfTheWholeAnswersItsParts(t *testing.T) {
	intent := provision.Intent{Join: intenttest.Full().Join}
	intent.Join.Manual = true
	cfg := provision.Config{Gaps: []provision.Gap{{Field: "join"}}}
	if got := cfg.Unanswered(intent); got != nil {
		t.Errorf("open after the gap: %v", got)
	}
	cfg = provision.Config{Steps: []provision.Step{{Fields: []string{"join"}}}}
	if diff := cmp.Diff([]string{"join.bundle", "join.pods", "join.manual"}, cfg.Unanswered(intent)); diff != "" {
		t.Errorf("open after the step (-want +got):\n%s", diff)
	}
}
