package app_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"distrolab/labs/kubernetes"
)

// TestKubernetesScripts runs the command lines of testdata/kubernetes, beside
// directories that look as scripts/kube/build leaves them.
func TestKubernetesScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "kubernetes"),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, "cache"))
			for _, version := range []string{"v1.36.1", "v1.9.3"} {
				if err := imitateBuild(env.WorkDir, version); err != nil {
					return err
				}
			}
			return lonely(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "plain": plain},
	})
}

// imitateBuild makes what scripts/kube/build makes, of programs that are none.
func imitateBuild(work, version string) error {
	dir := filepath.Join(work, "cache", "distrolab", "kube", version)
	if err := os.MkdirAll(filepath.Join(dir, "cni"), 0o755); err != nil {
		return err
	}
	b := kubernetes.Built{Version: version, Arch: "amd64", Etcd: "3.6.8-0", Pause: "3.10.2",
		All: filepath.Join(dir, "kube"), Node: filepath.Join(dir, "node"), Hello: filepath.Join(dir, "podhello"), Plugins: []string{filepath.Join(dir, "cni", "bridge")}}
	for _, file := range append(b.Plugins, b.All, b.Node, b.Hello) {
		if err := os.WriteFile(file, []byte("no program: "+file), 0o755); err != nil {
			return err
		}
	}
	scratch, err := os.MkdirTemp(work, "layers-")
	if err != nil {
		return err
	}
	parts, err := b.Parts(context.Background(), scratch)
	if err != nil {
		return err
	}
	_, err = kubernetes.Compose(context.Background(), filepath.Join(dir, "bundle"), parts)
	return err
}
