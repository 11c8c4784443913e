package kubeadm_test

import (
	"archive/tar"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/kubeadm"
)

// machine is a directory that scripts take for the root, with stand-ins for
// the programs that they call.
type machine struct{ root string }

func newMachine(t *testing.T, programs map[string]string) machine {
	t.Helper()
	m := machine{t.TempDir()}
	m.write(t, "dev/console", "")
	for name, body := range programs {
		m.write(t, "bin/"+name, "#!/bin/sh\n"+body)
	}
	return m
}

func (m machine) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(m.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

func (m machine) read(name string) string {
	text, err := os.ReadFile(filepath.Join(m.root, name))
	if err != nil {
		return ""
	}
	return string(text)
}

// run lets a shell run the script with its paths below the directory.
func (m machine) run(t *testing.T, script string) (string, error) {
	t.Helper()
	for _, place := range []string{"/etc/", "/opt", "/var/lib/", "/root/", "/dev/console"} {
		script = strings.ReplaceAll(script, place, m.root+place)
	}
	cmd := exec.CommandContext(t.Context(), "sh")
	cmd.Stdin, cmd.Env = strings.NewReader(script), []string{"PATH=" + m.root + "/bin:" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// scriptOf is the one of a node.
func scriptOf(t *testing.T, files []provision.File, path string) string {
	t.Helper()
	for _, f := range files {
		if f.Path == path {
			return f.Content
		}
	}
	t.Fatalf("there is no %s", path)
	return ""
}

// archive is a bundle with one file of each kind, or without kubeadm.
func archive(t *testing.T, names ...string) string {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range names {
		header := &tar.Header{Name: name, Mode: 0o755, Size: 2, Uid: 12345, Gid: 12345, Typeflag: tar.TypeReg}
		if strings.HasSuffix(name, "/") {
			header.Typeflag, header.Size = tar.TypeDir, 0
		}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if header.Size > 0 {
			if _, err := w.Write([]byte("#!")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestUnpack(t *testing.T) {
	script := scriptOf(t, kubeadm.NodeFiles(provision.Node{Bundle: bundle()}), provision.UnpackPath)
	for name, c := range map[string]struct {
		bundle string // empty: there is none
		before string // a file that is there
		fails  string
	}{
		"a bundle":         {bundle: archive(t, "opt/", "opt/bin/", "opt/bin/kubeadm", "opt/cni/bin/bridge")},
		"only files":       {bundle: archive(t, "opt/bin/kubeadm", "opt/cni/bin/bridge")},
		"an earlier boot":  {before: "opt/bin/kubeadm"},
		"no tar":           {bundle: "#!/bin/sh\n", fails: "is no bundle"},
		"without kubeadm":  {bundle: archive(t, "opt/cni/bin/bridge"), fails: "is no bundle"},
		"relative to dot":  {bundle: archive(t, "./opt/bin/kubeadm"), fails: "is no bundle"},
		"nothing anywhere": {fails: "there is neither"},
	} {
		m := newMachine(t, map[string]string{"selinuxenabled": "exit 0\n", "restorecon": `echo "$@" >>"` + "$0" + `.called"` + "\n"})
		if c.bundle != "" {
			m.write(t, "opt/distrolab/kubernetes.tar", c.bundle)
		}
		if c.before != "" {
			m.write(t, c.before, "#!")
		}
		out, err := m.run(t, script)
		if c.fails != "" {
			if err == nil || !strings.Contains(out, "distrolab: unpack failed: ") || !strings.Contains(out, c.fails) {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
			continue
		}
		if err != nil || m.read("opt/bin/kubeadm") != "#!" {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if c.bundle == "" {
			continue
		}
		if m.read("opt/cni/bin/bridge") != "#!" || m.read("opt/distrolab/kubernetes.tar") != "" {
			t.Errorf("%s: the plugins are not there, or the archive still is", name)
		}
		if labelled := m.read("bin/restorecon.called"); !strings.Contains(labelled, "/opt/bin") || !strings.Contains(labelled, "/opt/cni") {
			t.Errorf("%s: labelled %q", name, labelled)
		}
	}
}

func TestUnpackKeepsALinkedOpt(t *testing.T) {
	m := newMachine(t, nil)
	m.write(t, "var/opt/distrolab/kubernetes.tar", archive(t, "opt/", "opt/bin/kubeadm"))
	if err := os.Symlink("var/opt", filepath.Join(m.root, "opt")); err != nil {
		t.Fatal(err)
	}
	out, err := m.run(t, scriptOf(t, kubeadm.NodeFiles(provision.Node{Bundle: bundle()}), provision.UnpackPath))
	if err != nil || m.read("var/opt/bin/kubeadm") != "#!" {
		t.Errorf("%v\n%s", err, out)
	}
}

// joinScript is that of a bundled node.
func joinScript(t *testing.T) string {
	t.Helper()
	files, err := kubeadm.Files(*intenttest.Full().Join, kubeadm.Node{Name: "n"})
	if err != nil {
		t.Fatal(err)
	}
	return scriptOf(t, files, provision.JoinScript)
}

func TestJoinSaysHowItEnded(t *testing.T) {
	m := newMachine(t, map[string]string{"kubeadm": `echo "kubeadm $*"` + "\n"})
	out, err := m.run(t, joinScript(t))
	if err != nil || !strings.Contains(out, "kubeadm join --config "+m.root+provision.JoinPath+"\n") {
		t.Errorf("%v\n%s", err, out)
	}
	if said := m.read("dev/console"); said != kubeadm.JoinDone+"\n" {
		t.Errorf("the console has %q", said) // the file is written anew by each line
	}
}

// TestFailedJoinLeavesNoTrap: the next try finds nothing of the last one, and
// the kubelet's own words are shown.
func TestFailedJoinLeavesNoTrap(t *testing.T) {
	m := newMachine(t, map[string]string{
		"kubeadm":    "echo 'error execution phase preflight: the cause' >&2\nexit 3\n",
		"systemctl":  `echo "$@" >>"$0.called"` + "\n",
		"journalctl": "echo 'I1127 04:00:00.000000 1 fine'\necho 'E1127 04:00:01.000000 1 kubelet.go:1] \"it broke\" err=\"no\"'\n",
	})
	left := []string{"etc/kubernetes/bootstrap-kubelet.conf", "etc/kubernetes/pki/ca.crt", "var/lib/kubelet/config.yaml"}
	for _, name := range left {
		m.write(t, name, "left")
	}
	out, err := m.run(t, joinScript(t))
	if err == nil || !strings.Contains(out, "the cause") || !strings.Contains(out, "it broke") || strings.Contains(out, "fine") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, name := range left {
		if m.read(name) != "" {
			t.Errorf("%s is still there", name)
		}
	}
	if m.read("bin/systemctl.called") != "stop kubelet.service\n" {
		t.Errorf("systemctl was called with %q", m.read("bin/systemctl.called"))
	}
	if said := m.read("dev/console"); !strings.HasPrefix(said, kubeadm.JoinFailed) || !strings.Contains(said, "status 3") {
		t.Errorf("the console has %q", said)
	}
}

func TestControlPlaneScript(t *testing.T) {
	for name, c := range map[string]struct {
		addons []string
		want   string
	}{
		"none": {nil, "--skip-token-print --skip-phases=addon/coredns,addon/kube-proxy\n"},
		"one":  {[]string{"coredns"}, "--skip-token-print --skip-phases=addon/kube-proxy\n"},
		"both": {[]string{"kube-proxy", "coredns"}, "--skip-token-print\n"},
	} {
		plane := controlPlane(t)
		plane.Addons = c.addons
		script := contentOf(t, extended(t, plane), "/etc/distrolab/control-plane")
		m := newMachine(t, map[string]string{"kubeadm": `echo "kubeadm $*"` + "\n"})
		m.write(t, "etc/kubernetes/admin.conf", "admin")
		out, err := m.run(t, script)
		if err != nil || !strings.Contains(out, c.want) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if m.read("root/.kube/config") != "admin" || m.read("dev/console") != kubeadm.ControlPlaneReady+"\n" {
			t.Errorf("%s: root has %q, the console %q", name, m.read("root/.kube/config"), m.read("dev/console"))
		}
		if _, err := os.Stat(filepath.Join(m.root, "var/lib/distrolab/control-plane-ready")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	m := newMachine(t, map[string]string{"kubeadm": "exit 1\n", "journalctl": ""})
	if out, err := m.run(t, contentOf(t, extended(t, controlPlane(t)), "/etc/distrolab/control-plane")); err == nil || !strings.HasPrefix(m.read("dev/console"), kubeadm.ControlPlaneFailed) {
		t.Errorf("%v, console %q\n%s", err, m.read("dev/console"), out)
	}
}
