package observe

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"distrolab/distros"

	"github.com/google/go-cmp/cmp"
)

// The lines are those of kubeadm and kubelet 1.36, of systemd and of the
// scripts that distrolab writes, as they reach the console or the journal.
func TestFaultsOfAJoin(t *testing.T) {
	const discovery = "error execution phase preflight: couldn't validate the identity of the API Server: "
	tests := []struct {
		name, line, cause string
		fatal             bool
	}{
		{"wrong token", discovery + `could not find a JWS signature in the cluster-info ConfigMap for token ID "abcdef"`, "no such bootstrap token", true},
		{"wrong secret", discovery + `failed to verify JWS signature of received cluster info object, can't trust this API Server`, "its secret is another one", true},
		{"expired token", discovery + `token id "abcdef" is invalid for this cluster or it has expired. Use "kubeadm token create" on the control-plane node`, "has expired", true},
		{"token expired on the way", `error execution phase preflight: unable to fetch the kubeadm-config ConfigMap: failed to get config map: Unauthorized`, "any more", true},
		{"kubelet's token expired", `kubelet[812]: E0601 10:00:00.1 812 run.go:72] "command failed" err="failed to run Kubelet: cannot create certificate signing request: Unauthorized"`, "any more", true},
		{"wrong CA hash", discovery + `cluster CA found in cluster-info ConfigMap is invalid: none of the public keys "sha256:00ff" are pinned`, "hash of the CA", true},
		{"wrong CA", `kubelet[812]: "Failed to connect to apiserver" err="Get \"https://192.168.127.5:6443/healthz?timeout=1s\": tls: failed to verify certificate: x509: certificate signed by unknown authority"`, "not signed by the CA", true},
		{"clock behind", discovery + `failed to request the cluster-info ConfigMap: tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2020-01-01T00:00:13Z is before 2026-06-01T10:00:00Z`, "not valid yet", false},
		{"clock ahead", discovery + `x509: certificate has expired or is not yet valid: current time 2046-01-01T00:00:13Z is after 2036-06-01T10:00:00Z`, "clock is ahead", false},
		{"too few rights", `error execution phase preflight: unable to fetch the kubeadm-config ConfigMap: failed to get config map: configmaps "kubeadm-config" is forbidden: User "system:bootstrap:163qnr" cannot get resource "configmaps"`, "allows it too little", true},
		{"name taken", `error execution phase kubelet-start: a Node with name "node-1" and status "Ready" already exists in the cluster. You must delete the existing Node`, "ready node of this name", true},
		{"API unreachable", discovery + `failed to request the cluster-info ConfigMap: Get "https://192.168.127.5:6443/api/v1/namespaces/kube-public/configmaps/cluster-info?timeout=10s": dial tcp 192.168.127.5:6443: connect: connection refused`, "cannot be reached", false},
		{"API gone in the middle", `kubelet[812]: E0601 controller.go:201] "Failed to ensure lease exists, will retry" err="Get \"https://192.168.127.5:6443/apis\": dial tcp 192.168.127.5:6443: connect: no route to host" interval="200ms"`, "cannot be reached", false},
		{"API silent", `kubelet[812]: "Error updating node status, will retry" err="error getting node \"node-1\": etcdserver: request timed out"`, "lost the API server", false},
		{"image missing", `kubelet[812]: "RunPodSandbox from runtime service failed" err="rpc error: code = NotFound desc = failed to start sandbox: failed to get sandbox image \"registry.k8s.io/pause:3.10.1\": not found"`, "not in the registry", false},
		{"kubelet unhealthy", `error execution phase kubelet-wait-bootstrap: failed while waiting for the kubelet to start: The HTTP call equal to 'curl -sSL http://127.0.0.1:10248/healthz' returned error: Get`, "did not become healthy", false},
		{"no certificate", `error execution phase kubelet-wait-bootstrap: failed while waiting for TLS bootstrap: context deadline exceeded`, "got no certificate", false},
		{"kubelet ends", `E0601 10:00:00.1 812 run.go:72] "command failed" err="failed to run Kubelet: unable to determine runtime API version"`, "ends right after its start", false},
		{"crash loop", `systemd[1]: kubelet.service: Scheduled restart job, restart counter is at 12.`, "again and again", false},
		{"no kubelet", "\t[ERROR KubeletVersion]: couldn't get kubelet version: cannot execute 'kubelet --version': executable file not found in $PATH", "not on the node", true},
		{"memory", "\t[ERROR Mem]: the system RAM (961 MB) is less than the minimum 1700 MB", "1700 MiB", true},
		{"CPUs", "\t[ERROR NumCPU]: the number of available CPUs 1 is less than the required 2", "two CPUs", true},
		{"swap", `kubelet[812]: "command failed" err="failed to run Kubelet: running with swap on is not supported, please disable swap or set --fail-swap-on flag to false"`, "Turn swap off", true},
		{"cgroup v1", "\t[ERROR SystemVerification]: cgroups v1 support is deprecated and will be removed in a future release. Please migrate to cgroups v2.", "cgroup v1 only", true},
		{"cgroup v1 of the kubelet", `kubelet[812]: "command failed" err="failed to validate kubelet configuration: kubelet is configured to not run on a host using cgroup v1. cgroup v1 support is unsupported"`, "cgroup v1 only", true},
		{"port", "\t[ERROR Port-10250]: Port 10250 is in use", "Another program", true},
		{"file", "\t[ERROR FileAvailable--etc-kubernetes-pki-ca.crt]: /etc/kubernetes/pki/ca.crt already exists", "earlier join", false},
		{"program", "\t[ERROR FileExisting-conntrack]: conntrack not found in system path", "not on the system", true},
		{"forwarding", "\t[ERROR FileContent--proc-sys-net-ipv4-ip_forward]: /proc/sys/net/ipv4/ip_forward contents are not set to 1", "IPv4 forwarding", true},
		{"runtime", "\t[ERROR CRI]: could not connect to the container runtime: failed to create new CRI runtime service", "runtime does not answer", false},
		{"another check", "\t[ERROR New]: something of a later version", "refuses this node", true},
		{"read-only /usr", `kubelet[812]: "command failed" err="mkdir /usr/libexec/kubernetes: read-only file system"`, "another directory", true},
		{"SELinux", `systemd[1]: kubelet.service: Main process exited, code=exited, status=203/EXEC`, "SELinux", true},
		{"bundle", "distrolab: unpack failed: /var/lib/distrolab/bundle.tar is no bundle with opt/bin/kubeadm, or the disk is full", "programs", true},
		{"anything else", "distrolab: join failed (kubeadm ended with status 1); it is tried again", "lines above", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := DiagnoseJoin("[preflight] Running pre-flight checks\r\n\x1b[31m" + tt.line + "\x1b[0m\r\nsomething else\n" + tt.line + "\n")
			if len(got) != 1 || !strings.Contains(got[0].Cause, tt.cause) || got[0].Fatal != tt.fatal {
				t.Fatalf("faults %+v; want one with %q, fatal %v", got, tt.cause, tt.fatal)
			}
			if line := strings.TrimSpace(tt.line); !strings.HasPrefix(line, got[0].Line[:min(len(line), 150)]) {
				t.Errorf("line %q is not %q", got[0].Line, line)
			}
		})
	}
}

