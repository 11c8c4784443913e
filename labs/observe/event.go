package observe

import (
	"slices"
	"time"
)

// Source says where a milestone was seen.
type Source string

// The sources of milestones.
const (
	SourceRequest   Source = "req"       // our own call, stamped before it is made
	SourceQMP       Source = "qmp"       // QEMU's monitor event, converted from QEMU's own stamp
	SourceLifecycle Source = "lifecycle" // libvirt's lifecycle event, stamped on arrival
	SourceReturn    Source = "rpc"       // the start call returned
	SourceSerial    Source = "ser"       // the guest's serial port
	SourceFirmware  Source = "fw"        // the firmware's debug port 0x402
	SourceNet       Source = "net"       // a frame on the lab's switch
	SourceProbe     Source = "syn"       // our TCP probe
	SourceInside    Source = "in"        // told by the guest itself
	SourceLogin     Source = "login"     // our own client logged in
	SourceAPI       Source = "k8s"       // a watch of the cluster's API, stamped on receipt
	SourceAudit     Source = "aud"       // the API server's audit log, read after the run
	SourceClient    Source = "client"    // our own call or command: given, or returned
)

// Quality says how a stamp relates to the moment it stands for.
type Quality string

// The qualities of a stamp.
const (
	Exact    Quality = "exact" // true to within the event's error
	AtMost   Quality = "le"    // the moment was at the stamp or before it
	AtLeast  Quality = "ge"    // the moment was at the stamp or after it
	Estimate Quality = "est"   // taken from a neighbouring milestone
)

// Event is a milestone with the time it was seen.
type Event struct {
	M      Milestone     `json:"m"`
	T      time.Duration `json:"t_ns"`          // since the request (B0)
	Source Source        `json:"src"`           // where it was seen
	Err    time.Duration `json:"err_ns"`        // bound of the error
	Q      Quality       `json:"q"`             // what kind of bound
	Raw    string        `json:"raw,omitempty"` // what was seen, printable, at most 200 bytes
}

// Missing is a milestone that was not seen, with the reason.
type Missing struct {
	M   Milestone `json:"m"`
	Why string    `json:"why"`
}

// Timeline is one observed boot. Every milestone of [Milestones] is either in
// Events or in Missing, never in both; where a join was watched, so is every
// one of [JoinMilestones].
type Timeline struct {
	Events  []Event   `json:"events"` // sorted by T
	Missing []Missing `json:"missing"`
}

// Find returns the event of m.
func (t Timeline) Find(m Milestone) (Event, bool) {
	i := slices.IndexFunc(t.Events, func(e Event) bool { return e.M == m })
	if i < 0 {
		return Event{}, false
	}
	return t.Events[i], true
}

// At returns when m was seen, since the request.
func (t Timeline) At(m Milestone) (time.Duration, bool) {
	e, ok := t.Find(m)
	return e.T, ok
}

// Between returns the time from a to b. It is negative when b was seen first,
// and not ok when one of them was not seen.
func (t Timeline) Between(a, b Milestone) (time.Duration, bool) {
	from, okFrom := t.At(a)
	to, okTo := t.At(b)
	if !okFrom || !okTo {
		return 0, false
	}
	return to - from, true
}

// Why returns the reason for which m was not seen, or "" when it was.
func (t Timeline) Why(m Milestone) string {
	i := slices.IndexFunc(t.Missing, func(x Missing) bool { return x.M == m })
	if i < 0 {
		return ""
	}
	return t.Missing[i].Why
}
