package app

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"distrolab/labs"
	"distrolab/labs/home"
)

// TestSSHReadsOurPaths lets ssh itself say how it understands paths with
// spaces, quotes and its own tokens.
func TestSSHReadsOurPaths(t *testing.T) {
	if _, err := exec.LookPath("ssh"); err != nil {
		t.Skip("no ssh is installed")
	}
	for _, name := range []string{"plain", "with space", `quote"d`, "it's", `back\slash`, "100%p", "%d %h"} {
		t.Run(name, func(t *testing.T) {
			base := filepath.Join(t.TempDir(), name)
			if err := os.Mkdir(base, 0o700); err != nil {
				t.Fatal(err)
			}
			program := filepath.Join(base, "distrolab")
			said := filepath.Join(base, "said")
			script := "#!/bin/sh\nprintf '%s\\n' \"$@\" > " + quoteShell(said) + "\n"
			if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			h := home.Home{Data: base, Run: base}
			options := sshOptions(h, program, "trial", "node-1")
			out, err := exec.Command("ssh", append(slices.Clone(options), "-F", "none", "-G", "core@node-1")...).Output()
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"hostkeyalias node-1", "stricthostkeychecking accept-new",
				"userknownhostsfile " + labs.KnownHostsPath(h, "trial"), "identityfile " + percent(labs.KeyPath(h, "trial"))} {
				if !strings.Contains("\n"+string(out), "\n"+want+"\n") {
					t.Errorf("%q is missing in ssh -G", want)
				}
			}
			// The stand-in ends at once, so ssh fails; what it was called with counts.
			login := exec.Command("ssh", append(slices.Clone(options), "-F", "none", "core@node-1")...)
			login.CombinedOutput()
			words, err := os.ReadFile(said)
			if err != nil || string(words) != "dial-machine\ntrial/node-1\n22\n" {
				t.Errorf("the proxy command was called with %q, %v", words, err)
			}
		})
	}
}