func TestCausesOfJoinFaultsAreSentences(t *testing.T) {
	for _, f := range joinFaults() {
		if !regexp.MustCompile(`^([A-Z]|kubeadm|systemd).*\.$`).MatchString(f.cause) || len(f.cause) < 30 {
			t.Errorf("cause of %s is no sentence: %q", f.re, f.cause)
		}
		if f.need == nil {
			t.Errorf("%s has no literal: each console line would cost a match", f.re)
		}
	}
}

func TestTheMostTellingFaultIsTheLast(t *testing.T) {
	text := strings.Join([]string{
		"\t[ERROR FileAvailable--etc-kubernetes-pki-ca.crt]: /etc/kubernetes/pki/ca.crt already exists",
		`a Node with name "node-1" and status "Ready" already exists in the cluster.`,
		"error execution phase preflight: preflight checks failed",
	}, "\n")
	got := DiagnoseJoin(text)
	if len(got) != 3 || !strings.Contains(got[2].Line, "node-1") {
		t.Errorf("faults %+v", got)
	}
}

// TestAGoodJoinHasNoFaults: the text is kubeadm's of a join that goes well, on
// a cluster without kube-proxy, with checks that it was told to ignore.
func TestAGoodJoinHasNoFaults(t *testing.T) {
	good := `[preflight] Running pre-flight checks
	[WARNING CRI]: could not connect to the container runtime: unknown service runtime.v1.RuntimeService
	[WARNING SystemVerification]: cgroups v1 support is deprecated and will be removed in a future release
	[WARNING Hostname]: hostname "node-x": lookup node-x on 10.255.255.53:53: no such host
	[WARNING KubeletVersion]: couldn't get kubelet version: cannot execute 'kubelet --version': executable file not found in $PATH
[preflight] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...
W1127 04:53:30.567980   20860 configset.go:77] Warning: No kubeproxy.config.k8s.io/v1alpha1 config is loaded. Continuing without it: configmaps "kube-proxy" is forbidden: User "system:bootstrap:163qnr" cannot get resource "configmaps" in API group "" in the namespace "kube-system"
[   34.000000] sh[812]: W1127 04:53:30.567980   20860 x.go:1] nodes "node-x" is forbidden: User "system:bootstrap:163qnr" cannot get resource "nodes"
[kubelet-start] Writing kubelet configuration to file "/var/lib/kubelet/config.yaml"
[kubelet-start] Starting the kubelet
[kubelet-check] Waiting for a healthy kubelet at http://127.0.0.1:10248/healthz. This can take up to 4m0s
[kubelet-start] Waiting for the kubelet to perform the TLS Bootstrap
This node has joined the cluster:
distrolab: join done
`
	if got := DiagnoseJoin(good); len(got) != 0 {
		t.Errorf("faults of a good join: %+v", got)
	}
}

