package observe

import (
	"fmt"
	"slices"
	"time"
)

// Info describes a milestone for people.
type Info struct {
	ID         string    `json:"id"` // B0 to B18
	Milestone  Milestone `json:"milestone"`
	Title      string    `json:"title"`      // a few words, lower case
	Definition string    `json:"definition"` // one sentence
}

// Milestones returns the table of milestones, in the order they normally happen.
func Milestones() []Info {
	return []Info{
		{"B0", Request, "start requested", "The call that starts the virtual CPUs is issued."},
		{"B1", VCPUStart, "CPUs start", "The hypervisor reports that the virtual CPUs run."},
		{"B2", FirmwareFirst, "firmware starts", "The firmware writes its first byte to the debug port, or to the serial port where there is no debug port."},
		{"B3", LoaderFirst, "boot loader speaks", "The first text of a boot loader arrives on the serial port."},
		{"B4", KernelStart, "kernel starts", "The kernel's own clock is zero, calculated from the stamps of its console lines."},
		{"B5", KernelConsole, "kernel speaks", "The first line of the kernel arrives on the serial port."},
		{"B6", InitStart, "first process starts", "The first sign of process 1, in the initrd where there is one."},
		{"B7", SwitchRoot, "initrd ends", "The initrd hands over to the system on the disk."},
		{"B8", NetFirstFrame, "first network frame", "The guest sends its first Ethernet frame."},
		{"B9", DHCPDiscover, "address asked for", "The guest sends its first DHCP request."},
		{"B10", DHCPAck, "address given", "The lab's DHCP server acknowledges the guest's address."},
		{"B11", NetUsable, "network usable", "The guest sends its first unicast packet from its address, or refuses a connection."},
		{"B12", ConfigFetched, "config fetched", "The first download of the first-boot config is complete."},
		{"B13", ManagementRST, "management port closed", "The guest refuses a connection to its management port for the first time."},
		{"B14", ManagementSYN, "management port open", "The guest accepts a connection to its management port for the first time."},
		{"B15", ManagementByte, "management answers", "The first byte of the management service arrives."},
		{"B16", ManagementLogin, "login works", "An authenticated command that does nothing has succeeded."},
		{"B17", BootComplete, "boot complete", "The system reports that it has booted."},
		{"B18", FirstContainer, "first container runs", "A container that was loaded before the boot says hello over the network."},
	}
}

// known says whether m is in the table, and where.
func known(m Milestone) (int, bool) {
	i := slices.IndexFunc(Milestones(), func(x Info) bool { return x.Milestone == m })
	return i, i >= 0
}

// Phase is an interval of a boot, for reports. From and To list milestones in
// order of preference: the first one that was seen is the boundary.
type Phase struct {
	Name string
	From []Milestone
	To   []Milestone
}

// PhaseSpan is a phase of one boot.
type PhaseSpan struct {
	Name   string        `json:"name"`
	From   Milestone     `json:"from,omitempty"` // boundary that was used
	To     Milestone     `json:"to,omitempty"`   // boundary that was used
	Start  time.Duration `json:"start_ns"`       // since the request
	Length time.Duration `json:"length_ns"`
	OK     bool          `json:"ok"`            // false: Start and Length mean nothing
	Why    string        `json:"why,omitempty"` // not OK: the reason
}

// PhaseTable returns the phases of a boot that ends with finish. Each phase
// begins where the one before it ends, so that they add up to the boot. A
// system without an initrd, or one that does not show its end, has its second
// boundary at the first process.
func PhaseTable(finish Milestone) []Phase {
	kernel := []Milestone{KernelStart, KernelConsole}
	system := []Milestone{SwitchRoot, InitStart}
	return []Phase{
		{"firmware+loader", []Milestone{VCPUStart, Request}, kernel},
		{"kernel+initrd", kernel, system},
		{"userspace", system, []Milestone{finish}},
	}
}

// Phases measures the phases of t. It always returns all of them, in order. A
// phase with a missing boundary, or with boundaries in the wrong order, is not
// OK and says why; it is never guessed from its neighbours.
func Phases(t Timeline, finish Milestone) []PhaseSpan {
	table := PhaseTable(finish)
	spans := make([]PhaseSpan, 0, len(table))
	for _, p := range table {
		spans = append(spans, p.Span(t))
	}
	return spans
}

// Span measures the phase in t.
func (p Phase) Span(t Timeline) PhaseSpan {
	s := PhaseSpan{Name: p.Name}
	from, okFrom := firstSeen(t, p.From)
	to, okTo := firstSeen(t, p.To)
	s.From, s.To = from.M, to.M
	switch {
	case !okFrom:
		s.Why = notSeen(t, p.From)
	case !okTo:
		s.Why = notSeen(t, p.To)
	case to.T < from.T:
		s.Why = fmt.Sprintf("%s was seen before %s", to.M, from.M)
	default:
		s.Start, s.Length, s.OK = from.T, to.T-from.T, true
	}
	return s
}

func firstSeen(t Timeline, ms []Milestone) (Event, bool) {
	for _, m := range ms {
		if e, ok := t.Find(m); ok {
			return e, true
		}
	}
	return Event{}, false
}

func notSeen(t Timeline, ms []Milestone) string {
	last := ms[len(ms)-1]
	return fmt.Sprintf("%s was not seen: %s", last, t.Why(last))
}
