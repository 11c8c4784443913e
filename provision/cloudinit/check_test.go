package cloudinit_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distrolab/provision"
	"distrolab/provision/cloudinit"
	"distrolab/provision/internal/intenttest"
)

func check(name, text string) []provision.Finding {
	return cloudinit.Check(name, text, provision.Target{})
}

// TestCheckFindsUsualMistakes, each in its line and column.
func TestCheckFindsUsualMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		want       provision.Finding // Message is a part of it
	}{
		"no header":           {"user-data", "users: []\n", provision.Finding{Severity: "error", Line: 1, Message: "first line must be #cloud-config"}},
		"almost the header":   {"user-data", "# cloud-config\nhostname: a\n", provision.Finding{Severity: "error", Line: 1, Message: `"# cloud-config" and must be #cloud-config`}},
		"header too late":     {"user-data", "\n#cloud-config\nhostname: a\n", provision.Finding{Severity: "error", Line: 1, Message: "must be the first line"}},
		"byte order mark":     {"user-data", "\ufeff#cloud-config\n", provision.Finding{Severity: "error", Line: 1, Message: "byte order mark"}},
		"tab":                 {"user-data", "#cloud-config\nusers:\n\t- name: a\n", provision.Finding{Severity: "error", Line: 3, Message: "indented by a tab"}},
		"no YAML":             {"user-data", "#cloud-config\nhostname: [a\n", provision.Finding{Severity: "error", Line: 2, Message: "this is not YAML"}},
		"not UTF-8":           {"user-data", "#cloud-config\nhostname: \xff\n", provision.Finding{Severity: "error", Line: 2, Message: "not UTF-8"}},
		"two documents":       {"user-data", "#cloud-config\na: b\n---\nc: d\n", provision.Finding{Severity: "error", Line: 3, Column: 1, Message: "second YAML document"}},
		"a list":              {"user-data", "#cloud-config\n- a\n", provision.Finding{Severity: "error", Line: 2, Column: 1, Message: "the file is a list and must be a mapping"}},
		"unknown key":         {"user-data", "#cloud-config\nruncmds:\n  - ls\n", provision.Finding{Severity: "error", Line: 2, Column: 1, Path: "runcmds", Message: "did you mean runcmd?"}},
		"dash for underscore": {"user-data", "#cloud-config\nwrite-files: []\n", provision.Finding{Severity: "error", Line: 2, Column: 1, Path: "write-files", Message: "did you mean write_files?"}},
		"network in it":       {"user-data", "#cloud-config\nnetwork: {version: 2}\n", provision.Finding{Severity: "error", Line: 2, Column: 1, Path: "network", Message: "network-config"}},
		"twice":               {"user-data", "#cloud-config\nruncmd: [ls]\nruncmd: [id]\n", provision.Finding{Severity: "warning", Line: 3, Column: 1, Path: "runcmd", Message: "first in line 2"}},
		"deprecated":          {"user-data", "#cloud-config\napt_update: true\n", provision.Finding{Severity: "warning", Line: 2, Column: 1, Path: "apt_update", Message: "use package_update instead"}},
		"deprecated of users": {"user-data", "#cloud-config\nusers:\n  - name: a\n    lock-passwd: true\n", provision.Finding{Severity: "warning", Line: 4, Column: 5, Path: "users[0].lock-passwd", Message: "use lock_passwd instead"}},
		"mode without quotes": {"user-data", "#cloud-config\nwrite_files:\n  - path: /a\n    permissions: 0644\n", provision.Finding{Severity: "error", Line: 4, Column: 18, Path: "write_files[0].permissions", Message: `write "0644"`}},
		"mode no octal":       {"user-data", "#cloud-config\nwrite_files: [{path: /a, permissions: rw}]\n", provision.Finding{Severity: "error", Line: 2, Column: 39, Path: "write_files[0].permissions", Message: "octal"}},
		"relative path":       {"user-data", "#cloud-config\nwrite_files: [{path: a}]\n", provision.Finding{Severity: "error", Line: 2, Column: 22, Path: "write_files[0].path", Message: "absolute"}},
		"no path":             {"user-data", "#cloud-config\nwrite_files: [{content: a}]\n", provision.Finding{Severity: "error", Line: 2, Column: 15, Path: "write_files[0].path", Message: "is missing"}},
		"no base64":           {"user-data", "#cloud-config\nwrite_files: [{path: /a, encoding: b64, content: \"?\"}]\n", provision.Finding{Severity: "error", Line: 2, Column: 50, Path: "write_files[0].content", Message: "not base64"}},
		"wrong encoding":      {"user-data", "#cloud-config\nwrite_files: [{path: /a, encoding: bas64}]\n", provision.Finding{Severity: "error", Line: 2, Column: 36, Path: "write_files[0].encoding", Message: "did you mean base64?"}},
		"colon in a command":  {"user-data", "#cloud-config\nruncmd:\n  - echo a: b\n", provision.Finding{Severity: "error", Line: 3, Column: 5, Path: "runcmd[0]", Message: "put the whole command in quotes"}},
		"number in a command": {"user-data", "#cloud-config\nruncmd:\n  - [sleep, 5]\n", provision.Finding{Severity: "error", Line: 3, Column: 13, Path: "runcmd[0][1]", Message: `write "5"`}},
		"yes is no text":      {"user-data", "#cloud-config\nhostname: yes\n", provision.Finding{Severity: "error", Line: 2, Column: 11, Path: "hostname", Message: "is true or false, not text"}},
		"text is no flag":     {"user-data", "#cloud-config\npackage_update: \"true\"\n", provision.Finding{Severity: "error", Line: 2, Column: 17, Path: "package_update", Message: "is text and must be true or false"}},
		"key is no list":      {"user-data", "#cloud-config\nssh_authorized_keys: ssh-ed25519 A\n", provision.Finding{Severity: "error", Line: 2, Column: 22, Path: "ssh_authorized_keys", Message: "must be a list"}},
		"user without name":   {"user-data", "#cloud-config\nusers:\n  - shell: /bin/sh\n", provision.Finding{Severity: "error", Line: 3, Column: 5, Path: "users[0].name", Message: "is missing"}},
		"unknown of users":    {"user-data", "#cloud-config\nusers:\n  - name: a\n    ssh_authorised_keys: []\n", provision.Finding{Severity: "error", Line: 4, Column: 5, Path: "users[0].ssh_authorised_keys", Message: "did you mean ssh_authorized_keys?"}},
		"password to read":    {"user-data", "#cloud-config\nusers: [{name: a, plain_text_passwd: b}]\n", provision.Finding{Severity: "warning", Line: 2, Column: 38, Path: "users[0].plain_text_passwd", Message: "everybody"}},
		"private key":         {"user-data", "#cloud-config\nusers: [{name: a, ssh_authorized_keys: [BEGIN PRIVATE KEY]}]\n", provision.Finding{Severity: "error", Line: 2, Column: 41, Path: "users[0].ssh_authorized_keys[0]", Message: "private key"}},
		"too long":            {"user-data", "#cloud-config\n" + strings.Repeat("#", 1<<20), provision.Finding{Severity: "error", Message: "at most"}},
		"no instance":         {"meta-data", "local-hostname: a\n", provision.Finding{Severity: "warning", Line: 1, Column: 1, Path: "instance-id", Message: "there is none"}},
		"instance is number":  {"meta-data", "instance-id: 1\n", provision.Finding{Severity: "error", Line: 1, Column: 14, Path: "instance-id", Message: `write "1"`}},
		"meta-data near miss": {"meta-data", "instance-id: a\nlocal_hostname: b\n", provision.Finding{Severity: "warning", Line: 2, Column: 1, Path: "local_hostname", Message: "did you mean local-hostname?"}},
		"no version":          {"network-config", "ethernets: {}\n", provision.Finding{Severity: "error", Line: 1, Column: 1, Path: "version", Message: "version: 2"}},
		"version of wishes":   {"dir/network-config", "version: 3\n", provision.Finding{Severity: "error", Line: 1, Column: 10, Path: "version", Message: "must be 1 or 2"}},
		"no prefix length":    {"network-config", "version: 2\nethernets: {a: {addresses: [10.0.0.2]}}\n", provision.Finding{Severity: "error", Line: 2, Column: 29, Path: "ethernets.a.addresses[0]", Message: "prefix length"}},
		"no MAC address":      {"network-config", "version: 2\nethernets: {a: {match: {macaddress: \"52:54\"}}}\n", provision.Finding{Severity: "error", Line: 2, Column: 37, Path: "ethernets.a.match.macaddress", Message: "must be a MAC address"}},
		"old gateway":         {"network-config", "version: 2\nethernets: {a: {gateway4: 10.0.0.1}}\n", provision.Finding{Severity: "warning", Line: 2, Column: 17, Path: "ethernets.a.gateway4", Message: "routes with to: 0.0.0.0/0"}},
		"inside of network":   {"network-config", "network:\n  version: 2\n  ethernet: {}\n", provision.Finding{Severity: "error", Line: 3, Column: 3, Path: "network.ethernet", Message: "did you mean ethernets?"}},
		"version 1 subnet":    {"network-config", "version: 1\nconfig: [{type: physical, name: a, subnets: [{type: statics}]}]\n", provision.Finding{Severity: "error", Line: 2, Column: 53, Path: "config[0].subnets[0].type", Message: "did you mean static?"}},
		"version 1 address":   {"network-config", "version: 1\nconfig: [{type: physical, name: a, subnets: [{type: static, address: 10.0.0.2}]}]\n", provision.Finding{Severity: "error", Line: 2, Column: 70, Path: "config[0].subnets[0].address", Message: "prefix length"}},
	} {
		t.Run(name, func(t *testing.T) {
			found := check(c.file, c.text)
			if !slices.ContainsFunc(found, func(f provision.Finding) bool {
				message := f.Message
				f.Message = c.want.Message
				return f == c.want && strings.Contains(message, c.want.Message)
			}) {
				t.Errorf("want %+v, got %+v", c.want, found)
			}
		})
	}
}

