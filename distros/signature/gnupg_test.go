package signature

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Vendors sign with GnuPG, so what it writes must be read, and what it would
// refuse must not be accepted.
func TestWhatGnuPGSignsIsAccepted(t *testing.T) {
	if _, err := exec.LookPath("gpg"); err != nil {
		t.Skip("gpg is not installed")
	}
	for _, algorithm := range []string{"ed25519", "rsa3072"} {
		t.Run(algorithm, func(t *testing.T) {
			g := gnupg{t: t, home: t.TempDir()}
			t.Cleanup(g.stop)
			g.run("", "--quick-gen-key", "--passphrase", "", "vendor <vendor@example.com>", algorithm, "sign", "1y")
			k, e := ReadKeyring(g.run("", "--armor", "--export"))
			if e != nil {
				t.Fatal(e)
			}
			for _, args := range [][]string{{"--detach-sign"}, {"--detach-sign", "--armor"}, {"--detach-sign", "--textmode"}} {
				if e := k.VerifyDetached([]byte(list), g.run(list, args...)); e != nil {
					t.Errorf("%v: %v", args, e)
				}
			}
			text := "- a dash\nFrom here\nblanks   \n\n" + list
			got, e := k.OpenClearsigned(g.run(text, "--clearsign"))
			if stripped := "- a dash\nFrom here\nblanks\n\n" + list; e != nil || string(got) != stripped {
				t.Errorf("got %q, %v", got, e)
			}
			want(t, k.VerifyDetached([]byte(list), g.run(list, "--detach-sign", "--digest-algo", "SHA1")), Weak)
			want(t, err(k.OpenClearsigned(g.run(list, "--clearsign", "--digest-algo", "SHA1"))), Weak)
		})
	}
}

type gnupg struct {
	t    *testing.T
	home string
}

func (g gnupg) run(input string, args ...string) []byte {
	g.t.Helper()
	if err := os.Chmod(g.home, 0o700); err != nil {
		g.t.Fatal(err)
	}
	cmd := exec.CommandContext(g.t.Context(), "gpg", append([]string{"--homedir", g.home, "--batch", "--yes", "--quiet"}, args...)...)
	cmd.Stdin = bytes.NewBufferString(input)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		g.t.Fatalf("gpg %v: %v\n%s", args, err, problems.Bytes())
	}
	if _, err := os.Stat(filepath.Join(g.home, "pubring.kbx")); err != nil {
		g.t.Fatal(err)
	}
	return out.Bytes()
}

// stop ends the agent that gpg started in this home, and no other.
func (g gnupg) stop() {
	if out, err := exec.CommandContext(context.Background(), "gpgconf", "--homedir", g.home, "--kill", "gpg-agent").CombinedOutput(); err != nil { //nolint:usetesting // the test's context has ended
		g.t.Logf("ending gpg's agent: %v\n%s", err, out)
	}
}
