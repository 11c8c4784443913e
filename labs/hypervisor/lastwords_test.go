package hypervisor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLastWords reads what libvirt 9 and QEMU 10 wrote here, cut short.
func TestLastWords(t *testing.T) {
	const (
		start     = "2026-11-27 18:14:30.700+0000: starting up libvirt version: 9.0.0, package: 9.0.0-4+deb12u2 (Debian), qemu version: 10.0.2, kernel: 6.1.158, hostname: host\n"
		command   = "LC_ALL=C \\\nPATH=/usr/sbin:/usr/bin \\\n/usr/bin/qemu-system-x86_64 \\\n-name guest=distrolab-lab-probe \\\n-msg timestamp=on\n"
		tainted   = "2026-11-27 18:14:30.855+0000: Domain id=26 is tainted: custom-argv\n"
		assertion = "qemu-system-x86_64: system/physmem.c:2678: iotlb_to_section: Assertion `section_index < d->map.sections_nb' failed."
		crashed   = "2026-11-27 18:14:33.101+0000: shutting down, reason=crashed\n"
		stamped   = "2026-11-27T18:40:11.012Z "
		signal    = "qemu-system-x86_64: terminating on signal 15 from pid 812 (libvirtd)"
	)
	for name, c := range map[string]struct{ log, want string }{
		"nothing":             {"", ""},
		"still runs":          {start + command + tainted, ""},
		"assertion":           {start + command + tainted + assertion + "\n" + crashed, assertion},
		"killed":              {start + command + tainted + crashed, ""},
		"told to end":         {start + command + tainted + stamped + signal + "\n", signal},
		"an earlier start's":  {start + command + assertion + "\n" + crashed + start + command + crashed, ""},
		"cut in the command":  {"system-x86_64 \\\n-msg timestamp=on\n" + assertion + "\n", assertion},
		"control characters":  {"qemu-system-x86_64: \x1b[2Jgone\a\n", "qemu-system-x86_64: [2Jgone"},
		"more than is shown":  {"qemu-system-x86_64: " + strings.Repeat("x", 9000), "qemu-system-x86_64: " + strings.Repeat("x", maxLastWords-20)},
		"cut within a letter": {"qemu-system-x86_64: " + strings.Repeat("x", maxLastWords-21) + "é", "qemu-system-x86_64: " + strings.Repeat("x", maxLastWords-21)},
	} {
		t.Run(name, func(t *testing.T) {
			if got := lastWords(c.log); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTailOfALogIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte(strings.Repeat("a", 3*maxLogTail)+"end"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := readTail(path); len(got) != maxLogTail || !strings.HasSuffix(got, "aend") {
		t.Errorf("%d bytes that end with %q", len(got), got[len(got)-4:])
	}
	if got := readTail(path + "-absent"); got != "" {
		t.Errorf("of no log: %q", got)
	}
}