// TestCheckKnowsTheSystem: cloud-init takes these everywhere, one system does
// not.
func TestCheckKnowsTheSystem(t *testing.T) {
	account := "#cloud-config\nusers:\n  - name: a\n    shell: /bin/bash\n    sudo: ALL=(ALL) NOPASSWD:ALL\n"
	two := "version: 2\nethernets: {a: {dhcp4: true}}\n"
	for name, c := range map[string]struct {
		system, delivery, file, text string
		want                         []string // parts of the messages
	}{
		"bash on Alpine":             {"alpine", "", "user-data", account, []string{"write /bin/ash", "by doas", "locked account"}},
		"bash on Debian":             {"debian-13", "", "user-data", account, nil},
		"the right thing on Alpine":  {"alpine", "", "user-data", "#cloud-config\nusers: [{name: a, lock_passwd: false, passwd: '*', doas: [permit nopass a]}]\n", nil},
		"systemctl on Alpine":        {"alpine", "", "user-data", "#cloud-config\nruncmd: [systemctl start a, [systemctl, start, b], ls]\n", []string{"rc-update", "rc-update"}},
		"systemctl on Debian":        {"debian-13", "", "user-data", "#cloud-config\nruncmd: [systemctl start a]\n", nil},
		"ntp on CentOS 7":            {"centos-7", "", "user-data", "#cloud-config\nntp: {servers: [a]}\n", []string{"leaves this out"}},
		"version 2 on CentOS 7":      {"centos-7", "", "network-config", two, []string{"write version 1"}},
		"network of Amazon":          {"amazon-linux-2023", "", "network-config", two, []string{"no effect"}},
		"network over HTTP":          {"debian-12", "http", "network-config", two, []string{"since 24.3"}},
		"network over HTTP, newer":   {"debian-13", "http", "network-config", two, nil},
		"network on the same volume": {"debian-12", "", "network-config", two, nil},
	} {
		t.Run(name, func(t *testing.T) {
			found := cloudinit.Check(c.file, c.text, target(t, c.system, c.delivery))
			if len(found) != len(c.want) {
				t.Fatalf("want %q, got %+v", c.want, found)
			}
			for i, want := range c.want {
				if found[i].Severity != provision.SeverityWarning || !strings.Contains(found[i].Message, want) {
					t.Errorf("want a warning about %q, got %+v", want, found[i])
				}
			}
		})
	}
}

