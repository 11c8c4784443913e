package cluster_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"distrolab/labs/cluster"
	"distrolab/labs/observe"
)

// auditZero is the time at which the audit logs of these tests begin.
func auditZero() time.Time { return time.Date(2026, 11, 27, 4, 0, 0, 0, time.UTC) }

// auditLine is one event of an audit log, answered so long after its beginning.
func auditLine(verb, user, resource, name string, code int, after time.Duration) string {
	kind, sub, _ := strings.Cut(resource, "/")
	answered := auditZero().Add(after)
	return fmt.Sprintf(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","stage":"ResponseComplete","verb":%q,`+
		`"user":{"username":%q},"objectRef":{"resource":%q,"subresource":%q,"name":%q},"responseStatus":{"code":%d},`+
		`"requestReceivedTimestamp":%q,"stageTimestamp":%q}`+"\n", verb, user, kind, sub, name, code,
		answered.Add(-3*time.Millisecond).Format("2006-01-02T15:04:05.000000Z"), answered.Format("2006-01-02T15:04:05.000000Z"))
}

// joinLog is the audit log of one join, among what else happens.
func joinLog() string {
	const bootstrap, node, manager = "system:bootstrap:abcdef", "system:node:node-1", "system:kube-controller-manager"
	ms := time.Millisecond
	return auditLine("create", bootstrap, "certificatesigningrequests", "csr-0", 201, 0) + // of another node by the same token
		auditLine("get", bootstrap, "nodes", "node-1", 404, 10*ms) + // kubeadm looks whether the name is taken
		auditLine("create", bootstrap, "certificatesigningrequests", "csr-1", 409, 20*ms) +
		auditLine("create", bootstrap, "certificatesigningrequests", "csr-1", 201, 30*ms) +
		"half a line of a server that was killed\n" +
		auditLine("update", manager, "certificatesigningrequests/approval", "csr-1", 200, 40*ms) +
		auditLine("update", manager, "certificatesigningrequests/status", "csr-1", 200, 50*ms) +
		auditLine("create", node, "nodes", "node-1", 201, 60*ms) +
		auditLine("create", "system:node:node-2", "nodes", "node-2", 201, 60*ms) +
		auditLine("create", node, "leases", "node-1", 201, 70*ms) +
		auditLine("patch", node, "nodes/status", "node-1", 200, 80*ms) +
		`{"kind":"Event","stage":"RequestReceived"}` + "\n" +
		auditLine("update", node, "leases", "node-1", 200, 90*ms)
}

func TestAuditLogGivesTheMilestones(t *testing.T) {
	events, err := cluster.ReadAudit(strings.NewReader(joinLog()), "node-1")
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != 10 {
		t.Errorf("%d events, want 10: %v", len(events), events)
	}
	times := cluster.AuditTimes(events, "node-1", "csr-1")
	want := map[observe.Milestone]time.Duration{
		observe.APIFirstRequest: 10, observe.CSRCreated: 30, observe.CSRApproved: 40, observe.CSRIssued: 50,
		observe.NodeRegistered: 60, observe.LeaseFirst: 70,
	}
	if len(times) != len(want) {
		t.Errorf("milestones %v", times)
	}
	for m, after := range want {
		if got := times[m].Answered.Sub(auditZero()); got != after*time.Millisecond {
			t.Errorf("%s after %v, want %v", m, got, after*time.Millisecond)
		}
	}
}

// Without the request's name nothing of any request is taken for the node's.
func TestAuditLogWithoutARequest(t *testing.T) {
	events, err := cluster.ReadAudit(strings.NewReader(joinLog()), "node-1")
	if err != nil {
		t.Fatal(err)
	}
	times := cluster.AuditTimes(events, "node-1", "")
	if len(times) != 3 || times[observe.APIFirstRequest].Answered != times[observe.NodeRegistered].Answered {
		t.Errorf("milestones %v; want the first request, the registration and the lease", times)
	}
}

func TestComparisonFindsTheClocksOffset(t *testing.T) {
	events, err := cluster.ReadAudit(strings.NewReader(joinLog()), "node-1")
	if err != nil {
		t.Fatal(err)
	}
	times := cluster.AuditTimes(events, "node-1", "csr-1")
	watched := map[observe.Milestone]time.Time{observe.NodeReady: auditZero(), observe.APIFirstRequest: auditZero()}
	for m, e := range times {
		if m != observe.APIFirstRequest {
			watched[m] = e.Answered.Add(time.Hour)
		}
	}
	watched[observe.LeaseFirst] = watched[observe.LeaseFirst].Add(4 * time.Millisecond)
	c := cluster.CompareAudit(watched, times)
	if len(c.Deltas) != 5 || c.Offset != time.Hour || c.Spread != 4*time.Millisecond || !c.Sorted {
		t.Errorf("comparison %+v", c)
	}
	watched[observe.CSRCreated] = watched[observe.CSRCreated].Add(15 * time.Millisecond)
	if c = cluster.CompareAudit(watched, times); c.Sorted {
		t.Error("a wrong order is not seen")
	}
	if c = cluster.CompareAudit(nil, times); c.Deltas != nil || c.Sorted {
		t.Errorf("nothing watched: %+v", c)
	}
}
