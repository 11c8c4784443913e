package linux_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/kubeadm"
	"distrolab/provision/linux"
)

// whole is a system of which everything is known.
func whole() distros.Userland {
	return distros.Userland{Init: "systemd", Shell: "/bin/bash", Privilege: "sudo", Network: "networkd",
		Time: "timesyncd", Registries: "containerd", Updates: "flatcar", Usr: "read-only", Cgroup: "v2"}
}

func plan(t rapid.TB, intent provision.Intent, u distros.Userland) linux.Plan {
	t.Helper()
	p, err := linux.Make(intent, u, linux.FetchByUnit)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// content is the text of the file at a path, and whether there is one.
func content(p linux.Plan, name string) (string, bool) {
	for _, f := range p.Files {
		if f.Path == name {
			return f.Content, true
		}
	}
	return "", false
}

func gapFields(p linux.Plan) []string {
	var fields []string
	for _, g := range p.Gaps {
		fields = append(fields, g.Field)
	}
	return fields
}

// TestEachProgramReadsItsOwnFile goes through every value of the userland: the
// file that program reads is there with the part of the intent in it.
func TestEachProgramReadsItsOwnFile(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*distros.Userland)
		path   string
		want   string
	}{
		"timesyncd":            {func(u *distros.Userland) { u.Time = "timesyncd" }, "/etc/systemd/timesyncd.conf.d/90-distrolab.conf", "[Time]\nNTP=192.168.50.1 time.example.org\n"},
		"chrony":               {func(u *distros.Userland) { u.Time = "chrony" }, "/etc/chrony.conf", "server 192.168.50.1 iburst\nserver time.example.org iburst\n"},
		"containerd":           {func(u *distros.Userland) { u.Registries = "containerd" }, "/etc/containerd/certs.d/docker.io/hosts.toml", `[host."http://192.168.50.1:5000"]`},
		"Flatcar's containerd": {func(u *distros.Userland) { u.Registries = "flatcar-containerd" }, "/etc/systemd/system/containerd.service.d/10-distrolab.conf", "[Service]\nEnvironment=CONTAINERD_CONFIG=/etc/containerd/config.toml\n"},
		"Flatcar's settings":   {func(u *distros.Userland) { u.Registries = "flatcar-containerd" }, "/etc/containerd/config.toml", "enable_selinux = true\n"},
		"containers":           {func(u *distros.Userland) { u.Registries = "containers" }, "/etc/containers/registries.conf.d/90-distrolab.conf", "location = \"192.168.50.1:5000\"\ninsecure = true\n"},
		"docker":               {func(u *distros.Userland) { u.Registries = "docker" }, "/etc/docker/daemon.json", `"http://192.168.50.1:5000"`},
		"k3s":                  {func(u *distros.Userland) { u.Registries = "k3s" }, "/etc/rancher/k3s/registries.yaml", "\"registry.k8s.io\":\n    endpoint:\n      - \"https://mirror.example.org/k8s\"\n"},
		"flatcar":              {func(u *distros.Userland) { u.Updates = "flatcar" }, "/etc/flatcar/update.conf", "SERVER=disabled\n"},
		"zincati":              {func(u *distros.Userland) { u.Updates = "zincati" }, "/etc/zincati/config.d/90-distrolab.toml", "enabled = false\n"},
		"apt":                  {func(u *distros.Userland) { u.Updates = "apt" }, "/etc/apt/apt.conf.d/99-distrolab", "APT::Periodic::Enable \"0\";\n"},
	} {
		t.Run(name, func(t *testing.T) {
			u := whole()
			c.change(&u)
			got, ok := content(plan(t, intenttest.Full(), u), c.path)
			if !ok || !strings.Contains(got, c.want) {
				t.Errorf("%s holds %q, want %q in it", c.path, got, c.want)
			}
		})
	}
}

// TestUnknownProgramsAreGaps takes one program away at a time: what it would
// have carried out is then a gap and not silence.
func TestUnknownProgramsAreGaps(t *testing.T) {
	for field, take := range map[string]func(*distros.Userland){
		"time":       func(u *distros.Userland) { u.Time = "" },
		"registries": func(u *distros.Userland) { u.Registries = "" },
		"update":     func(u *distros.Userland) { u.Updates = "" },
		"join":       func(u *distros.Userland) { u.Init = "openrc" },
		"units[0]":   func(u *distros.Userland) { u.Init = "" },
		"files[1]":   func(u *distros.Userland) { u.Usr = "read-only" },
	} {
		known, unknown := whole(), whole()
		known.Usr = "writable"
		take(&unknown)
		intent := intenttest.Full()
		intent.Join.Bundle = nil // with one, containerd is there
		if slices.Contains(gapFields(plan(t, intent, known)), field) {
			t.Errorf("%s is a gap though its program is known", field)
		}
		if !slices.Contains(gapFields(plan(t, intent, unknown)), field) {
			t.Errorf("%s is no gap though its program is not known", field)
		}
	}
}

