package provision

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/coreos/go-systemd/v22/unit"
	"golang.org/x/crypto/ssh"
)

// Limits of an Intent's parts.
const (
	maxHostname     = 64      // bytes; what Linux keeps
	maxKey          = 16384   // bytes of one public key line
	maxPath         = 4095    // bytes; PATH_MAX less its zero
	maxPathPart     = 255     // bytes; NAME_MAX
	maxContentTotal = 4 << 20 // bytes of all files and units
	maxSysctlValue  = 1024    // bytes
	maxKernelArg    = 256     // bytes
)

// Validate checks the intent by the rules of the systems it is for and
// returns all problems as an [*InvalidIntentError], or nil. A valid intent
// renders in every format.
func (i Intent) Validate() error {
	if problems := i.problems(); len(problems) > 0 {
		return &InvalidIntentError{Problems: problems}
	}
	return nil
}

// checker collects problems.
type checker struct{ found []Problem }

// add notes a problem at the path that field and index form.
func (c *checker) add(path, format string, args ...any) {
	c.found = append(c.found, Problem{Path: path, Message: fmt.Sprintf(format, args...)})
}

func (i Intent) problems() []Problem {
	c := &checker{}
	c.hostname(i.Hostname)
	c.users(i.Users)
	c.network(i.Network)
	c.files(i.Files, i.Units)
	c.units(i.Units)
	c.packages(i.Packages)
	c.kernel(i.Kernel)
	c.time(i.Time)
	c.registries(i.Registries)
	c.kubernetes(i)
	total := 0
	for _, f := range i.Files {
		total += len(f.Content)
	}
	for _, u := range i.Units {
		total += len(u.Content)
	}
	if total > maxContentTotal {
		c.add("files", "files and units hold %d bytes, more than the limit of %d; put large things into the image", total, maxContentTotal)
	}
	return c.found
}

// hostname follows RFC 1123, in small letters because Kubernetes node names are.
func (c *checker) hostname(name string) {
	switch {
	case name == "":
		c.add("hostname", "is missing; name the machine, such as node1")
		return
	case len(name) > maxHostname:
		c.add("hostname", "%d bytes, Linux keeps %d", len(name), maxHostname)
		return
	case forms().number.MatchString(name):
		c.add("hostname", "%q is a number or an address; begin with a letter", name)
		return
	}
	for _, part := range strings.Split(name, ".") {
		if !forms().label.MatchString(part) {
			c.add("hostname", "%q must be parts of a-z, 0-9 and -, 1 to 63 long, no - at their ends, joined by dots", name)
			return
		}
	}
}

func (c *checker) users(users []User) {
	seen := map[string]bool{}
	for i, u := range users {
		at := fmt.Sprintf("users[%d]", i)
		switch {
		case !forms().user.MatchString(u.Name):
			c.add(at+".name", "%q must begin with a-z or _ and go on with a-z, 0-9, _ and -, at most 32 characters", u.Name)
		case u.Name == "root":
			c.add(at+".name", "root cannot be made; log in as another user, who may become root by sudo")
		case seen[u.Name]:
			c.add(at+".name", "%q is there twice", u.Name)
		}
		seen[u.Name] = true
		for k, key := range u.SSHAuthorizedKeys {
			c.key(fmt.Sprintf("%s.ssh_authorized_keys[%d]", at, k), key)
		}
	}
}

// key accepts one line as sshd's authorized_keys has it.
func (c *checker) key(at, line string) {
	switch {
	case len(line) > maxKey:
		c.add(at, "%d bytes are more than the limit of %d", len(line), maxKey)
		return
	case line != strings.TrimSpace(line) || !printableText(line, false):
		c.add(at, "must be one line of printable text without spaces at its ends")
		return
	case strings.Contains(line, "PRIVATE KEY"):
		c.add(at, "is a private key; give the public one, from the file that ends in .pub")
		return
	}
	if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line)); err != nil {
		c.add(at, "is not a public key as in authorized_keys, such as: ssh-ed25519 AAAA… name (%v)", err)
	}
}

