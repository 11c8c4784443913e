package clc_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	new "github.com/coreos/ignition/v2/config/v3_4"
	newtypes "github.com/coreos/ignition/v2/config/v3_4/types"
	"github.com/flatcar/container-linux-config-transpiler/config"
	oldtypes "github.com/flatcar/ignition/config/v2_3/types"
	"github.com/google/go-cmp/cmp"
	"github.com/vincent-petithory/dataurl"

	"distrolab/provision/clc"
	"distrolab/provision/ignition"
)

// rich is a config that uses every section.
func rich(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "rich.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// convert gives the Butane of a text, its Ignition, and the fields lost.
func convert(t testing.TB, text string) (string, newtypes.Config, map[string]string) {
	t.Helper()
	butane, lost, err := clc.ToButane("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := ignition.Translate(butane)
	if err != nil {
		t.Fatalf("Butane strict: %v\n%s", err, butane)
	}
	cfg, findings, err := new.Parse([]byte(doc))
	if err != nil || len(findings.Entries) > 0 {
		t.Fatalf("%v %s", err, findings)
	}
	fields := map[string]string{}
	for _, gap := range lost {
		fields[gap.Field] += gap.Reason + "\n"
	}
	return butane, cfg, fields
}

func TestToButaneGolden(t *testing.T) {
	butane, lost, err := clc.ToButane("rich.yaml", rich(t))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(butane + "=== lost ===\n")
	for _, gap := range lost {
		b.WriteString(gap.Field + ": " + gap.Reason + "\n")
	}
	file := filepath.Join("testdata", "rich.golden")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; write it by: go test -run Golden -update", err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestToButaneMeansTheSame compares what the old transpiler makes of a config
// with what Butane makes of the converted one: files, units and users.
func TestToButaneMeansTheSame(t *testing.T) {
	text := strings.Replace(string(rich(t)), "    - {filesystem: root, path: /etc/local, mode: 0644, contents: {local: files/local}}\n", "", 1)
	parsed, ast, r := config.Parse([]byte(text))
	if r.IsFatal() {
		t.Fatal(r)
	}
	before, r := config.Convert(parsed, "", ast)
	if r.IsFatal() {
		t.Fatal(r)
	}
	_, after, _ := convert(t, text)
	sameFiles(t, before, after)
	sameUnits(t, before, after)
	sameUsers(t, before, after)
}

// content is the text of a data URL; another URL stands for itself.
func content(t *testing.T, source string) string {
	t.Helper()
	if !strings.HasPrefix(source, "data:") {
		return source
	}
	data, err := dataurl.DecodeString(source)
	if err != nil {
		t.Fatal(err)
	}
	return string(data.Data)
}

func sameFiles(t *testing.T, before oldtypes.Config, after newtypes.Config) {
	t.Helper()
	got := map[string]string{}
	modes := map[string]int{}
	for _, f := range after.Storage.Files {
		if f.Contents.Source != nil {
			got[f.Path] += content(t, *f.Contents.Source)
		}
		for _, a := range f.Append {
			got[f.Path] += content(t, *a.Source)
		}
		if f.Mode != nil {
			modes[f.Path] = *f.Mode
		}
	}
	where := map[string]string{"root": "", "data": "/var/data", "below": "/srv"}
	want := map[string]string{}
	for _, f := range before.Storage.Files {
		below, known := where[f.Filesystem]
		if !known || strings.HasPrefix(f.Contents.Source, "oem:") {
			continue // told as lost, see TestToButaneLoses
		}
		path := strings.Replace(below+f.Path, "/etc/coreos/", "/etc/flatcar/", 1)
		want[path] += content(t, f.Contents.Source)
		if !f.Append && modes[path] != *f.Mode&0o777 {
			t.Errorf("%s: mode %o, want %o", path, modes[path], *f.Mode)
		}
	}
	for _, u := range before.Networkd.Units {
		want["/etc/systemd/network/"+u.Name] = u.Contents
		for _, d := range u.Dropins {
			want["/etc/systemd/network/"+u.Name+".d/"+d.Name] = d.Contents
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
}

// unitState is what a config says of a unit.
type unitState struct {
	Contents string
	Enabled  bool
	Mask     bool
	Dropins  map[string]string
}

func sameUnits(t *testing.T, before oldtypes.Config, after newtypes.Config) {
	t.Helper()
	want, got := map[string]unitState{}, map[string]unitState{}
	for _, u := range before.Systemd.Units {
		s := want[u.Name]
		s.Contents += u.Contents
		s.Enabled = s.Enabled || u.Enable || u.Enabled != nil && *u.Enabled
		s.Mask = s.Mask || u.Mask
		if s.Dropins == nil {
			s.Dropins = map[string]string{}
		}
		for _, d := range u.Dropins {
			s.Dropins[d.Name] = d.Contents
		}
		if u.Name == "nowhere.service" {
			s.Enabled = false // it has no [Install]: told as lost
		}
		want[u.Name] = s
	}
	for _, u := range after.Systemd.Units {
		s := unitState{Enabled: u.Enabled != nil && *u.Enabled, Mask: u.Mask != nil && *u.Mask, Dropins: map[string]string{}}
		if u.Contents != nil {
			s.Contents = *u.Contents
		}
		for _, d := range u.Dropins {
			s.Dropins[d.Name] = *d.Contents
		}
		got[u.Name] = s
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("units (-before +after):\n%s", diff)
	}
}

// sameUsers compares by the JSON, whose keys are the same in both specs.
func sameUsers(t *testing.T, before oldtypes.Config, after newtypes.Config) {
	t.Helper()
	plain := func(v any) []map[string]any {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var list []map[string]any
		if err := json.Unmarshal(text, &list); err != nil {
			t.Fatal(err)
		}
		for _, u := range list {
			if with, is := u["create"].(map[string]any); is {
				for key, value := range with {
					u[key] = value
				}
				delete(u, "create")
			}
		}
		return list
	}
	if diff := cmp.Diff(plain(before.Passwd.Users), plain(after.Passwd.Users)); diff != "" {
		t.Errorf("users (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(plain(before.Passwd.Groups), plain(after.Passwd.Groups)); diff != "" {
		t.Errorf("groups (-before +after):\n%s", diff)
	}
}

// TestToButaneLoses names each thing that Butane has no equal of.
func TestToButaneLoses(t *testing.T) {
	for name, c := range map[string]struct {
		text, field, reason string
	}{
		"dynamic etcd":       {"etcd: {version: 3.3.0, listen_client_urls: \"http://{PRIVATE_IPV4}:2379\"}", "etcd", "dynamic data"},
		"dynamic flannel":    {"flannel: {version: 0.7.0, interface: \"{PRIVATE_IPV4}\"}", "flannel", "dynamic data"},
		"etcd":               {"etcd: {version: 3.5.0}", "etcd", "etcd-member.service"},
		"local file":         {"storage: {files: [{filesystem: root, path: /a, mode: 0644, contents: {local: x}}]}", "storage.files[0]", "contents.local"},
		"unknown filesystem": {"storage: {files: [{filesystem: where, path: /a, mode: 0644}]}", "storage.files[0]", `filesystem "where"`},
		"OEM":                {"storage: {files: [{filesystem: oem, path: /a, mode: 0644}]}", "storage.files[0]", "/oem/a"},
		"OEM source":         {"storage: {files: [{filesystem: root, path: /a, mode: 0644, contents: {remote: {url: \"oem:///x\"}}}]}", "storage.files[0]", `by "oem"`},
		"unmounted":          {"storage: {filesystems: [{name: d, mount: {device: /dev/vdb, format: ext4}}]}", "storage.filesystems[0]", "with_mount_unit"},
		"elsewhere":          {"storage: {filesystems: [{name: d, path: /mnt}]}", "storage.filesystems[0]", "/sysroot"},
		"create of a fs":     {"storage: {filesystems: [{name: d, mount: {device: /dev/vdb, format: ext4, create: {force: false}}}]}", "storage.filesystems[0].mount.create", "kept"},
		"special bits":       {"storage: {files: [{filesystem: root, path: /a, mode: 04755}]}", "storage.files[0].mode", "chmod"},
		"twice the path":     {"storage: {files: [{filesystem: root, path: /a, mode: 0644, contents: {inline: a}}, {filesystem: root, path: /a, mode: 0644, contents: {inline: b}}]}", "storage.files[0]", "later entry"},
		"link over a file":   {"storage: {files: [{filesystem: root, path: /a, mode: 0644}], links: [{filesystem: root, path: /a, target: /b}]}", "storage.links[0]", "refuses"},
		"no install":         {"systemd: {units: [{name: a.service, enabled: true, contents: \"[Service]\\nType=oneshot\\n\"}]}", "systemd.units[0].enabled", "[Install]"},
		"place of a unit":    {"docker: {flags: [-D]}\nsystemd: {units: [{name: b.service, mask: true}, {name: a.service, enabled: true, contents: \"[Service]\\nType=oneshot\\n\"}]}", "systemd.units[1].enabled", "[Install]"},
		"user made":          {"passwd: {users: [{name: a, create: {}}]}", "passwd.users[0].create", "changed"},
		"user twice":         {"passwd: {users: [{name: a}, {name: a}]}", "passwd.users[1]", "refuses"},
		"control characters": {"systemd: {units: [{name: a.service, contents: \"[Service]\\nEnvironment=A=\\a\\n\"}]}", "systemd.units[0]", "control characters"},
		"appended config":    {"ignition: {config: {append: [{source: \"https://e.org/a\"}]}}", "ignition.config.append[0]", "spec 3"},
		"replaced config":    {"ignition: {config: {replace: {source: \"https://e.org/a\"}}}", "ignition.config.replace", "spec 3"},
		"unknown key":        {"storage: {filez: []}", "filez", "line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, lost := convert(t, c.text+"\n")
			if !strings.Contains(lost[c.field], c.reason) {
				t.Errorf("%s is not told with %q: %v", c.field, c.reason, lost)
			}
		})
	}
}

func TestToButaneRefusesWhatIsNoConfig(t *testing.T) {
	for name, text := range map[string]string{
		"no YAML":       "\t",
		"a list":        "- a",
		"bad unit name": "systemd: {units: [{name: a.nothing}]}",
		"bad mode":      "storage: {files: [{filesystem: root, path: /a, mode: 99999}]}",
		"too deep":      strings.Repeat("[", 2000) + strings.Repeat("]", 2000),
		"too large":     strings.Repeat("# comment\n", 1<<20),
		"a bomb":        "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + bomb(),
	} {
		if _, _, err := clc.ToButane("x", []byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// bomb is YAML that grows tenfold with each line.
func bomb() string {
	var b strings.Builder
	for c := 'b'; c < 'l'; c++ {
		alias := "*" + string(c-1) + ","
		b.WriteString(string(c) + ": &" + string(c) + " [" + strings.Repeat(alias, 9) + "*" + string(c-1) + "]\n")
	}
	b.WriteString("passwd: {users: *k}\n")
	return b.String()
}

// TestToButaneIsDeterministic: equal texts give equal bytes.
func TestToButaneIsDeterministic(t *testing.T) {
	first, lost, err := clc.ToButane("a", rich(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		again, lostAgain, err := clc.ToButane("a", rich(t))
		if err != nil || again != first || !slices.Equal(lost, lostAgain) {
			t.Fatalf("differs: %v", err)
		}
	}
}

// FuzzToButane: whatever the text, there is Butane that is accepted strictly,
// or an error, and never a panic.
func FuzzToButane(f *testing.F) {
	f.Add(rich(f))
	f.Add([]byte("etcd: {listen_client_urls: \"http://{PRIVATE_IPV4}:2379\"}\n"))
	f.Add([]byte("storage: {files: [{filesystem: root, path: /a, append: true, contents: {inline: a}}]}\n"))
	f.Add([]byte("systemd: {units: [{name: a.service, enable: true, dropins: [{name: a.conf}]}]}\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		butane, _, err := clc.ToButane("fuzz\n%s", text)
		if err != nil {
			return
		}
		if _, err := ignition.Translate(butane); err != nil {
			t.Fatalf("not accepted: %v\n%s", err, butane)
		}
	})
}
