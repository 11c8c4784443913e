package talos_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/talos"
)

// good is a worker's config for a NoCloud volume, as a person may have it.
func good(t testing.TB) string {
	t.Helper()
	intent := worker()
	intent.Files = intent.Files[5:6]
	return mainText(render(t, intent, target(t, "volume")))
}

func TestCheckAcceptsWhatIsRendered(t *testing.T) {
	for name := range deliveries() {
		if name == "inline" {
			continue // nobody writes that by hand
		}
		for _, intent := range []provision.Intent{intenttest.Minimal(), worker()} {
			for _, doc := range render(t, intent, target(t, name)).Documents {
				if found := talos.Check("some/dir/"+doc.Name, doc.Content, target(t, name)); len(found) > 0 {
					t.Errorf("%s, %s: %+v", name, doc.Name, found)
				}
			}
		}
	}
}

func TestCheckSaysWhatIsWrongAndWhere(t *testing.T) {
	config := good(t)
	lineOf := func(text string) int { return strings.Count(config[:strings.Index(config, text)], "\n") + 1 }
	change := func(old, changed string) string {
		if !strings.Contains(config, old) {
			t.Fatalf("%q is not in the config", old)
		}
		return strings.Replace(config, old, changed, 1)
	}
	for name, c := range map[string]struct {
		file, text, delivery, severity, path, message string
		line                                          int
	}{
		"cloud-config":          {text: "#cloud-config\nusers: []\n", severity: "error", message: "#cloud-config", line: 1},
		"include":               {text: "#include\nhttp://a/\n", severity: "warning", message: "not checked", line: 1},
		"empty":                 {text: "", severity: "error", message: "not found"},
		"no YAML":               {text: "a: b\n\tc: d\n", severity: "error", message: "line 2", line: 2},
		"too large":             {text: strings.Repeat("#", 2<<20), severity: "error", message: "limit"},
		"unknown key":           {text: change("version: v1alpha1", "version: v1alpha1\nmashine: {}"), severity: "error", path: "mashine", message: `"mashine"`, line: 2},
		"unknown key deep":      {text: change("    kubelet:\n", "    kubelet:\n        imag: a\n"), severity: "error", path: "machine.kubelet.imag", message: `"imag"`, line: lineOf("    kubelet:") + 1},
		"unknown key in list":   {text: change("          op: create", "          op: create\n          owner: root"), severity: "error", path: "machine.files[0].owner", message: `"owner"`, line: lineOf("op: create") + 1},
		"unknown key in second": {text: change("kind: HostnameConfig", "kind: HostnameConfig\nhostnam: a"), severity: "error", path: "hostnam", message: `"hostnam"`, line: lineOf("kind: HostnameConfig") + 1},
		"unknown kind":          {text: change("kind: HostnameConfig", "kind: HostConfig"), severity: "error", message: "HostConfig", line: lineOf("apiVersion")},
		"document twice":        {text: config + "---\napiVersion: v1alpha1\nkind: HostnameConfig\nhostname: b\n", severity: "error", message: "duplicate", line: strings.Count(config, "\n") + 2},
		"wrong type":            {text: change("version: v1alpha1", "version: v1alpha1\npersist: [1]"), severity: "error", message: "bool", line: 2},
		"machine type":          {text: change("type: worker", "type: master"), severity: "error", message: "master"},
		"keys missing":          {text: change("type: worker", "type: controlplane"), severity: "error", path: "machine.ca.key", message: "key", line: lineOf(`        key: ""`)},
		"key on worker":         {text: change(`        key: ""`, `        key: QQ==`), severity: "error", path: "machine.ca", message: "not allowed on non-controlplane"},
		"no endpoint":           {text: change("https://192.168.50.2:6443", "node"), severity: "error", message: "endpoint"},
		"metal without install": {text: config, delivery: "url", severity: "error", message: "install"},
		"file outside /var":     {text: change("path: /var/lib", "path: /etc/lib"), severity: "error", path: "machine.files[0].path", message: "/var", line: lineOf("path: /var/lib")},
		"no machine":            {text: "apiVersion: v1alpha1\nkind: HostnameConfig\nhostname: a\n", severity: "warning", message: "maintenance"},
		"host name empty":       {text: change("hostname: node1.lab", `hostname: ""`), severity: "error", message: "hostname"},
		"bad expression":        {text: change("mac(link.permanent_addr)", "mac(link.nothing)"), severity: "error", message: "nothing"},
		"meta-data":             {file: "meta-data", text: "instance-id: a\nuser: b\n", severity: "warning", path: "user", message: "user", line: 2},
		"meta-data host name":   {file: "meta-data", text: "local-hostname: a\n", severity: "warning", path: "local-hostname", message: "HostnameConfig", line: 1},
		"meta-data list":        {file: "meta-data", text: "- a\n", severity: "error", message: "mapping"},
		"network version":       {file: "network-config", text: "network:\n  version: 3\n", severity: "error", path: "version", message: "version: 2"},
	} {
		t.Run(name, func(t *testing.T) {
			file, delivery := c.file, c.delivery
			if file == "" {
				file = "user-data"
			}
			if delivery == "" {
				delivery = "volume"
			}
			found := talos.Check(file, c.text, target(t, delivery))
			for _, f := range found {
				if f.Severity == c.severity && strings.Contains(f.Message, c.message) && f.Path == c.path && (c.line == 0 || f.Line == c.line) {
					return
				}
			}
			t.Errorf("want %s at line %d, path %q, with %q; found %+v", c.severity, c.line, c.path, c.message, found)
		})
	}
}

