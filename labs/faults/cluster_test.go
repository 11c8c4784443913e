package faults

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"distrolab/labs"
	"distrolab/labs/cluster"
	"distrolab/labs/internal/labtest"
	"distrolab/labs/observe"
	"distrolab/labs/results"
)

// clusterPatience is above what a control plane needs that is made anew, and two
// machines that join it, on a busy machine under TCG.
const clusterPatience = 50 * time.Minute

// TestClusterInAGuest is a lab whose machines join a control plane in a guest:
// real guests, and a real Kubernetes.
func TestClusterInAGuest(t *testing.T) {
	w := clusterWorld(t)
	w.clusterLab(w.borrowControlPlanes())
	w.noTrace()
	w.keepControlPlanes()
}

// TestClusterMeasured is a session of joins on a control plane in a guest, its
// end in the middle of one, and a control plane that cannot be made.
func TestClusterMeasured(t *testing.T) {
	w := clusterWorld(t)
	w.borrowControlPlanes()
	t.Run("session", func(t *testing.T) { w.in(t).joinSession() })
	t.Run("little memory", func(t *testing.T) { w.in(t).littleMemory() })
	w.noTrace()
}

// clusterWorld has both guests and a Kubernetes.
func clusterWorld(t *testing.T) *world {
	t.Helper()
	w := emptyWorld(t, me())
	w.patience = clusterPatience
	for _, guest := range []string{"debian-local", "coreos-standin"} {
		w.mustRun(done, "import", labtest.Build(t, guest))
	}
	w.mustRun(done, "kubernetes", "import", filepath.Join(labtest.Kubernetes(t), "bundle"))
	return w
}

// clusterLab brings up a control plane, which is made and saved unless one was
// kept, and lets both guests join. The QEMU of one that is made fails once.
func (w *world) clusterLab(kept bool) {
	w.t.Helper()
	p := w.start("up", "debian-local", "coreos-standin", "--cluster", "--lab", "trial")
	if !kept {
		p.until("firmware starts")
		w.failAssertion("trial", labs.ControlPlaneName)
		p.until("started once more")
	}
	up := p.end()
	if up.code != done {
		w.t.Fatalf("up ended with %d:\n%s%s", up.code, up.out, up.err)
	}
	wants(w.t, up.err, "restoring the saved control plane", "node ready", "first pod runs")
	if !kept {
		wants(w.t, up.err, "kubeadm init", "saving the control plane")
	} else if strings.Contains(up.err, "kubeadm init") {
		w.t.Log("the control plane that was kept fits this machine no longer; one was made")
	}
	wants(w.t, up.out, "distrolab ssh trial/debian-local", "distrolab cluster kubeconfig trial")

	var nodes []cluster.Node
	w.decode(&nodes, "cluster", "nodes", "trial", "-o", "json")
	for _, name := range []string{labs.ControlPlaneName, "coreos-standin", "debian-local"} {
		i := slices.IndexFunc(nodes, func(n cluster.Node) bool { return n.Name == name })
		if i < 0 || !nodes[i].Ready || !strings.HasPrefix(nodes[i].Version, "v1.") {
			w.t.Errorf("node %s is not a ready node of Kubernetes 1.x: %+v", name, nodes)
		}
	}
	kubeconfig := strings.TrimSpace(w.mustRun(done, "cluster", "kubeconfig", "trial").out)
	if info, err := os.Stat(kubeconfig); err != nil || info.Mode().Perm() != 0o600 {
		w.t.Errorf("the kubeconfig: %v, %v", info, err)
	}
	w.podOnEach(kubeconfig, "coreos-standin", "debian-local")
	w.checkJoins("trial")
	wants(w.t, w.mustRun(done, "cluster", "kubeconfig", "trial", "--merge").out, "kubectl --context distrolab-trial")
	wants(w.t, w.kubectl(filepath.Join(w.base, ".kube", "config"), "--context", "distrolab-trial", "get", "nodes"), "control-plane", "Ready")
	wants(w.t, w.mustRun(done, "ssh", "trial/"+labs.ControlPlaneName, "--", "hostname").out, labs.ControlPlaneName)
	wants(w.t, w.mustRun(failed, "kubernetes", "rm", nodes[0].Version).err, "distrolab down trial")
	w.mustRun(done, "down", "trial")
	w.noTrace()
	var saved []cluster.Entry
	if w.decode(&saved, "cluster", "list", "-o", "json"); len(saved) != 1 || saved[0].Distro != "debian-local" {
		w.t.Errorf("saved control planes: %+v", saved)
	}
}

// podOnEach asks Kubernetes' own kubectl for the probe pods.
func (w *world) podOnEach(kubeconfig string, nodes ...string) {
	w.t.Helper()
	var pods struct {
		Items []struct {
			Spec   struct{ NodeName string }
			Status struct{ Phase string }
		}
	}
	text := w.kubectl(kubeconfig, "get", "pods", "-n", cluster.Namespace, "-o", "json")
	if err := json.Unmarshal([]byte(text), &pods); err != nil {
		w.t.Fatalf("%v\n%s", err, text)
	}
	running := map[string]bool{}
	for _, p := range pods.Items {
		running[p.Spec.NodeName] = p.Status.Phase == "Running"
	}
	for _, name := range nodes {
		if !running[name] {
			w.t.Errorf("no probe pod runs on %s: %s", name, text)
		}
	}
}

