package observe

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// joinFaults are the lines in which kubeadm, the kubelet, systemd and
// distrolab's own scripts say why a join fails, compiled when a join is first
// watched. They were written down from the sources of Kubernetes 1.36. The most
// telling come first: a line that only says that something failed comes after
// those that say why.
var joinFaults = sync.OnceValue(func() []fault {
	faults := slices.Concat(identityFaults(), preflightFaults(), kubeletFaults(), vagueFaults())
	compiled := make([]fault, len(faults))
	for i, f := range faults {
		re := regexp.MustCompile(f.text)
		compiled[i] = fault{pattern: pattern{re: re, need: requiredLiterals(f.text)}, cause: f.cause, fatal: f.fatal}
	}
	return compiled
})

// identityFaults tell that the node and the cluster do not recognise each other.
func identityFaults() []defaultFault {
	return []defaultFault{
		{`none of the public keys .+ are pinned`, "The hash of the CA in the join document is not that of this cluster's CA. Check that the endpoint is the right cluster's, and take the hash or the CA from it again.", true},
		{`failed to verify JWS signature`, "The cluster knows the token's id, but its secret is another one. Copy the whole token again, or make a new one with `kubeadm token create`.", true},
		{`could not find a JWS signature in the cluster-info|token id .+ is invalid for this cluster or it has expired`, "The cluster has no such bootstrap token: it is wrong, was deleted or has expired. Make a new one with `kubeadm token create` and join with that.", true},
		{`a Node with name .+ and status .+ already exists`, "The cluster has a ready node of this name already. Choose another name, or delete that node with `kubectl delete node`.", true},
		{`certificate has expired or is not yet valid: current time \S+ is before`, "The clocks differ: by the node's clock the API server's certificate is not valid yet. Set the node's time, or let it reach a time server before it joins.", false},
		{`certificate has expired or is not yet valid: current time \S+ is after`, "By the node's clock the API server's certificate has expired. If it has not, the node's clock is ahead: set its time. Otherwise renew the certificate with `kubeadm certs renew`.", false},
		{`certificate signed by unknown authority`, "The API server's certificate is not signed by the CA that the node was given. Check that the endpoint and the CA are of the same cluster.", true},
		{`x509: certificate is valid for .+, not `, "The API server's certificate does not name the address that the node calls. Join by a name or an address that is in it, or add that to certSANs of the control plane.", true},
		{`certificate signing request: Unauthorized|(?:kubeadm-config|kubelet-config|cluster-info|cannot get Node).*Unauthorized`, "The API server does not accept the bootstrap token any more: it has expired or was deleted on the way. Make a new one with `kubeadm token create` and join with that.", true},
		{`(?:kubeadm-config|kubelet-config|certificatesigningrequests|nodes).* is forbidden: User "system:bootstrap:`, "The cluster knows the token but allows it too little. Its rules for bootstrap tokens are missing: `kubeadm init phase bootstrap-token` writes them.", true},
	}
}

// preflightFaults are what kubeadm finds before it begins, which does not
// change by itself.
func preflightFaults() []defaultFault {
	return []defaultFault{
		{`distrolab: (?:fetch failed|unpack failed)`, "The node did not get Kubernetes' programs. Check that the bundle is served where its config says, and that the disk is large enough.", true},
		{`cannot execute 'kubelet --version'`, "The kubelet's program is not on the node, or not where kubeadm looks for it. Install it, or join with a bundle that brings it.", true},
		{`\[ERROR Mem\]`, "kubeadm wants more memory for a control plane. Give the machine at least 1700 MiB that its kernel leaves free, such as 2 GiB.", true},
		{`\[ERROR NumCPU\]`, "kubeadm wants at least two CPUs for a control plane. Give the machine more.", true},
		{`\[ERROR SystemVerification\].*cgroups? v1|configured to not run on a host using cgroup v1`, "The system has cgroup v1 only, which the kubelet refuses from Kubernetes 1.35 on. Boot it with cgroup v2, or set failCgroupV1: false for its kubelet.", true},
		{`\[ERROR SystemVerification\]`, "The kernel or the system lacks something that Kubernetes needs. The line says what.", true},
		{`\[ERROR Swap\]|running with swap on is not supported`, "The system has swap, and its kubelet is not set to allow that. Turn swap off, or set failSwapOn: false for its kubelet.", true},
		{`\[ERROR Port-10250\]`, "Another program, perhaps a kubelet that runs already, has port 10250. Stop it, or take the node out of its cluster with `kubeadm reset`.", true},
		{`\[ERROR Port-\d+\]`, "Another program has a port that the control plane needs. Stop it, or clean up with `kubeadm reset`.", true},
		{`\[ERROR FileExisting-\S+\]`, "A program that kubeadm needs is not on the system, or not on its search path. Install it, or use an image that has it.", true},
		{`\[ERROR FileContent-`, "A kernel setting that pods need is off, such as IPv4 forwarding. Set it with sysctl; the line says which.", true},
		{`\[ERROR KubeletVersion\]`, "The kubelet's version does not fit the control plane's. Use programs of the cluster's version, or at most three minor versions older.", true},
		{`\[ERROR IsPrivilegedUser\]`, "kubeadm was not started by root.", true},
		{`\[ERROR (?:CRI|ContainerRuntimeVersion)\]|unknown service runtime\.v1\.`, "The container runtime does not answer, or has its Kubernetes interface (CRI) switched off. Look at `systemctl status containerd` and its config.", false},
	}
}

