package cluster

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"distrolab/labs/observe"
)

// Bounds of what is read of an audit log.
const (
	maxAuditLine   = 1 << 20
	maxAuditLog    = 64 << 20
	maxAuditEvents = 20000
)

// AuditEvent is one request of which the API server's audit log says that it
// was answered. Its texts are printable.
type AuditEvent struct {
	Received time.Time // the request came, by the server's clock
	Answered time.Time // it was answered, by the same clock
	Verb     string    // such as create
	User     string
	Resource string // with the subresource, such as nodes/status
	Name     string // of the object
	Code     int    // of HTTP
}

// done says whether the request succeeded.
func (e AuditEvent) done() bool { return e.Code >= 200 && e.Code < 300 }

// writes says whether the request changes something.
func (e AuditEvent) writes() bool {
	return slices.Contains([]string{"create", "update", "patch"}, e.Verb)
}

// ReadAudit reads from an audit log (JSON, one event a line) what may belong to
// the join of a node: its own requests, those about its objects, and all about
// certificate signing requests, since their names do not tell whose they are.
// Lines that cannot be read are passed over: a server that was killed leaves
// half of one. The events are in the order in which they were answered.
func ReadAudit(r io.Reader, node string) ([]AuditEvent, error) {
	limited := &io.LimitedReader{R: r, N: maxAuditLog}
	lines := bufio.NewScanner(limited)
	lines.Buffer(make([]byte, 0, 64<<10), maxAuditLine)
	var events []AuditEvent
	for lines.Scan() {
		if !mayConcern(lines.Bytes(), node) {
			continue
		}
		e, ok := readAuditLine(lines.Bytes())
		if !ok || !e.concerns(node) {
			continue
		}
		if len(events) == maxAuditEvents {
			return nil, fmt.Errorf("reading the audit log: more than %d events may belong to node %s", maxAuditEvents, node)
		}
		events = append(events, e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	if limited.N <= 0 {
		return nil, fmt.Errorf("reading the audit log: it is longer than %d bytes", maxAuditLog)
	}
	slices.SortStableFunc(events, func(a, b AuditEvent) int { return a.Answered.Compare(b.Answered) })
	return events, nil
}

// mayConcern tells most lines of other nodes by a look at their bytes.
func mayConcern(line []byte, node string) bool {
	return bytes.Contains(line, []byte(node)) || bytes.Contains(line, []byte("certificatesigningrequests"))
}

func readAuditLine(line []byte) (AuditEvent, bool) {
	var e struct {
		Kind  string `json:"kind"`
		Stage string `json:"stage"`
		Verb  string `json:"verb"`
		User  struct {
			Username string `json:"username"`
		} `json:"user"`
		ObjectRef struct {
			Resource    string `json:"resource"`
			Subresource string `json:"subresource"`
			Name        string `json:"name"`
		} `json:"objectRef"`
		ResponseStatus struct {
			Code int `json:"code"`
		} `json:"responseStatus"`
		Received string `json:"requestReceivedTimestamp"`
		Stamp    string `json:"stageTimestamp"`
	}
	if json.Unmarshal(line, &e) != nil || e.Kind != "Event" || e.Stage != "ResponseComplete" {
		return AuditEvent{}, false
	}
	received, err1 := time.Parse(time.RFC3339Nano, e.Received)
	answered, err2 := time.Parse(time.RFC3339Nano, e.Stamp)
	if err1 != nil || err2 != nil {
		return AuditEvent{}, false
	}
	resource := e.ObjectRef.Resource
	if e.ObjectRef.Subresource != "" {
		resource += "/" + e.ObjectRef.Subresource
	}
	return AuditEvent{
		Received: received, Answered: answered, Verb: printable(e.Verb), User: printable(e.User.Username),
		Resource: printable(resource), Name: printable(e.ObjectRef.Name), Code: e.ResponseStatus.Code,
	}, true
}

// concerns says whether the event may belong to the join of that node.
func (e AuditEvent) concerns(node string) bool {
	kind, _, _ := strings.Cut(e.Resource, "/")
	return e.User == "system:node:"+node || kind == "certificatesigningrequests" ||
		(kind == "nodes" || kind == "leases") && e.Name == node || kind == "pods" && e.Name == helloName(node)
}

// AuditTimes finds in an audit log the requests that are the milestones of a
// join. request is the name of the node's certificate signing request
// ([Watch.Request]). [observe.APIFirstRequest] is the first request that the
// log has of the node, which is as early as the log's policy lets it be.
// Milestones that the log's metadata does not tell apart (a node's pod range,
// its taint, which of its reports said ready) are left out.
func AuditTimes(events []AuditEvent, node, request string) map[observe.Milestone]AuditEvent {
	user := "system:node:" + node
	times := map[observe.Milestone]AuditEvent{}
	first := func(m observe.Milestone, is func(AuditEvent) bool) {
		if i := slices.IndexFunc(events, is); i >= 0 {
			times[m] = events[i]
		}
	}
	about := func(resource string) func(AuditEvent) bool {
		return func(e AuditEvent) bool {
			return e.done() && e.writes() && e.Resource == resource && e.Name == request && request != ""
		}
	}
	first(observe.CSRCreated, about("certificatesigningrequests"))
	first(observe.CSRApproved, about("certificatesigningrequests/approval"))
	first(observe.CSRIssued, about("certificatesigningrequests/status"))
	first(observe.NodeRegistered, func(e AuditEvent) bool {
		return e.done() && e.writes() && e.User == user && (e.Resource == "nodes" || e.Resource == "nodes/status") && e.Name == node
	})
	first(observe.LeaseFirst, func(e AuditEvent) bool {
		return e.done() && e.writes() && e.User == user && e.Resource == "leases" && e.Name == node
	})
	bootstrap := times[observe.CSRCreated].User
	own := slices.DeleteFunc(slices.Clone(events), func(e AuditEvent) bool {
		mine := e.User == bootstrap && (e.Name == node || e.Name == request)
		return bootstrap == "" && e.User != user || bootstrap != "" && e.User != user && !mine
	})
	if len(own) > 0 {
		times[observe.APIFirstRequest] = slices.MinFunc(own, func(a, b AuditEvent) int { return a.Received.Compare(b.Received) })
	}
	return times
}

// AuditDelta is one milestone in the watch and in the audit log.
type AuditDelta struct {
	M     observe.Milestone `json:"m"`
	Watch time.Time         `json:"watch"` // receipt, by this host's clock
	Audit time.Time         `json:"audit"` // answer, by the API server's clock
	Delta time.Duration     `json:"delta_ns"`
}

// AuditComparison holds a watch against the audit log of the same join. A
// request is answered after it took effect, so that a delta may be negative.
type AuditComparison struct {
	Deltas []AuditDelta  `json:"deltas"`    // in the log's order
	Offset time.Duration `json:"offset_ns"` // median: how the two clocks differ, and the usual delay
	Spread time.Duration `json:"spread_ns"` // largest distance of a delta from it
	Sorted bool          `json:"sorted"`    // the watch saw them in the log's order
}

// CompareAudit compares what a watch saw with what [AuditTimes] found.
func CompareAudit(watched map[observe.Milestone]time.Time, times map[observe.Milestone]AuditEvent) AuditComparison {
	var c AuditComparison
	for m := range maps.Keys(times) {
		if at, ok := watched[m]; ok && m != observe.APIFirstRequest { // no watch shows that one
			c.Deltas = append(c.Deltas, AuditDelta{M: m, Watch: at, Audit: times[m].Answered, Delta: at.Sub(times[m].Answered)})
		}
	}
	slices.SortFunc(c.Deltas, func(a, b AuditDelta) int {
		return cmp.Or(a.Audit.Compare(b.Audit), strings.Compare(string(a.M), string(b.M)))
	})
	if len(c.Deltas) == 0 {
		return c
	}
	var deltas []time.Duration
	for _, d := range c.Deltas {
		deltas = append(deltas, d.Delta)
	}
	slices.Sort(deltas)
	c.Offset = deltas[len(deltas)/2]
	c.Spread = max(deltas[len(deltas)-1]-c.Offset, c.Offset-deltas[0])
	c.Sorted = slices.IsSortedFunc(c.Deltas, func(a, b AuditDelta) int { return a.Watch.Compare(b.Watch) })
	return c
}