// kubectl runs the program that was built with the bundle.
func (w *world) kubectl(kubeconfig string, args ...string) string {
	w.t.Helper()
	out, err := exec.Command(filepath.Join(labtest.Kubernetes(w.t), "kubectl"), append([]string{"--kubeconfig", kubeconfig}, args...)...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("kubectl %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// checkJoins looks at what was seen of the lab's joins: every milestone, in an
// order that a join can have.
func (w *world) checkJoins(lab string) {
	w.t.Helper()
	var all []labs.Status
	w.decode(&all, "ps", "-o", "json")
	i := slices.IndexFunc(all, func(s labs.Status) bool { return s.Lab == lab })
	if i < 0 || all[i].Cluster == nil || all[i].Cluster.State != labs.ClusterReady {
		w.t.Fatalf("ps: %+v", all)
	}
	for _, m := range all[i].Machines {
		if m.Role != labs.RoleWorker {
			continue
		}
		if m.State != labs.StateReady {
			w.t.Errorf("%s is %s: %s", m.Name, m.State, m.Error)
		}
		checkJoin(w.t, m.Name, m.Timeline)
	}
}

// checkJoin holds one timeline to what must come after what.
func checkJoin(t *testing.T, name string, line observe.Timeline) {
	t.Helper()
	for _, info := range observe.JoinMilestones() {
		if _, ok := line.At(info.Milestone); !ok {
			t.Errorf("%s: no %s: %s", name, info.Milestone, line.Why(info.Milestone))
		}
	}
	for _, order := range [][]observe.Milestone{
		{observe.Trigger, observe.APIFirstSYN, observe.APIFirstRequest, observe.CSRCreated, observe.CSRApproved, observe.NodeRegistered, observe.NodeReady, observe.FirstPod},
		{observe.APIFirstSYN, observe.KubeletListening},
		{observe.NodeReady, observe.Schedulable},
	} {
		for i := 1; i < len(order); i++ {
			if d, ok := line.Between(order[i-1], order[i]); ok && d < -100*time.Millisecond {
				t.Errorf("%s: %s came %s before %s", name, order[i], -d, order[i-1])
			}
		}
	}
}

// joinSession measures on a control plane, and kills it in the middle of the
// second join: the session ends at once, and the first run is kept. A lab shows
// cold joins; these are told to join after their boot.
func (w *world) joinSession() {
	w.t.Helper()
	out := filepath.Join(w.base, "session")
	p := w.start("bench", "join", "coreos-standin", "--blocks", "2", "--warmups", "0", "--scenario", "warm", "--out", out, "-o", "json")
	p.untilTimes(`"m":"api_first_syn"`, 3, clusterPatience) // the first run tells it, and once more in its record
	w.killControlPlane()
	s := p.end()
	if s.code == done {
		w.t.Errorf("the session ended well: %s", s.err)
	}
	wants(w.t, s.out+s.err, "the control plane has ended", "its QEMU was killed or crashed")
	_, runs, warnings, err := results.ReadDirectory(out)
	if err != nil || len(warnings) > 0 || len(runs) == 0 || runs[0].Scenario != results.JoinWarm {
		w.t.Fatalf("%d runs, warnings %v, error %v", len(runs), warnings, err)
	}
	w.checkRun(runs[0])
	w.noTrace()
}

// littleMemory asks for a control plane that kubeadm refuses to make.
func (w *world) littleMemory() {
	w.t.Helper()
	var before []cluster.Entry
	w.decode(&before, "cluster", "list", "-o", "json")
	up := w.mustRun(failed, "up", "coreos-standin", "--cluster", "--control-plane-memory", "1200", "--lab", "small")
	wants(w.t, up.out+up.err, "kubeadm wants more memory for a control plane", "[ERROR Mem]", "distrolab down small")
	var after []cluster.Entry
	if w.decode(&after, "cluster", "list", "-o", "json"); len(after) != len(before) {
		w.t.Errorf("it was saved: %+v", after)
	}
	w.mustRun(done, "down", "small")
	w.noTrace()
}

// killControlPlane ends the QEMU of this world's control plane.
func (w *world) killControlPlane() {
	w.t.Helper()
	killed := 0
	for pid, line := range processes() {
		if strings.Contains(line, "guest=distrolab-") && strings.Contains(line, labs.ControlPlaneName) && strings.Contains(line, w.home.Run+"/") {
			killed++
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				w.t.Error(err)
			}
		}
	}
	if killed != 1 {
		w.t.Errorf("%d control planes", killed)
	}
}

func (w *world) checkRun(run results.Run) {
	w.t.Helper()
	finished(w.t, run)
	checkJoin(w.t, run.RunID, run.Timeline())
	if c := run.Counters; c.EgressBytes == nil || *c.EgressBytes != 0 || c.APIWatchReconnects == nil {
		w.t.Errorf("%s: counters %+v", run.RunID, c)
	}
	if run.Subject.K8s == "" || run.Subject.CRI == "" {
		w.t.Errorf("%s: subject %+v", run.RunID, run.Subject)
	}
	if run.Audit == nil || len(run.Audit.Milestones) < 3 {
		w.t.Errorf("%s: the audit log was not compared: %+v", run.RunID, run.Audit)
	}
}

// finished holds a run to its end. One that is tainted because other work kept
// the observer waiting is no measurement, and shows as well as another what the
// program does; any other taint is a fault.
func finished(t *testing.T, run results.Run) {
	t.Helper()
	switch run.Outcome {
	case results.OutcomeOK:
	case results.OutcomeTainted:
		for _, taint := range run.Taints {
			if !strings.HasPrefix(taint, "the observer was late") {
				t.Errorf("%s is tainted: %s", run.RunID, taint)
			}
		}
	default:
		t.Fatalf("%s: %s: %s", run.RunID, run.Outcome, run.Cause)
	}
}

// decode reads what a command prints as JSON.
func (w *world) decode(v any, args ...string) {
	w.t.Helper()
	text := w.mustRun(done, args...).out
	if err := json.Unmarshal([]byte(text), v); err != nil {
		w.t.Fatalf("distrolab %v: %v\n%s", args, err, text)
	}
}