// kubeletFaults tell that the node was let in, but does not get on.
func kubeletFaults() []defaultFault {
	return []defaultFault{
		{`kubelet\.service: .*status=203/EXEC|kubelet.*[Ee]xec format error`, "systemd cannot start the kubelet's program: it is missing, made for another CPU, or has no label that SELinux lets run.", true},
		{`/usr/libexec/kubernetes\S*: read-only file system`, "The kubelet wants to write below /usr, which is read-only here. Give it another directory with volume-plugin-dir.", true},
		{`failed to get sandbox image|failed to pull (?:and unpack )?image|ErrImagePull|ImagePullBackOff`, "An image cannot be had: it is not in the registry, or the registry does not answer. Check its name and that the registry has it.", false},
		{`"command failed" err=`, "The kubelet ends right after its start, and systemd starts it again and again. What follows err= is its reason.", false},
		{`failed to (?:load kubelet config file|construct kubelet dependencies)`, "The kubelet cannot read its configuration. Before kubeadm has written it that is usual; after that the file is damaged or of another version.", false},
		{`reason is forbidden`, "The API server does not let the kubelet write its Node. Its certificate is for another name, or the name is taken by another node.", false},
		{`kubelet\.service: (?:Start request repeated too quickly|Scheduled restart job, restart counter is at (?:[5-9]|\d\d+)\.)`, "The kubelet ends again and again. `journalctl -u kubelet` has its reason.", false},
		{`failed while waiting for TLS bootstrap`, "The kubelet runs but got no certificate in the time that kubeadm gives it. The API server went away, or the cluster does not approve signing requests of bootstrap tokens.", false},
	}
}

// vagueFaults tell that something failed, and little of why.
func vagueFaults() []defaultFault {
	return []defaultFault{
		{`(?:cluster-info|API [Ss]erver|apiserver|kubeadm-config|kubelet-config|\d:6443).*(?:connection refused|i/o timeout|no route to host|network is unreachable|Client\.Timeout|context deadline exceeded|TLS handshake timeout|no such host|connection reset)`, "The API server cannot be reached from the node. Check that the control plane runs and that the endpoint is its address.", false},
		{`Error updating node status, will retry|Failed to ensure lease exists, will retry`, "The node has lost the API server. Check that the control plane still runs.", false},
		{`failed while waiting for the kubelet to start|The kubelet is not running`, "The kubelet did not become healthy in the time that kubeadm gives it. `journalctl -u kubelet` has its reason.", false},
		{`\[ERROR (?:FileAvailable|DirAvailable)-`, "Files of an earlier join are still on the node. If it is in no cluster, clean up with `kubeadm reset`.", false},
		{`cni plugin not initialized|network is not ready|NetworkPluginNotReady`, "The node has no network plugin for pods yet. Give it a CNI config, or install a network add-on in the cluster.", false},
		{`\[ERROR \S+\]`, "kubeadm refuses this node before it begins. The line says why.", true},
		{`error execution phase|distrolab: (?:join|control plane) failed`, "kubeadm gave up. The lines above say why.", false},
	}
}

// ofJoinUnit says whether a stamped line is not the kernel's: the journal puts
// what the units of a join say on the console with a stamp that looks like
// printk's and is of another clock (CLOCK_MONOTONIC). The units run by sh.
func ofJoinUnit(text []byte) bool {
	return bytes.HasPrefix(text, []byte("sh[")) || bytes.HasPrefix(text, []byte("kubeadm["))
}

// hint is a fault line with how telling it is; those of a boot are all alike.
type hint struct {
	FaultLine
	rank int
}

// ranked orders hints so that the most telling of a join is the last.
func ranked(hints []hint) []FaultLine {
	hints = slices.Clone(hints)
	slices.SortStableFunc(hints, func(a, b hint) int { return cmp.Compare(a.rank, b.rank) })
	lines := make([]FaultLine, len(hints))
	for i, h := range hints {
		lines[i] = h.FaultLine
	}
	return lines
}

// joinFault returns the most telling fault of a join that the line shows,
// unless it is among the seen ones: tries that are repeated say the same.
func joinFault(line []byte, seen []bool) (hint, bool) {
	faults := joinFaults()
	for i := range faults {
		f := &faults[i]
		if f.match(line) < 0 {
			continue
		}
		if seen[i] || warns(line, f.fatal) {
			return hint{}, false
		}
		seen[i] = true
		return hint{FaultLine{Line: printable(bytes.TrimSpace(line), maxRaw), Cause: f.cause, Fatal: f.fatal}, len(faults) - i}, true
	}
	return hint{}, false
}

// warns says whether a line is only a warning. kubeadm goes on after those of
// its checks; other programs' may explain a failure and are never one.
func warns(line []byte, fatal bool) bool {
	return bytes.Contains(line, []byte("[WARNING ")) || fatal && klogWarning().Match(line)
}

// klogWarning is how the log of kubeadm and the kubelet begins a warning.
var klogWarning = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[\s:])W\d{4} \d\d:\d\d:\d\d\.`)
})

// DiagnoseJoin finds the lines of a text, such as a node's journal, that
// explain why a join fails. Each cause is given once, and the most telling is
// the last.
func DiagnoseJoin(text string) []FaultLine {
	var hints []hint
	seen := make([]bool, len(joinFaults()))
	for line := range strings.Lines(text) {
		var strip stripper
		clean := make([]byte, 0, min(len(line), maxLine))
		for b := []byte(line); len(b) > 0 && len(clean) < maxLine; {
			if n := strip.plain(b); n > 0 {
				clean = append(clean, b[:min(n, maxLine-len(clean))]...)
				b = b[n:]
				continue
			}
			strip.next(b[0])
			b = b[1:]
		}
		if h, ok := joinFault(clean, seen); ok {
			hints = append(hints, h)
		}
	}
	return ranked(hints)
}
