// Package intenttest gives the tests of provision their intents: one minimal,
// one full, and a generator of any valid one. Only tests import it; it holds
// no secret, its keys are made from fixed seeds.
package intenttest

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
	"pgregory.net/rapid"

	"distrolab/provision"
)

// Key is the public key of the private key whose seed repeats the byte b.
func Key(b byte, comment string) string {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
	public, err := ssh.NewPublicKey(private.Public())
	if err != nil {
		return "" // no key that is valid; the test that uses it fails
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public)))
	return strings.TrimSpace(line + " " + comment)
}

// Minimal is the intent that the command line makes when it was given none.
func Minimal() provision.Intent {
	return provision.DefaultIntent("node1", "core", []string{Key(1, "you@workstation")})
}

// Full uses every part of an intent.
func Full() provision.Intent {
	return provision.Intent{
		Hostname: "node1.lab",
		Users: []provision.User{
			{Name: "core", SSHAuthorizedKeys: []string{Key(1, "you@workstation"), Key(2, "you@laptop")}},
			{Name: "trainer", SSHAuthorizedKeys: []string{Key(3, "")}},
		},
		Network: provision.Network{
			MAC:       "52:54:00:12:34:56",
			Addresses: []string{"192.168.50.10/24", "fd00:50::10/64"},
			Gateway:   "192.168.50.1",
			DNS:       []string{"192.168.50.1", "fd00:50::1"},
		},
		Files: []provision.File{
			{Path: "/etc/motd", Content: "Welcome to the lab.\nBreak things.\n"},
			{Path: "/usr/local/bin/hello", Content: "#!/bin/sh\nexec echo \"hello from $(hostname)\"\n", Mode: 0o755},
			{Path: "/etc/lab/answer", Content: "yes"},
			{Path: "/etc/lab/blob", Content: "\x00\x01\xfe\xff", Mode: 0o600},
			{Path: "/opt/lab/tool", Source: "http://192.168.50.1/tool", SHA256: Sum, Mode: 0o755},
		},
		Units: []provision.Unit{
			{Name: "hello.service", Enabled: true, Content: "[Unit]\nDescription=Say hello once\n\n[Service]\nType=oneshot\nExecStart=/usr/local/bin/hello\n\n[Install]\nWantedBy=multi-user.target\n"},
			{Name: "containerd.service", Enabled: true},
			{Name: "apt-daily.timer", Enabled: false},
		},
		Kernel: provision.Kernel{
			Modules: []string{"overlay", "br_netfilter"},
			Sysctl:  map[string]string{"net.ipv4.ip_forward": "1", "net.bridge.bridge-nf-call-iptables": "1"},
			Args:    []string{"systemd.log_level=debug"},
		},
		Packages:   []string{"tcpdump", "jq"},
		Time:       provision.Time{NTP: []string{"192.168.50.1", "time.example.org"}},
		Registries: provision.Registries{Mirrors: map[string][]string{"docker.io": {"http://192.168.50.1:5000"}, "registry.k8s.io": {"https://mirror.example.org/k8s", "http://192.168.50.1:5000"}}},
		Update:     provision.Update{Auto: new(bool)},
		Join:       bundled(),
	}
}

// Sum is a SHA-256 of nothing in particular.
const Sum = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"

// bundled is a cluster to join with programs from the lab.
func bundled() *provision.Join {
	j := Join()
	j.Bundle, j.Pods = Bundle(), "10.244.1.0/24"
	return j
}

// Bundle is a place for Kubernetes' programs, at which nothing is.
func Bundle() *provision.NodeBundle {
	return &provision.NodeBundle{URL: "http://192.168.50.1/kubernetes.tar", SHA256: Sum}
}

// Join is a cluster to join. Its CA is made from a fixed seed, which anybody
// can repeat: no cluster has it.
func Join() *provision.Join {
	return &provision.Join{Endpoint: "192.168.50.2:6443", Token: "abcdef.0123456789abcdef", CA: CA, Kubernetes: "v1.36.1"}
}

// CA is the certificate of the cluster that [Join] speaks of.
const CA = `-----BEGIN CERTIFICATE-----
MIIBHDCBz6ADAgECAgEBMAUGAytlcDAVMRMwEQYDVQQDEwprdWJlcm5ldGVzMCAX
DTIwMDEwMTAwMDAwMFoYDzIxMDAwMTAxMDAwMDAwWjAVMRMwEQYDVQQDEwprdWJl
cm5ldGVzMCowBQYDK2VwAyEA6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG
0iyjQjBAMA4GA1UdDwEB/wQEAwIChDAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQW
BBT+gSwS86tM5qxdtprDUvkGyxsR7zAFBgMrZXADQQAx83eI88MQJoJaDA+o0Zon
Bz/JCJDD4b6LdD/fiH72CHwOqqta47GUE72Zd/L+mTYuTNAC7cBe9Gnln2zkptsO
-----END CERTIFICATE-----
`