// TestFaultOfAJoinOnTheConsole: it ends the wait for the join, not that for the
// boot, and only counts once the guest was told to join.
func TestFaultOfAJoinOnTheConsole(t *testing.T) {
	const taken = `[   99.000001] kubeadm[812]: error execution phase kubelet-start: a Node with name "node-1" and status "Ready" already exists`
	for _, triggered := range []bool{false, true} {
		t.Run(fmt.Sprint(triggered), func(t *testing.T) {
			o := scripted(t, distros.BootProfile{}, Options{Join: &JoinWatch{Cold: triggered}}, append(debian(), line(49000, ""),
				line(50000, taken), line(51000, "distrolab: join failed (kubeadm ended with status 1); it is tried again")))
			if err := wait(t, o); err != nil {
				t.Errorf("Wait: %v; the boot was good", err)
			}
			faults := o.FaultLines()
			if !triggered {
				if len(faults) != 0 {
					t.Errorf("fault lines before the guest was told to join: %+v", faults)
				}
				return
			}
			var fault *FaultError
			if err := o.WaitFor(t.Context(), NodeReady); !errors.As(err, &fault) || !strings.Contains(fault.Cause, "ready node of this name") {
				t.Errorf("WaitFor: %v", err)
			}
			if err := o.WaitFor(t.Context(), BootComplete); err != nil {
				t.Errorf("WaitFor of the boot: %v", err)
			}
			if len(faults) != 2 || faults[1].At != 50*time.Second {
				t.Errorf("fault lines %+v; want the name's as the last", faults)
			}
		})
	}
}

// TestABootDoesNotLookForFaultsOfJoins: the words may be another program's.
func TestABootDoesNotLookForFaultsOfJoins(t *testing.T) {
	o := scripted(t, distros.BootProfile{}, Options{}, append(debian(), line(50000, "\t[ERROR Mem]: the system RAM (961 MB)")))
	if diff := cmp.Diff([]FaultLine{}, o.FaultLines()); diff != "" {
		t.Errorf("fault lines (-want +got):\n%s", diff)
	}
}

// TestLinesOfTheJoinAreNotTheKernels: the journal's clock is another than the
// kernel's, and its lines would make the kernel's seem to have jumped.
func TestLinesOfTheJoinAreNotTheKernels(t *testing.T) {
	steps := debian()
	for i := range 200 {
		at := 49000 + 10*i
		steps = append(steps, line(at, fmt.Sprintf("[%5d.%06d] sh[812]: [preflight] line %d", at/1000-3, at%1000*1000, i)))
	}
	want, _ := scripted(t, distros.BootProfile{}, Options{}, debian()).Finish("").Find(KernelStart)
	got, _ := scripted(t, distros.BootProfile{}, Options{Join: &JoinWatch{Cold: true}}, steps).Finish("").Find(KernelStart)
	if got.T != want.T || got.Q != want.Q {
		t.Errorf("kernel starts at %v (%s), without the join's lines at %v (%s)", got.T, got.Q, want.T, want.Q)
	}
}

// TestBudgetOfMemoryForAByteOfConsoleOfAJoin: a join's faults are looked for
// beside the boot's.
func TestBudgetOfMemoryForAByteOfConsoleOfAJoin(t *testing.T) {
	text := []byte("[   10.000001] kubeadm[812]: [preflight] Running pre-flight checks\r\n")
	o, _ := joins(t, JoinWatch{Cold: true}, nil)
	next := 0
	perRead := testing.AllocsPerRun(100*len(text), func() {
		o.console.take(chunk{data: text[next : next+1], at: o.now()})
		next = (next + 1) % len(text)
	})
	if perRead >= 1 {
		t.Errorf("%.2f allocations a byte of console; less than one is the budget", perRead)
	}
}

// BenchmarkConsoleOfAJoin is to be compared with BenchmarkConsole.
func BenchmarkConsoleOfAJoin(b *testing.B) {
	text := []byte(strings.Repeat("[    1.234567] pci 0000:00:1f.2: [8086:2922] type 00 class 0x010601 conventional PCI endpoint\r\n", 10000))
	o, _ := joins(b, JoinWatch{Cold: true}, nil)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		for rest := text; len(rest) > 0; rest = rest[min(128, len(rest)):] {
			o.console.take(chunk{data: rest[:min(128, len(rest))], at: o.now(), waited: true})
		}
	}
}

func FuzzDiagnoseJoin(f *testing.F) {
	f.Add("\x1b[1mcould not find a JWS signature in the cluster-info\x00\xff\n\n[ERROR Mem]")
	f.Fuzz(func(t *testing.T, text string) {
		faults := DiagnoseJoin(text)
		if len(faults) > len(joinFaults()) {
			t.Errorf("%d faults", len(faults))
		}
		for _, l := range faults {
			if len(l.Line) > maxRaw || l.Line != printable([]byte(l.Line), maxRaw) {
				t.Errorf("line %q would reach the terminal", l.Line)
			}
		}
	})
}
