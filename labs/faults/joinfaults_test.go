package faults

import (
	"encoding/base64"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"distrolab/labs/internal/labtest"
	"distrolab/labs/observe"
)

// joinFault is something wrong with a join: a change of the join document J or
// of the machine, and what distrolab must say of it.
type joinFault struct {
	name, change, restore string
	cause                 string
	before                func(w *world, kubeconfig string) // of the cluster; nil: nothing
}

func joinFaults() []joinFault {
	return []joinFault{
		{name: "wrong secret of the token", change: `sed -i -E 's/^( +token: "[a-z0-9]{6}\.)[a-z0-9]{16}"/\10000000000000000"/' J`, cause: "its secret is another one"},
		{name: "token that has expired", change: `sed -i -E 's/^( +token: ")[a-z0-9]{6}\./\1gone00./' J`, cause: "it is wrong, was deleted or has expired"},
		{name: "wrong hash of the CA", change: fmt.Sprintf(`sed -i -E 's/sha256:[0-9a-f]{64}/sha256:%064d/' J`, 0), cause: "is not that of this cluster's CA"},
		{name: "name that is taken", change: `sed -i -E 's/^  name: .*/  name: taken/' J`, cause: "has a ready node of this name already", before: takeName},
		{name: "no API server", change: `sed -i -E 's/^( +apiServerEndpoint: .*):[0-9]+"/\1:1"/; s/discovery: "1m0s"/discovery: "10s"/' J`, cause: "cannot be reached from the node"},
		{name: "clock that is behind", change: `systemctl stop systemd-timesyncd; sed -i -E 's/discovery: "1m0s"/discovery: "10s"/' J; date -s 2020-01-01 >/dev/null`,
			restore: "date -s @%d >/dev/null; systemctl start systemd-timesyncd", cause: "The clocks differ"},
	}
}

const asRoot = "export PATH=/opt/bin:$PATH\n"

// refusedJoins tells a machine that has joined to join again, each time with
// something else that is wrong: real kubeadm and a real API server say what they
// say, and distrolab must know the cause.
func (w *world) refusedJoins(machine, node, kubeconfig string) {
	w.t.Helper()
	w.root(machine, "systemctl stop kubelet; kubeadm reset -f 2>&1 | tail -n 3")
	for _, f := range joinFaults() {
		if f.before != nil {
			f.before(w, kubeconfig)
		}
		// A join that gets as far as its bootstrap leaves files, which the next one would refuse.
		script := "rm -rf /etc/kubernetes/*.conf /etc/kubernetes/pki; cp /etc/distrolab/kubeadm-join.yaml J; " + f.change + "; kubeadm join --config J 2>&1"
		said := w.root(machine, strings.NewReplacer(" J", " /root/J").Replace(script)+" || true")
		if f.restore != "" {
			w.root(machine, fmt.Sprintf(f.restore, time.Now().Unix()))
		}
		w.explained(f.name, said, f.cause)
	}
	w.kubectl(kubeconfig, "delete", "node", node)
}

// takeName makes a node that is ready, for as long as the cluster waits for a
// sign of its kubelet: 50 s.
func takeName(w *world, kubeconfig string) {
	w.t.Helper()
	w.apply(kubeconfig, `{"apiVersion":"v1","kind":"Node","metadata":{"name":"taken"}}`)
	w.kubectl(kubeconfig, "patch", "node", "taken", "--subresource=status", "--type=merge", "-p",
		`{"status":{"conditions":[{"type":"Ready","status":"True","reason":"Test","message":"says the test"}]}}`)
}

// brokenNode lets the machine join as it should, and breaks it afterwards.
func (w *world) brokenNode(machine, node, kubeconfig string) {
	w.t.Helper()
	w.root(machine, "rm -rf /etc/kubernetes /var/lib/kubelet/pki; sh /etc/distrolab/join")
	pod := fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"absent"},"spec":{"nodeName":%q,"containers":[{"name":"c","image":"distrolab.local/absent:1"}]}}`, node)
	w.apply(kubeconfig, pod)
	w.explained("image that is nowhere", w.root(machine, await("ErrImagePull")), "not in the registry")
	w.root(machine, "echo KUBELET_EXTRA_ARGS=--no-such-flag >/etc/default/kubelet; systemctl restart kubelet || true")
	w.explained("kubelet that ends at once", w.root(machine, await("command failed")), "ends right after its start")
}

// await prints the kubelet's journal as soon as it holds a word.
func await(word string) string {
	return fmt.Sprintf(`n=0
until journalctl -q --no-pager -o cat -u kubelet --since=-5min | grep -q %q || [ $n -ge 60 ]; do sleep 2; n=$((n+1)); done
journalctl -q --no-pager -o cat -u kubelet --since=-5min | grep -C 3 %q | tail -n 60`, word, word)
}

// explained holds the cause that distrolab finds in a text against the one it
// should find.
func (w *world) explained(name, said, cause string) {
	w.t.Helper()
	lines := observe.DiagnoseJoin(said)
	if len(lines) == 0 || !strings.Contains(lines[len(lines)-1].Cause, cause) {
		w.t.Errorf("%s: distrolab says %+v of\n%s", name, lines, said)
	}
}

// root runs a script as root on a machine and gives what it prints.
func (w *world) root(machine, script string) string {
	w.t.Helper()
	text := base64.StdEncoding.EncodeToString([]byte(asRoot + script))
	s := w.run("ssh", machine, "--", "echo "+text+" | base64 -d | sudo sh")
	if s.code != done {
		w.t.Errorf("on %s: %s\nended with %d: %s%s", machine, script, s.code, s.out, s.err)
	}
	return s.out
}

// apply gives an object to the API.
func (w *world) apply(kubeconfig, object string) {
	w.t.Helper()
	cmd := exec.Command(filepath.Join(labtest.Kubernetes(w.t), "kubectl"), "--kubeconfig", kubeconfig, "apply", "-f", "-")
	cmd.Stdin = strings.NewReader(object)
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Errorf("kubectl apply: %v\n%s", err, out)
	}
}