// Hostile are contents that careless writers and readers of YAML change.
func Hostile() []string {
	return []string{
		"", "\n", "\n\n", " ", "\t", "a\n", "a\n\n", "\na", " a\n b\n", "a \n", "\ta\nb", "a\tb\n",
		"yes", "NO", "on", "Off", "y", "null", "~", "true", "1e3", "1E+3", "12:30:45", "1:30", "0644", "0o17", "0x1F", "0b_", "0b_1", "1_000",
		".inf", "-.INF", ".nan", "=", "<<", "-", "?", ":", "- a", "? a", "a: b", "a:", "a #b", "#cloud-config", "#cloud-config\n", "## template: jinja\n{{ v1 }}",
		"2020-01-01", "2020-01-01T00:00:00Z", "*a", "&a", "!a", "!!binary x", "%TAG", "@a", "`a`", "---", "--- a\n", "...\n", "a\n---\nb\n", "a\n...\nb\n",
		"'", "''", `"`, `\`, `\n`, `"\x00"`, "'\"'", "{", "[", "]", "a, b", "{a: b}", "|", ">", "|\n  a\n", "$(reboot)", "`reboot`", "%s%n", "${a}",
		"a\r\nb\r\n", "\r", "\x00", "\x1b[31m", "\x7f", "\u0085", "a\u0085b", "\u2028", "\u2029", "\ufeff", "\ufeff\n", "\ufffd", "\ufffe", "\uffff", "\u00a0", "é", "🙂", "🙂\n🙂\n",
		"\xff", "\xc3\x28", "a\xffb\n", strings.Repeat("long ", 5000), strings.Repeat("x", 70000), strings.Repeat("line\n", 3000), strings.Repeat(" ", 300), "a" + strings.Repeat(" ", 200) + "b",
	}
}

// Contents generates file contents: ordinary text, hostile ones, any bytes.
func Contents() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom(Hostile()),
		rapid.String(),
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom(Hostile()[:90]), 0, 5), func(parts []string) string { return strings.Join(parts, "") }),
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"\n", " ", "\t", "a", ":", "#", "-", "'"}), 0, 12), func(parts []string) string { return strings.Join(parts, "") }),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	)
}

// Intents generates valid intents. Names are made distinct by their index.
func Intents() *rapid.Generator[provision.Intent] {
	return rapid.Custom(func(t *rapid.T) provision.Intent {
		intent := provision.Intent{
			Hostname: rapid.StringMatching(`[a-z]([a-z0-9-]{0,20}[a-z0-9])?(\.lab)?`).Draw(t, "hostname"),
			Network:  network(t),
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "users") {
			user := provision.User{Name: rapid.StringMatching(`[a-z_][a-z0-9_-]{0,20}`).Draw(t, "user") + fmt.Sprint(i)}
			for k := range rapid.IntRange(0, 2).Draw(t, "keys") {
				user.SSHAuthorizedKeys = append(user.SSHAuthorizedKeys, Key(byte(k), rapid.StringMatching(`[a-zA-Z@.:#'"!-]{0,12}`).Draw(t, "comment")))
			}
			intent.Users = append(intent.Users, user)
		}
		for i := range rapid.IntRange(0, 4).Draw(t, "files") {
			f := provision.File{
				Path: fmt.Sprintf("/%d/%s", i, rapid.StringMatching(`[a-z0-9 '"#:{}%,é-]{1,12}x`).Draw(t, "path")),
				Mode: rapid.IntRange(0, 0o777).Draw(t, "mode"),
			}
			if rapid.IntRange(0, 3).Draw(t, "kind of file") == 0 {
				f.Source = "https://" + rapid.StringMatching(`[a-z0-9.-]{0,8}[a-z](:[1-9][0-9]{0,3})?/([A-Za-z0-9._~/+,=@:-]|%20){1,12}`).Draw(t, "source")
				f.SHA256 = Sum
			} else {
				f.Content = Contents().Draw(t, "content")
			}
			intent.Files = append(intent.Files, f)
		}
		intent.Units = units(t)
		intent.Kernel = kernel(t)
		services(t, &intent)
		return intent
	})
}