// TestCheckLetsGoodFilesPass, and says of other kinds of user-data what they are.
func TestCheckLetsGoodFilesPass(t *testing.T) {
	for _, tg := range targets(t) {
		for _, doc := range render(t, intenttest.Full(), tg).Documents {
			if doc.Content == "" && doc.Name == "network-config" {
				continue
			}
			if found := cloudinit.Check(doc.Name, doc.Content, tg); len(found) > 0 {
				t.Errorf("%s, %s: %+v", tg.Distro.Name, doc.Name, found)
			}
		}
	}
	for name, text := range map[string]string{
		"user-data":      "#cloud-config\nusers: [default, {name: a, sudo: null, groups: [x]}]\npackages: [a, [b, 1.0], {snap: [c]}]\nmanage_etc_hosts: true\nruncmd: [ls, [id], null]\nx: &a {}\n",
		"network-config": "version: 1\nconfig:\n- {type: physical, name: eth0, subnets: [{type: static, address: 10.0.0.2, netmask: 255.0.0.0, gateway: 10.0.0.1}]}\n",
		"meta-data":      "instance-id: a\nwhatever: [1]\n",
		"vendor-data":    "",
	} {
		found := slices.DeleteFunc(check(name, text), func(f provision.Finding) bool { return f.Path == "x" })
		if len(found) > 0 {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

func TestCheckNamesOtherKinds(t *testing.T) {
	for text, want := range map[string]string{
		"#!/bin/sh\nls: [\n":                              "script",
		"#include\nhttp://a/\n":                           "list of addresses",
		"#include-once\nhttp://a/\n":                      "once",
		"#cloud-boothook\n#!/bin/sh\n":                    "boothook",
		"#cloud-config-archive\n- a\n":                    "several kinds",
		"#cloud-config-jsonp\n[]\n":                       "JSON patch",
		"#part-handler\n":                                 "Python",
		"## template: jinja\n#cloud-config\na: {{ b }}\n": "template",
		"\x1f\x8b\x08":                                    "gzip",
		"":                                                "empty",
	} {
		found := check("seed/user-data", text)
		if len(found) != 1 || found[0].Severity != provision.SeverityWarning || !strings.Contains(found[0].Message, want) {
			t.Errorf("%q: want a remark about %q, got %+v", text, want, found)
		}
	}
}

func TestCheckReadsMIME(t *testing.T) {
	part := func(kind, encoding, body string) string {
		return "--x\nContent-Type: " + kind + "\nContent-Transfer-Encoding: " + encoding + "\n\n" + body + "\n"
	}
	head := "Content-Type: multipart/mixed; boundary=\"x\"\nMIME-Version: 1.0\n\n"
	found := check("user-data", head+part("text/x-shellscript", "7bit", "#!/bin/sh")+
		part("text/cloud-config", "base64", base64.StdEncoding.EncodeToString([]byte("#cloud-config\nruncmds: []\n")))+"--x--\n")
	if len(found) != 2 || !strings.Contains(found[0].Message, "2 parts (text/x-shellscript, text/cloud-config)") || found[1].Path != "part 2: runcmds" {
		t.Errorf("got %+v", found)
	}
	for name, text := range map[string]string{
		"no boundary": "Content-Type: multipart/mixed\n\n--x\n", "no parts": head + "hello\n", "no message": "MIME-Version: 1.0\nx\n\n",
	} {
		if found := check("user-data", text); len(found) != 1 || found[0].Severity != provision.SeverityError {
			t.Errorf("%s: got %+v", name, found)
		}
	}
}

// TestCheckKnowsEveryKeyOfCloudInit compares with the schema itself: no key at
// the top and none of users is unknown, and those deprecated are known as such.
func TestCheckKnowsEveryKeyOfCloudInit(t *testing.T) {
	text, err := os.ReadFile(modules(t) + "/cloudinit/config/schemas/schema-cloud-config-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	type definition struct {
		Properties map[string]struct{ Deprecated bool }
	}
	var schema struct {
		Properties map[string]any
		Defs       map[string]definition `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	if len(schema.Properties) < 90 {
		t.Fatalf("the schema has only %d keys", len(schema.Properties))
	}
	unknown := func(config string) []string {
		var keys []string
		for _, f := range check("user-data", config) {
			if strings.Contains(f.Message, "knows no such key") {
				keys = append(keys, f.Path)
			}
		}
		return keys
	}
	for key := range schema.Properties {
		if got := unknown("#cloud-config\n" + key + ": null\n"); got != nil {
			t.Errorf("%s is unknown to the check", key)
		}
	}
	user := schema.Defs["users_groups.user"].Properties
	for key, about := range user {
		config := "#cloud-config\nusers:\n  - {name: a, \"" + key + "\": null}\n"
		if got := unknown(config); got != nil {
			t.Errorf("users: %s is unknown to the check", key)
		}
		warned := slices.ContainsFunc(check("user-data", config), func(f provision.Finding) bool { return strings.Contains(f.Message, "is deprecated") })
		if warned != about.Deprecated {
			t.Errorf("users: %s: deprecated %v to the check, %v to cloud-init", key, warned, about.Deprecated)
		}
	}
}

// TestCheckReadsScalarsAsPyYAML: whether a value is text, a number or a flag
// decides whether cloud-init takes it.
func TestCheckReadsScalarsAsPyYAML(t *testing.T) {
	python := pythonWithYAML(t)
	values := []string{
		"a", "yes", "No", "y", "on", "OFF", "true", "tRue", "null", "~", "Null", "0", "00", "01", "08", "0644", "0o644", "644", "-1", "+1", "1_000", "0x1F", "0xg",
		"0b101", "0b2", "1:30", "01:30", "12:30:45", "12:60", "12:3", "1.5", "1.", ".5", ".", "1.5.2", "1e3", "1.0e3", "1.0e+3", "1E+3", ".inf", "-.INF", "+.inf", ".nan",
		"1:30.5", "10.0.0.1", "52:54:00:12:34:56", "a:b", "1a", "_1", "0_7", "=", "--", "-", "+",
	}
	input, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", `
import json, sys, yaml
kinds = {str: "text", bool: "true or false", int: "a number", float: "a number", type(None): "nothing"}
def kind(v):
    try:
        return kinds[type(yaml.safe_load("a: " + v)["a"])]
    except Exception:
        return ""
print(json.dumps([kind(v) for v in json.load(sys.stdin)]))`)
	cmd.Stdin = strings.NewReader(string(input))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	for i, value := range values {
		if want[i] == "" {
			continue // PyYAML refuses it
		}
		// A mapping is wanted there, so the message tells what the value is.
		found := check("user-data", "#cloud-config\nsnap: "+value+"\n")
		if len(found) != 1 || !strings.HasPrefix(found[0].Message, "is "+want[i]+" and must be a mapping") {
			t.Errorf("%q is %s to PyYAML; the check says %+v", value, want[i], found)
		}
	}
}

// TestCheckIsBounded: hostile files cost little and never panic.
func TestCheckIsBounded(t *testing.T) {
	for name, text := range map[string]string{
		"deep":    "#cloud-config\na: " + strings.Repeat("[", 100000),
		"deeper":  "#cloud-config\n" + strings.Repeat("- ", 100000),
		"aliases": "#cloud-config\nchef: &a {b: *a}\nusers: &u [*u, *u, *u, *u, *u, *u, *u, *u]\n",
		"wide":    "#cloud-config\n" + strings.Repeat("x: y\n", 100000),
		"bomb":    "#cloud-config\nruncmd: &a [x,x,x,x,x,x,x,x,x]\nbootcmd: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nmounts: [*b,*b,*b,*b,*b,*b,*b,*b]\n",
	} {
		if found := check("user-data", text); len(found) > 200 {
			t.Errorf("%s: %d findings", name, len(found))
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, text := range intenttest.Hostile() {
		f.Add("user-data", text)
		f.Add("network-config", "version: 2\nethernets: "+text)
	}
	f.Add("meta-data", "instance-id: a")
	f.Add("user-data", "Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\n--x--\n")
	f.Add("user-data", "#cloud-config\nusers: [{name: *a}]\n")
	f.Add("network-config", "network: {version: 1, config: [{subnets: [a]}]}")
	for i := range 4 {
		f.Add("network-config", "["+strings.Repeat(" ", i))
		f.Add("user-data", "#cloud-config\nusers: [a, {shell: bash}]"+strings.Repeat(" ", i))
	}
	all := []provision.Target{{}, target(f, "alpine", ""), target(f, "amazon-linux-2023", "http"), target(f, "centos-7", "")}
	f.Fuzz(func(t *testing.T, name, text string) {
		tg := all[len(text)%len(all)]
		found := cloudinit.Check(name, text, tg)
		if diff := cmp.Diff(found, cloudinit.Check(name, text, tg)); diff != "" {
			t.Errorf("two checks differ:\n%s", diff)
		}
		for _, finding := range found {
			if finding.Message == "" || finding.Severity == "" || len(finding.Message) > 2000 {
				t.Errorf("%+v", finding)
			}
		}
	})
}