func TestCheckSaysEachUnknownKey(t *testing.T) {
	text := strings.Replace(good(t), "version: v1alpha1\n", "version: v1alpha1\nfirst: 1\nsecond: {third: 2}\n", 1)
	var paths []string
	for _, f := range talos.Check("user-data", text, target(t, "volume")) {
		paths = append(paths, f.Path)
	}
	if fmt.Sprint(paths) != "[first second]" {
		t.Errorf("paths %v", paths)
	}
}

// Whatever is written, the check neither breaks nor takes long, and says a
// bounded number of things.
func TestCheckStandsHostileTexts(t *testing.T) {
	to := target(t, "volume")
	config := good(t)
	bombs := []string{
		strings.Repeat("[", 1<<16), strings.Repeat("a: {", 1<<15), strings.Repeat("- ", 1<<16), strings.Repeat("x:\n", 1<<16),
		"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\nmachine: {sysctls: *d}\n",
		"machine: &a {network: *a}\n", "machine: {network: null, files: [null], disks: [null]}\ncluster: null\n", "machine: null\n", "cluster: {controlPlane: {endpoint: null}}\n",
		"machine: {network: {interfaces: [null]}, kubelet: null, time: null, udev: null}\ncluster: {controlPlane: {endpoint: 'https://a:1'}, etcd: null, apiServer: null}\n",
		"machine: {network: {kubespan: {enabled: true}}, pods: [null, 1]}\ncluster: {inlineManifests: [null]}\n",
		"machine: {files: [" + strings.Repeat("{path: a},", 8000) + strings.Repeat("{x: 1},", 8000) + "]}\n",
		"machine: {sysctls: {" + strings.Join(numbered("k%d: 1", 20000), ", ") + "}}\n",
		"machine: {pods: [{a: &a [x,x,x,x,x,x,x], b: &b [*a,*a,*a,*a,*a,*a,*a], c: &c [*b,*b,*b,*b,*b,*b,*b], d: &d [*c,*c,*c,*c,*c,*c,*c], e: &e [*d,*d,*d,*d,*d,*d,*d], f: &f [*e,*e,*e,*e,*e,*e,*e], g: [*f,*f,*f,*f,*f,*f,*f]}]}\n",
		"machine: {pods: [" + strings.Repeat("{a: ", 9000) + strings.Repeat("}", 9000) + "]}\n",
		"apiVersion: v1alpha1\nkind: LinkAliasConfig\nname: a\nselector:\n  match: " + strings.Repeat("true && ", 30000) + "true\n",
		strings.Repeat("---\n", 1<<15), strings.Repeat("apiVersion: v1alpha1\nkind: LinkConfig\nname: a\n---\n", 1<<14),
	}
	for _, text := range append(bombs, intenttest.Hostile()...) {
		for _, name := range []string{"user-data", "meta-data", "network-config"} {
			if found := talos.Check(name, text, to); len(found) > 100 {
				t.Errorf("%s: %d findings of %.60q", name, len(found), text)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		lines := strings.Split(config, "\n")
		at := rapid.IntRange(0, len(lines)-1).Draw(t, "line")
		switch rapid.SampledFrom([]string{"drop", "double", "null", "replace"}).Draw(t, "change") {
		case "drop":
			lines = append(lines[:at], lines[at+1:]...)
		case "double":
			lines = append(lines[:at+1], lines[at:]...)
		case "null":
			key, _, _ := strings.Cut(lines[at], ":")
			lines[at] = key + ": null"
		case "replace":
			lines[at] = intenttest.Contents().Draw(t, "content")
		}
		talos.Check("user-data", strings.Join(lines, "\n"), to)
	})
}

// numbered is the format with each number below n.
func numbered(format string, n int) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(format, i))
	}
	return list
}

func TestValidateRefusesSpoiledDocuments(t *testing.T) {
	whole := render(t, minimalWorker(), target(t, "volume"))
	for name, spoil := range map[string]func(*provision.Config){
		"no document":       func(c *provision.Config) { c.Documents = nil },
		"no user-data":      func(c *provision.Config) { c.Documents = c.Documents[1:] },
		"a name nobody has": func(c *provision.Config) { c.Documents[0].Name = "user_data" },
		"cloud-config":      func(c *provision.Config) { c.Documents[0].Content = "#cloud-config\n" },
		"unknown key":       func(c *provision.Config) { c.Documents[0].Content = "foo: 1\n" + c.Documents[0].Content },
		"no machine": func(c *provision.Config) {
			c.Documents[0].Content = "apiVersion: v1alpha1\nkind: HostnameConfig\nhostname: a\n"
		},
		"broken meta-data": func(c *provision.Config) { c.Documents[1].Content = "- a" },
		"wrong mode": func(c *provision.Config) {
			c.Delivery = deliveries()["api"]
			c.Documents = c.Documents[:1]
			c.Documents[0].Name = "config.yaml"
		},
		"a warning": func(c *provision.Config) {
			c.Documents[0].Content = strings.Replace(c.Documents[0].Content, "kubelet:", "install: {extensions: [{image: a}]}\n    kubelet:", 1)
		},
		"no base64":   func(c *provision.Config) { kernel(c, "talos.config.inline=???") },
		"no zstd":     func(c *provision.Config) { kernel(c, "talos.config.inline=QUFB") },
		"no word":     func(c *provision.Config) { kernel(c, "quiet") },
		"a long word": func(c *provision.Config) { kernel(c, strings.Repeat("a", 5000)) },
	} {
		cfg := whole
		cfg.Documents = append([]provision.Document(nil), whole.Documents...)
		spoil(&cfg)
		if talos.Validate(cfg) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := talos.Validate(whole); err != nil {
		t.Error(err)
	}
}

func kernel(c *provision.Config, words string) {
	c.Delivery = distros.Delivery{Kind: distros.DeliverKernel}
	c.Documents = []provision.Document{{Name: "cmdline", Content: words}}
}
