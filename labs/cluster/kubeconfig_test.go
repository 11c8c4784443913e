package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

const someKubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "SERVER", certificate-authority-data: Y2E=}}]
users: [{name: u, user: {token: secret}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`

func TestReadKubeconfig(t *testing.T) {
	for server, want := range map[string]string{
		"https://cluster.example.org:6443": "cluster.example.org:6443",
		"https://10.0.0.1":                 "10.0.0.1:443",
		"https://127.0.0.1:6443":           "no guest reaches",
		"https://localhost:6443":           "no guest reaches",
	} {
		got, err := ReadKubeconfig([]byte(strings.Replace(someKubeconfig, "SERVER", server, 1)))
		if err != nil && strings.Contains(err.Error(), want) {
			continue
		}
		if err != nil || got.Endpoint != want || got.CA != "ca" {
			t.Errorf("%s: %+v, %v; want %s", server, got, err, want)
		}
	}
	without := strings.Replace(someKubeconfig, "certificate-authority-data: Y2E=", "insecure-skip-tls-verify: true", 1)
	for _, text := range []string{"", "{", without, strings.Repeat("#", maxKubeconfig+1)} {
		if _, err := ReadKubeconfig([]byte(text)); err == nil {
			t.Errorf("%.40q was taken", text)
		}
	}
}

func TestMergeKubeconfig(t *testing.T) {
	dir := t.TempDir()
	from, into := filepath.Join(dir, "from"), filepath.Join(dir, "below", "into")
	if err := os.WriteFile(from, []byte(strings.Replace(someKubeconfig, "SERVER", "https://a:1", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // again changes nothing
		if err := MergeKubeconfig(from, into, "distrolab-lab"); err != nil {
			t.Fatal(err)
		}
	}
	merged, err := clientcmd.LoadFromFile(into)
	if err != nil {
		t.Fatal(err)
	}
	if c := merged.Clusters["distrolab-lab"]; c == nil || c.Server != "https://a:1" || merged.CurrentContext != "" || len(merged.Contexts) != 1 {
		t.Errorf("%+v", merged)
	}
	if info, err := os.Stat(into); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	mine := strings.ReplaceAll(strings.Replace(someKubeconfig, "SERVER", "https://mine:2", 1), "name: x", "name: own")
	mine = strings.Replace(mine, "current-context: x", "current-context: own", 1)
	if err := os.WriteFile(into, []byte(mine), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := MergeKubeconfig(from, into, "distrolab-lab"); err != nil {
		t.Fatal(err)
	}
	if merged, err = clientcmd.LoadFromFile(into); err != nil || merged.CurrentContext != "own" || merged.Clusters["c"].Server != "https://mine:2" {
		t.Errorf("the person's own context changed: %+v, %v", merged, err)
	}
}