func network(t *rapid.T) provision.Network {
	return rapid.SampledFrom([]provision.Network{
		{}, {DHCP: true}, {DHCP: true, MAC: "52:54:00:00:00:01"}, Full().Network,
		{MAC: "52:54:00:AA:bb:0c", Addresses: []string{"fd00::5/64"}, Gateway: "fd00::1"},
		{MAC: "52:54:00:11:11:11", DHCP: true, Addresses: []string{"10.0.0.2/8"}, DNS: []string{"9.9.9.9"}},
	}).Draw(t, "network")
}

func units(t *rapid.T) []provision.Unit {
	var list []provision.Unit
	for i := range rapid.IntRange(0, 3).Draw(t, "units") {
		u := provision.Unit{
			Name:    fmt.Sprintf(`%s-%d.%s`, rapid.StringMatching(`[a-zA-Z0-9:_.\\@][a-zA-Z0-9:_.\\@-]{0,12}`).Draw(t, "unit"), i, rapid.SampledFrom([]string{"service", "timer", "mount"}).Draw(t, "kind")),
			Enabled: rapid.Bool().Draw(t, "enabled"),
		}
		if rapid.Bool().Draw(t, "own") {
			value := rapid.StringMatching(`[ -\[\]-~é]{0,60}`).Draw(t, "value") // no backslash: it continues the line
			u.Content = "[Service]\nExecStart=/bin/echo " + value + "\n\n[Install]\nWantedBy=multi-user.target" + rapid.SampledFrom([]string{"", "\n", "\n\n", "\n# end\n"}).Draw(t, "end")
		}
		list = append(list, u)
	}
	return list
}

func kernel(t *rapid.T) provision.Kernel {
	k := provision.Kernel{
		Modules: rapid.SliceOfN(rapid.StringMatching(`[a-z0-9_]{1,20}`), 0, 3).Draw(t, "modules"),
		Args:    rapid.SliceOfN(rapid.StringMatching(`[a-z.]{1,10}(=[!#-~]{1,10})?`), 0, 2).Draw(t, "args"),
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "settings") {
		if k.Sysctl == nil {
			k.Sysctl = map[string]string{}
		}
		k.Sysctl[fmt.Sprintf("net.x%d.%s", i, rapid.StringMatching(`[a-z_]{1,8}`).Draw(t, "setting"))] = rapid.SampledFrom([]string{"1", "yes", "0644", "1 2 3", "12:30:45", "a: b # c"}).Draw(t, "setting value")
	}
	return k
}

// services draws packages, time servers, mirrors, updates and a join.
func services(t *rapid.T, intent *provision.Intent) {
	intent.Packages = rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z0-9][a-z0-9.+-]{0,12}`), 0, 3, rapid.ID).Draw(t, "packages")
	intent.Time.NTP = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"10.0.0.1", "fd00::1", "time.example.org", "a"}), 0, 3, rapid.ID).Draw(t, "time servers")
	for _, host := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"docker.io", "registry.k8s.io", "localhost:5000", "a.b-c.example:443"}), 0, 3, rapid.ID).Draw(t, "registries") {
		if intent.Registries.Mirrors == nil {
			intent.Registries.Mirrors = map[string][]string{}
		}
		intent.Registries.Mirrors[host] = rapid.SliceOfN(rapid.SampledFrom([]string{"http://10.0.0.1:5000", "https://m.example.org/a/b", "https://[fd00::1]:5000", "http://m/"}), 1, 3).Draw(t, "mirrors")
	}
	intent.Update.Auto = rapid.SampledFrom([]*bool{nil, new(bool), on()}).Draw(t, "update")
	node := provision.Node{Pods: rapid.SampledFrom([]string{"", "10.244.1.0/24", "fd00:10:1::/112"}).Draw(t, "pods")}
	if rapid.Bool().Draw(t, "bundled") {
		node.Bundle = Bundle()
	}
	switch rapid.IntRange(0, 3).Draw(t, "node") {
	case 0:
		intent.Node = &node
	case 1, 2:
		intent.Join = Join()
		intent.Join.Bundle, intent.Join.Pods = node.Bundle, node.Pods
		intent.Join.Manual = rapid.Bool().Draw(t, "by hand")
		intent.Join.Endpoint = rapid.SampledFrom([]string{"192.168.50.2:6443", "[fd00::2]:6443", "api.example.org:443"}).Draw(t, "endpoint")
		intent.Join.Kubernetes = rapid.SampledFrom([]string{"v1.22.0", "v1.30.9", "v1.31.0", "v1.34.1", "v1.36.1"}).Draw(t, "version")
	}
}

func on() *bool {
	yes := true
	return &yes
}
