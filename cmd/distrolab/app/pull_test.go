package app_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"distrolab/distros"
	"distrolab/distros/release/vendortest"
)

// TestPullScripts runs the command lines of testdata/pull against imitated
// vendors: the program asks the vendors' real addresses, and a proxy on
// loopback leads it to the imitation.
func TestPullScripts(t *testing.T) {
	world := vendortest.New(t)
	proxy, certificate := world.Proxy()
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"flatcar", "debian-13", "ubuntu-2404"} {
		entry, err := catalog.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := world.Serve(entry, "amd64"); !ok {
			t.Fatalf("%s is not imitated", name)
		}
	}
	world.Put("https://mirror.example/page", []byte("<!DOCTYPE html><html>log in to the network</html>"))
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "pull"),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			if err := lonely(env); err != nil {
				return err
			}
			env.Setenv("HTTPS_PROXY", proxy)
			env.Setenv("SSL_CERT_FILE", filepath.Join(env.WorkDir, "authority.pem"))
			keys := filepath.Join(env.WorkDir, "config", "distrolab", "keys")
			if err := os.MkdirAll(keys, 0o755); err != nil {
				return err
			}
			for _, name := range []string{"flatcar", "ubuntu-cloudimage"} {
				if err := os.WriteFile(filepath.Join(keys, name+".asc"), world.Signer(name).Armored(), 0o644); err != nil {
					return err
				}
			}
			return os.WriteFile(filepath.Join(env.WorkDir, "authority.pem"), certificate, 0o644)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"plain": plain,
			"flips": func(ts *testscript.TestScript, _ bool, args []string) { // flips FILE: change one byte in its middle
				path := ts.MkAbs(args[0])
				text, err := os.ReadFile(path)
				ts.Check(err)
				changed := bytes.Clone(text)
				changed[len(changed)/2] ^= 1
				ts.Check(os.Chmod(path, 0o644))
				ts.Check(os.WriteFile(path, changed, 0o644))
			},
		},
	})
}