func (c *checker) files(files []File, units []Unit) {
	seen := map[string]bool{}
	for i, f := range files {
		at := fmt.Sprintf("files[%d]", i)
		if !c.path(at+".path", f.Path) {
			continue
		}
		switch {
		case seen[f.Path]:
			c.add(at+".path", "%q is there twice", f.Path)
		case f.Path == HostnamePath:
			c.add(at+".path", "%q is written from hostname", f.Path)
		case reserved(f.Path):
			c.add(at+".path", "%q is written by distrolab; choose another name", f.Path)
		case slices.ContainsFunc(units, func(u Unit) bool { return path.Join(UnitDir, u.Name) == f.Path }):
			c.add(at+".path", "%q is also a unit of this intent", f.Path)
		}
		seen[f.Path] = true
		if f.Mode < 0 || f.Mode > 0o777 {
			c.add(at+".mode", "%#o must be 0 to 0777; special bits do not reach every system", f.Mode)
		}
		c.source(at, f)
	}
	for i, f := range files {
		for dir := path.Dir(f.Path); dir != "/" && dir != "."; dir = path.Dir(dir) {
			if seen[dir] {
				c.add(fmt.Sprintf("files[%d].path", i), "%q lies below %q, which is a file", f.Path, dir)
			}
		}
	}
}

// path accepts an absolute, clean path that every file system takes.
func (c *checker) path(at, p string) bool {
	parts := strings.Split(p, "/")
	switch {
	case !path.IsAbs(p) || path.Clean(p) != p || p == "/" || slices.Contains(parts, ".."):
		c.add(at, "%q must be an absolute path to a file, without . and .. and doubled or last slashes", p)
	case len(p) > maxPath || slices.ContainsFunc(parts, func(s string) bool { return len(s) > maxPathPart }):
		c.add(at, "is longer than Linux takes: %d bytes in all, %d between slashes", maxPath, maxPathPart)
	case !printableText(p, false):
		c.add(at, "%q must be printable UTF-8 text", p)
	default:
		return true
	}
	return false
}

func (c *checker) units(units []Unit) {
	seen := map[string]bool{}
	for i, u := range units {
		at := fmt.Sprintf("units[%d]", i)
		switch {
		case !forms().unit.MatchString(u.Name) || len(u.Name) > maxPathPart || strings.HasPrefix(u.Name, "-"):
			c.add(at+".name", "%q must be a unit's file name with its ending, such as hello.service", u.Name)
		case seen[u.Name]:
			c.add(at+".name", "%q is there twice", u.Name)
		}
		seen[u.Name] = true
		c.unitContent(at+".content", u)
	}
}

// unitContent holds a unit to what Ignition's validator asks, so that no
// system alone refuses it.
func (c *checker) unitContent(at string, u Unit) {
	if u.Content == "" {
		return
	}
	if !printableText(u.Content, true) {
		c.add(at, "must be UTF-8 text without control characters")
		return
	}
	options, err := unit.DeserializeOptions(strings.NewReader(u.Content))
	if err != nil {
		c.add(at, "is not a unit file as systemd reads it: %v", err)
		return
	}
	install := func(o *unit.UnitOption) bool { return o.Section == "Install" }
	if u.Enabled && !slices.ContainsFunc(options, install) {
		c.add(at, "has no setting in [Install], so nothing would start it; add WantedBy=multi-user.target there, or set enabled: false")
	}
}

func (c *checker) kernel(k Kernel) {
	for i, m := range k.Modules {
		if !forms().module.MatchString(m) {
			c.add(fmt.Sprintf("kernel.modules[%d]", i), "%q must be a module's name, such as br_netfilter", m)
		}
	}
	for _, name := range sortedKeys(k.Sysctl) {
		at := fmt.Sprintf("kernel.sysctl[%s]", printable(name))
		value := k.Sysctl[name]
		if !forms().setting.MatchString(name) || len(name) > maxPathPart {
			c.add(at, "%q must be a setting's name, such as net.ipv4.ip_forward", name)
		}
		if value == "" || len(value) > maxSysctlValue || value != strings.TrimSpace(value) || !printableText(value, false) {
			c.add(at, "the value must be 1 to %d characters on one line, without spaces at its ends", maxSysctlValue)
		}
	}
	for i, a := range k.Args {
		if !forms().argument.MatchString(a) || len(a) > maxKernelArg {
			c.add(fmt.Sprintf("kernel.args[%d]", i), "%q must be one word of at most %d ASCII characters, such as quiet or audit=0", a, maxKernelArg)
		}
	}
}

// sortedKeys makes messages come in the same order every time.
func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// printableText reports whether s is UTF-8 without control characters; text
// of several lines may hold newlines and tabs.
func printableText(s string, lines bool) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if lines && (r == '\n' || r == '\t') {
			continue
		}
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff {
			return false
		}
	}
	return true
}