func TestUpdates(t *testing.T) {
	on, off := true, false
	for _, c := range []struct {
		updates string
		auto    *bool
		units   []string // changed by it
		gap     bool
	}{
		{"flatcar", &off, []string{"update-engine.service masked", "locksmithd.service masked"}, false},
		{"flatcar", &on, nil, false},
		{"transactional", &off, []string{"transactional-update.timer enabled=false"}, false},
		{"transactional", &on, []string{"transactional-update.timer enabled=true"}, false},
		{"manual", &off, nil, false},
		{"manual", &on, nil, true},
		{"flatcar", nil, nil, false},
	} {
		u := whole()
		u.Updates = c.updates
		intent := intenttest.Minimal()
		intent.Update.Auto = c.auto
		p := plan(t, intent, u)
		var units []string
		for _, unit := range p.Units {
			state := fmt.Sprintf("enabled=%v", unit.Enabled)
			if unit.Mask {
				state = "masked"
			}
			units = append(units, unit.Name+" "+state)
		}
		if diff := cmp.Diff(c.units, units); diff != "" {
			t.Errorf("%s: units (-want +got):\n%s", c.updates, diff)
		}
		if got := slices.Contains(gapFields(p), "update"); got != c.gap {
			t.Errorf("%s: gap %v, want %v", c.updates, got, c.gap)
		}
	}
}

// TestJoinBringsWhatANodeNeeds: the modules and settings come with it, what the
// person said of one of them counts.
func TestJoinBringsWhatANodeNeeds(t *testing.T) {
	intent := intenttest.Minimal()
	intent.Join = intenttest.Join()
	intent.Kernel.Sysctl = map[string]string{"net.ipv4.ip_forward": "0"}
	p := plan(t, intent, whole())
	modules, _ := content(p, provision.ModulesPath)
	if modules != strings.Join(kubeadm.Modules(), "\n")+"\n" {
		t.Errorf("modules %q", modules)
	}
	settings, _ := content(p, provision.SysctlPath)
	if !strings.Contains(settings, "net.ipv4.ip_forward = 0\n") || !strings.Contains(settings, "net.bridge.bridge-nf-call-iptables = 1\n") {
		t.Errorf("settings %q", settings)
	}
	document, _ := content(p, provision.JoinPath)
	if !strings.Contains(document, "volume-plugin-dir") {
		t.Errorf("a read-only /usr needs another directory for volume plugins:\n%s", document)
	}
	for _, f := range p.Files {
		if f.Path == provision.JoinPath && f.EffectiveMode() != 0o600 {
			t.Errorf("%s has mode %o: others may read the token", f.Path, f.EffectiveMode())
		}
	}
}

// TestOwnFileWins: a file of the intent at a path that another part would
// write is kept, and the part is a gap.
func TestOwnFileWins(t *testing.T) {
	intent := intenttest.Full()
	intent.Files = []provision.File{{Path: "/etc/containerd/config.toml", Content: "mine"}}
	p := plan(t, intent, whole())
	if got, _ := content(p, "/etc/containerd/config.toml"); got != "mine" {
		t.Errorf("the own file became %q", got)
	}
	if !slices.Contains(gapFields(p), "registries") {
		t.Errorf("no gap says that registries was displaced: %v", gapFields(p))
	}
	seen := map[string]bool{}
	for _, f := range p.Files {
		if seen[f.Path] {
			t.Errorf("%s is planned twice", f.Path)
		}
		seen[f.Path] = true
	}
}

// TestOwnUnitWins: what the intent says of a unit counts, and the part that
// would say otherwise is a gap.
func TestOwnUnitWins(t *testing.T) {
	intent := intenttest.Full()
	intent.Units = []provision.Unit{{Name: "locksmithd.service", Enabled: true}}
	p := plan(t, intent, whole())
	var of []linux.Unit
	for _, u := range p.Units {
		if u.Name == "locksmithd.service" {
			of = append(of, u)
		}
	}
	if len(of) != 1 || of[0].Mask || !of[0].Enabled {
		t.Errorf("the unit is planned as %+v", of)
	}
	if !slices.Contains(gapFields(p), "update") {
		t.Errorf("no gap says that update was displaced: %v", gapFields(p))
	}
}

