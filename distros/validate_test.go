package distros

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// problemsOf validates the minimal entry with one text replaced.
func problemsOf(t *testing.T, old, replacement string) []string {
	t.Helper()
	if !strings.Contains(minimal, old) {
		t.Fatalf("the minimal entry has no %q", old)
	}
	_, err := LoadWith(fstest.MapFS{"mine.yaml": {Data: []byte(strings.Replace(minimal, old, replacement, 1))}})
	if err == nil {
		return nil
	}
	var invalid *InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("error %v is not an InvalidError", err)
	}
	var got []string
	for _, p := range invalid.Problems {
		got = append(got, p.String())
	}
	return got
}

func TestProblemsNameFileLineAndField(t *testing.T) {
	for _, tt := range []struct{ name, old, replacement, want string }{
		{"name with a space", "name: mine", "name: my system", `mine.yaml:1: name: "my system" is not a name: small letters, digits and -, at most 32`},
		{"name unlike the file", "name: mine", "name: other", `mine.yaml:1: name: must be "mine", as the file is called`},
		{"unknown kind", "kind: vendor", "kind: real", `mine.yaml:3: kind: "real" is not one of vendor, local, stand-in, probe`},
		{"stand-in for nothing", "kind: vendor", "kind: stand-in", `mine.yaml:1: stands_for: is for kind stand-in, and required there`},
		{"unknown support", "state: maintained", "state: fine", `mine.yaml:6: support.state: "fine" is not one of maintained, extended, ended, unconfirmed`},
		{"unknown fact", "key: shell,", "key: colour,", `mine.yaml:8: facts[0].key: "colour" is not one of nature`},
		{"no source", `source: "me/mine:README.md"`, `source: ""`, `mine.yaml:8: facts[0].source: is empty; name it as owner/repo:path or URL, or mark the fact unconfirmed`},
		{"no class", "class: full, ", "", `mine.yaml:8: facts[0].class: is missing; shell takes one of full, container, optional, none`},
		{"unknown class", "class: full", "class: some", `mine.yaml:8: facts[0].class: "some" is not one of full, container, optional, none`},
		{"class of another criterion", "class: full", "class: usr", `mine.yaml:8: facts[0].class: "usr" is not one of full, container, optional, none`},
		{"class where there are none", "key: shell, class: full", "key: kernel, class: full", `mine.yaml:8: facts[0].class: kernel has no classes; leave it out`},
		{"wrong class of an unconfirmed fact", "class: full,", "class: some, unconfirmed: true,", `mine.yaml:8: facts[0].class: "some" is not one of full`},
		{"key given twice", "facts:\n", "facts:\n  - {key: shell, class: none, value: none, source: a/b, checked: 2026-11-22}\n", `mine.yaml:9: facts[1].key: "shell" is given twice`},
		{"class unlike the state", "key: shell, class: full", "key: support, class: ended", `mine.yaml:8: facts[0].class: "ended" is not the support.state of this entry, "maintained"`},
		{"long value", "value: bash", "value: " + strings.Repeat("é", 201), `mine.yaml:8: facts[0].value: has 201 characters; at most 200 are allowed`},
		{"empty value", "value: bash", "value: ' '", `mine.yaml:8: facts[0].value: is empty; say it in words`},
		{"alias with a space", "name: mine", "name: mine\naliases: [my system]", `mine.yaml:2: aliases[0]: "my system" is not another name: small letters, digits, . and -, at most 64`},
		{"alias twice", "name: mine", "name: mine\naliases: [a, b, a]", `mine.yaml:2: aliases[2]: "a" is given twice`},
		{"alias like the name", "name: mine", "name: mine\naliases: [mine]", `mine.yaml:2: aliases[0]: "mine" is given twice`},
		{"alias of another entry", "name: mine", "name: mine\naliases: [flatcar]", `mine.yaml:2: aliases[0]: "flatcar" is a name of flatcar already`},
		{"no such day of support", "maintained}", "maintained, until: 2026-02-30}", `mine.yaml:6: support.until: "2026-02-30" is not a day, such as 2026-08-21`},
		{"days without a source", "maintained}", "maintained, until: 2026-02-28}", `mine.yaml:6: support.source: is empty; say where the days come from`},
		{"extension before the end", "maintained}", "maintained, until: 2026-02-28, extended_until: 2026-02-27, source: a/b}", `mine.yaml:6: support.extended_until: 2026-02-27 is before until (2026-02-28); extended support ends last`},
		{"unconfirmed state, confirmed fact", "state: maintained}\nfacts:\n", "state: unconfirmed}\nfacts:\n  - {key: support, value: who knows, source: a/b, checked: 2026-11-22}\n", `mine.yaml:8: facts[0].unconfirmed: must be true, as support.state is unconfirmed`},
		{"checksums without a root", "resolver: local", "resolver: checksums", `mine.yaml:9: release.base_url: is empty; resolver checksums needs the root of the index`},
		{"checksums without a list", "resolver: local", "resolver: checksums, base_url: 'https://a.example', options: {file: '(?P<version>\\d+)', digest: sha256, format: raw}", `mine.yaml:9: release.options.list: is missing; resolver checksums needs it`},
		{"checksums without a version", "resolver: local", "resolver: checksums, base_url: 'https://a.example', options: {file: 'x-\\d+', list: SUMS, digest: sha256, format: raw}", `mine.yaml:9: release.options.file: has no group (?P<version>…)`},
		{"checksums with a broken pattern", "resolver: local", "resolver: checksums, base_url: 'https://a.example', options: {file: 'x-(', list: SUMS, digest: sha256, format: raw}", `mine.yaml:9: release.options.file: is not an RE2 pattern`},
		{"unknown option", "resolver: local", "resolver: talos, options: {platform: nocloud, schematic: a, colour: red}", `mine.yaml:9: release.options.colour: is not an option of resolver talos; there are platform, schematic`},
		{"option where there are none", "resolver: local", "resolver: local, options: {colour: red}", `mine.yaml:9: release.options.colour: is not an option: resolver local has none`},
		{"schematic", "resolver: local", "resolver: talos, options: {platform: nocloud, schematic: '../../x'}", `mine.yaml:9: release.options.schematic: "../../x" is not the name of a schematic: 64 hexadecimal digits`},
		{"repository", "resolver: local", "resolver: github, options: {repo: 'a/b/../c'}", `mine.yaml:9: release.options.repo: "a/b/../c" is not a repository on GitHub, such as siderolabs/talos`},
		{"unknown digest", "resolver: local", "resolver: checksums, base_url: 'https://a.example', options: {file: '(?P<version>x)', list: SUMS, digest: md5, format: raw}", `mine.yaml:9: release.options.digest: "md5" is not one of sha256, sha512`},
		{"no such day", "2026-11-22", "2026-13-22", `mine.yaml:8: facts[0].checked: "2026-13-22" is not a day, such as 2026-08-21`},
		{"unknown resolver", "resolver: local", "resolver: ftp", `mine.yaml:9: release.resolver: "ftp" is not one of flatcar, fcos, debian, ubuntu, alpine`},
		{"no reason", "resolver: local", "resolver: none", `mine.yaml:9: release.reason: is for resolver none, and required there: why there is no image to fetch`},
		{"file URL", "resolver: local", "resolver: debian, base_url: 'file:///etc'", `mine.yaml:9: release.base_url: "file:///etc" is not a URL such as https://mirror.example/path`},
		{"unknown format", "format: cloud-init", "format: yaml", `mine.yaml:10: config.format: "yaml" is not one of cloud-init`},
		{"ignition without variant", "format: cloud-init", "format: ignition, version: 1.0.0", `mine.yaml:10: config.variant: "" is not a Butane variant, such as flatcar or fcos`},
		{"label with a comma", "label: cidata", "label: 'a,b'", `mine.yaml:10: config.deliveries[0].label: "a,b" is not a volume label`},
		{"fw_cfg key that splits QEMU's option", "kind: volume, label: cidata", "kind: fw_cfg, key: 'opt/a,file=/etc/shadow'", `mine.yaml:10: config.deliveries[0].key: "opt/a,file=/etc/shadow" is not a fw_cfg name below opt/`},
		{"little memory", "memory_mib: 512", "memory_mib: 5", `mine.yaml:11: hardware.memory_mib: 5 is not between 64 and 1048576`},
		{"no firmware", "firmware: [bios]", "firmware: []", `mine.yaml:11: hardware.firmware: is empty; name bios, uefi or both, or set direct_kernel`},
		{"unknown firmware", "firmware: [bios]", "firmware: [bios, coreboot]", `mine.yaml:11: hardware.firmware[1]: "coreboot" is not one of bios, uefi`},
		{"port", "management_port: 22", "management_port: 70000", `mine.yaml:12: boot.management_port: 70000 is not between 0 and 65535`},
		{"pattern", "'done'", "'do(ne'", "mine.yaml:12: boot.patterns.boot_complete: is not an RE2 pattern: error parsing regexp: missing closing ): `do(ne`"},
		{"look-ahead", "'done'", "'(?=done)'", "mine.yaml:12: boot.patterns.boot_complete: is not an RE2 pattern"},
		{"unknown milestone", "boot_complete: 'done'", "finished: 'done'", `mine.yaml:12: boot.patterns.finished: "finished" is not one of request`},
		{"seen and missing", "'done'}", "'done'}, missing: {boot_complete: never}", `mine.yaml:12: boot.missing.boot_complete: has a pattern too; a milestone is either seen or missing`},
		{"finish never seen", "'done'}", "'done'}, finish: mgmt_syn, missing: {mgmt_syn: no network}", `mine.yaml:12: boot.finish: mgmt_syn ends the boot but is never seen; name another milestone`},
		{"terminal escape", "title: Mine", `title: "\e[31mMine"`, `mine.yaml:2: title: holds a control character, which could change the reader's terminal`},
		{"text direction", "title: Mine", "title: \"Mine \\u202e\"", `mine.yaml:2: title: holds a control character, which could change the reader's terminal`},
		{"unknown field", "vendor: Me", "vender: Me", `mine.yaml:4: vender: is not a field here; there are name, aliases, title`},
		{"unknown field below", "{key: shell,", "{key: shell, colour: red,", `mine.yaml:8: facts[0].colour: is not a field here; there are key, class, value, source, checked, unconfirmed`},
		{"wrong type", "memory_mib: 512", "memory_mib: much", `mine.yaml:11: cannot unmarshal`},
		{"broken YAML", "title: Mine", "title: @Mine", `mine.yaml:2: '@' is a reserved character`},
		{"two documents", "name: mine", "---\na: b\n---\nname: mine", `mine.yaml: has 2 YAML documents; there must be one`},
		{"alias", "title: Mine\n", "title: &t Mine\n", `mine.yaml:2: title: uses an anchor or alias; write the value out`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.Join(problemsOf(t, tt.old, tt.replacement), "\n")
			if !strings.Contains(got, tt.want) {
				t.Errorf("problems:\n%s\nwant one to say:\n%s", got, tt.want)
			}
		})
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	_, err := LoadWith(fstest.MapFS{
		"a.yaml": {Data: []byte(strings.NewReplacer("name: mine", "name: a", "kind: vendor", "kind: odd", "memory_mib: 512", "memory_mib: 1").Replace(minimal))},
		"b.yaml": {Data: []byte("colour: red\nsize: big\n")},
	})
	want := `reading the catalog: 4 to correct
  a.yaml:3: kind: "odd" is not one of vendor, local, stand-in, probe
  a.yaml:11: hardware.memory_mib: 1 is not between 64 and 1048576
  b.yaml:1: colour: is not a field here; there are name, aliases, title, kind, stands_for, vendor, summary, support, facts, release, config, other_configs, userland, hardware, boot, traps
  b.yaml:2: size: is not a field here; there are name, aliases, title, kind, stands_for, vendor, summary, support, facts, release, config, other_configs, userland, hardware, boot, traps`
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestHugeFileIsRefusedUnread(t *testing.T) {
	_, err := LoadWith(fstest.MapFS{"big.yaml": {Data: make([]byte, maxEntryBytes+1)}})
	if err == nil || !strings.Contains(err.Error(), "big.yaml: larger than 256 KiB") {
		t.Errorf("error is %v", err)
	}
}

// Each of these is small, and each would take the YAML library minutes or
// gigabytes if it were asked to read it.
func TestHostileFilesAreRefusedQuickly(t *testing.T) {
	bomb := "traps:\n- &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := range 12 {
		bomb += fmt.Sprintf("- &a%d [%s*a%d]\n", i+1, strings.Repeat(fmt.Sprintf("*a%d,", i), 9), i)
	}
	for _, tt := range []struct{ name, text, want string }{
		{"brackets", strings.Repeat("[", 200_000), "mine.yaml: opens 200000 brackets before it closes them; no file needs more than 500"},
		{"braces", strings.Repeat("{a: ", 50_000), "mine.yaml: opens 50000 brackets before it closes them"},
		{"dashes", strings.Repeat("- ", 100_000), "mine.yaml: has 200000 bytes in line 1; at most 4096 are allowed"},
		{"aliases that double", bomb, "mine.yaml:2: traps[0]: uses an anchor or alias; write the value out"},
		{"alias of itself", "name: &a [*a]\n", "mine.yaml:1: name: uses an anchor or alias"},
		{"nothing", "", "mine.yaml: is empty"},
		{"only a comment", "# later\n", "mine.yaml: is empty"},
		{"a list", "- name: mine\n", "mine.yaml:1: sequence was used where mapping is expected"},
		{"a text", "mine\n", "mine.yaml:1: string was used where mapping is expected"},
		{"no text at all", "\x00\x01\xff", "mine.yaml:1: "},
		{"long text", strings.Replace(minimal, "title: Mine", "title: "+strings.Repeat("x", 1001), 1), "mine.yaml:2: title: is 1001 bytes long; at most 1000 are allowed"},
		{"key with an escape", "\"na\\e[31mme\": mine\n", "mine.yaml:1: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := LoadWith(fstest.MapFS{"mine.yaml": {Data: []byte(tt.text)}})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error is %v, want %s", err, tt.want)
			}
			if strings.ContainsFunc(err.Error(), unprintable) {
				t.Errorf("the error %q plays with the terminal", err)
			}
		})
	}
}

func FuzzParseEntry(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("[[[[[[[["))
	f.Add([]byte("? {a: b}\n: c"))
	f.Add([]byte("name: \xff"))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, c := parseEntry("mine.yaml", text)
		problems := c.problems
		for _, p := range problems {
			if p.Message == "" || p.File != "mine.yaml" {
				t.Errorf("problem %+v says nothing", p)
			}
			if strings.ContainsFunc(p.String(), unprintable) {
				t.Errorf("problem %q plays with the terminal", p)
			}
		}
		if len(problems) == 0 && d.Name != "mine" {
			t.Errorf("accepted an entry named %q", d.Name)
		}
	})
}
