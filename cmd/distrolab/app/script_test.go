package app_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"distrolab/cmd/distrolab/app"
	"distrolab/labs/home"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"distrolab": func() { os.Exit(app.Run(context.Background(), app.System(), os.Args[1:])) },
	})
}

// TestScripts runs the command lines of testdata/script. They start no machine,
// reach no libvirt and no network but loopback.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Setup:               lonely,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"plain": plain,
		},
	})
}

// lonely is an environment of its own: an empty home, a libvirt that is not
// there, and a network that refuses every connection.
func lonely(env *testscript.Env) error {
	for name, value := range map[string]string{
		"HOME": env.WorkDir, "DISTROLAB_HOME": filepath.Join(env.WorkDir, "home"),
		"XDG_CONFIG_HOME": filepath.Join(env.WorkDir, "config"), "XDG_RUNTIME_DIR": filepath.Join(env.WorkDir, "run"),
		"DISTROLAB_CONNECT": "qemu:///system?socket=" + filepath.Join(env.WorkDir, "no-daemon"),
		"HTTPS_PROXY":       "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9",
	} {
		env.Setenv(name, value)
	}
	if err := os.Mkdir(filepath.Join(env.WorkDir, "run"), 0o700); err != nil {
		return err
	}
	h, err := home.For(os.Geteuid(), env.Getenv)
	if err != nil {
		return err
	}
	env.Defer(func() { os.RemoveAll(h.Run) })
	return nil
}

// exits runs a program and compares its exit code: exits 2 distrolab show nope.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("%s: exit code %d, want %d", strings.Join(args[1:], " "), code, want)
	}
}

// plain fails when the last command printed a control character to either
// output: plain stdout stderr.
func plain(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		text := ts.ReadFile(name)
		if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 }); i >= 0 {
			ts.Fatalf("%s holds a control character at byte %d: %q", name, i, text[i:min(len(text), i+20)])
		}
	}
}