// TestEveryPartIsPlannedOrAGap over any intent and any userland: each file of
// the plan is there once, and each part is answered.
func TestEveryPartIsPlannedOrAGap(t *testing.T) {
	own := []string{"hostname", "users", "network", "packages", "kernel.args"} // the format's affair
	rapid.Check(t, func(t *rapid.T) {
		intent := intenttest.Intents().Draw(t, "intent")
		pick := func(name string, values ...string) string {
			return rapid.SampledFrom(append(values, "")).Draw(t, name)
		}
		u := distros.Userland{Init: pick("init", "systemd", "openrc"), Time: pick("time", "timesyncd", "chrony"),
			Registries: pick("registries", "containerd", "flatcar-containerd", "docker", "containers", "k3s"), Cgroup: pick("cgroup", "v1", "v2"),
			Updates: pick("updates", "flatcar", "zincati", "apt", "transactional", "manual"), Usr: pick("usr", "writable", "read-only", "read-only-but-local")}
		p := plan(t, intent, u)
		if diff := cmp.Diff(p, plan(t, intent, u)); diff != "" {
			t.Fatalf("planned twice, the results differ:\n%s", diff)
		}
		cfg := provision.Config{Steps: p.Steps("writing", "starting"), Gaps: p.Gaps}
		for _, field := range cfg.Unanswered(intent) {
			kind, _, _ := strings.Cut(field, "[")
			if !slices.Contains(own, kind) {
				t.Fatalf("nothing is said of %s", field)
			}
		}
		seen := map[string]bool{}
		for _, f := range p.Files {
			if seen[f.Path] || !path.IsAbs(f.Path) || path.Clean(f.Path) != f.Path {
				t.Fatalf("path %q is planned twice or not clean", f.Path)
			}
			seen[f.Path] = true
		}
		for _, s := range cfg.Steps {
			for _, secret := range intent.Secrets() {
				if strings.Contains(s.Does, secret) {
					t.Fatalf("a step tells a secret: %s", s.Does)
				}
			}
		}
	})
}

func TestNetworkFiles(t *testing.T) {
	full := intenttest.Full().Network
	files, ok := linux.Network(full, "networkd")
	want := "[Match]\nMACAddress=52:54:00:12:34:56\n\n[Network]\nAddress=192.168.50.10/24\nAddress=fd00:50::10/64\nGateway=192.168.50.1\nDNS=192.168.50.1\nDNS=fd00:50::1\n"
	if !ok || len(files) != 1 || files[0].Content != want {
		t.Errorf("networkd: %+v", files)
	}
	files, ok = linux.Network(full, "networkmanager")
	if !ok || len(files) != 1 || files[0].EffectiveMode() != 0o600 || !strings.Contains(files[0].Content, "method=manual\naddress1=192.168.50.10/24\ngateway=192.168.50.1\ndns=192.168.50.1;\n") {
		t.Errorf("NetworkManager: %+v", files)
	}
	if _, ok := linux.Network(full, ""); ok {
		t.Error("an unknown program was given a file")
	}
	if files, ok := linux.Network(provision.Network{DHCP: true}, ""); !ok || files != nil {
		t.Error("DHCP on any interface is the default and needs no file")
	}
}

// TestNetworkOfAPlan: a program that is not known and an own file at the same
// place are gaps, not silence.
func TestNetworkOfAPlan(t *testing.T) {
	full := intenttest.Full().Network
	for name, c := range map[string]struct {
		plan    linux.Plan
		program string
		files   int
		gaps    []string
	}{
		"known":    {linux.Plan{}, "networkd", 1, nil},
		"unknown":  {linux.Plan{}, "", 0, []string{"network"}},
		"own file": {linux.Plan{Files: []linux.File{{File: provision.File{Path: "/etc/systemd/network/10-distrolab.network"}}}}, "networkd", 0, []string{"network"}},
	} {
		files := c.plan.Network(full, c.program)
		if diff := cmp.Diff(c.gaps, gapFields(c.plan)); diff != "" || len(files) != c.files {
			t.Errorf("%s: %d files, gaps (-want +got):\n%s", name, len(files), diff)
		}
	}
}
