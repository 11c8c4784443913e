package observe

import (
	"fmt"
	"time"
)

// Errors of a kernel start, until better bounds are measured on the machine at
// hand: the console replays early lines up to 280 ms late.
const (
	errMapped      = 20 * time.Millisecond
	errFewLines    = 150 * time.Millisecond
	errFromConsole = 300 * time.Millisecond
	fewLines       = 16
)

// Finish ends the observation and returns the timeline. It calculates the
// kernel's start from the stamps of its lines, and gives every milestone that
// was not seen a reason; reason says why the observation ends, such as "the
// deadline passed", or is empty after a complete boot. Later calls return the
// same timeline.
func (o *Observer) Finish(reason string) Timeline {
	o.console.flush()
	zero, counts := o.console.kernelZero(), o.console.counters()
	o.emitting.Lock()
	defer o.emitting.Unlock()
	o.mu.Lock()
	if o.frozen {
		defer o.mu.Unlock()
		return o.result
	}
	o.frozen = true
	refined := o.refine(zero)
	o.result = o.timeline(reason, zero, counts)
	o.notify()
	close(o.ended)
	o.mu.Unlock()
	for _, m := range refined {
		if e, ok := o.result.Find(m); ok {
			o.tell(e)
		}
	}
	return o.result
}

// refine sets the milestones that are calculated from the kernel's stamps and
// returns their names; callers hold mu.
func (o *Observer) refine(k kernelMap) []Milestone {
	if !o.began {
		return nil
	}
	first, ok := o.seen[KernelConsole]
	if k.ok && k.zero < o.b0 {
		k.why = "the kernel's stamps begin before the machine did"
		k.ok = false
	}
	if !k.ok {
		if !ok {
			return nil
		}
		// A clock that jumped is wrong by at least its jump.
		o.seen[KernelStart] = sighting{at: first.at, src: SourceSerial, err: errFromConsole + k.spread, q: Estimate,
			raw: "from the first kernel line: " + k.why}
		return []Milestone{KernelStart}
	}
	err := errMapped + k.spread
	if k.lines < fewLines {
		err = errFewLines
	}
	o.seen[KernelStart] = sighting{at: k.zero, src: SourceSerial, err: err, q: AtMost,
		raw: fmt.Sprintf("from %d stamped lines", k.lines)}
	refined := []Milestone{KernelStart}
	if s, ok := o.seen[InitStart]; ok && s.hasPK && k.zero+s.stamp <= s.at {
		s.at, s.err, s.q = k.zero+s.stamp, err, AtMost
		o.seen[InitStart] = s
		refined = append(refined, InitStart)
	}
	return refined
}

// timeline builds the result; callers hold mu.
func (o *Observer) timeline(reason string, k kernelMap, c Counters) Timeline {
	var t Timeline
	if o.began {
		t.Events = o.sorted()
	}
	for _, info := range o.table() {
		if _, ok := t.Find(info.Milestone); ok {
			continue
		}
		why, never := o.declared(info.Milestone)
		if !never {
			why = o.why(info.Milestone, k, c)
			if reason != "" {
				why += "; " + reason
			}
		}
		t.Missing = append(t.Missing, Missing{M: info.Milestone, Why: printable([]byte(why), 2*maxRaw)})
	}
	return t
}

// why finds the reason for which m was not seen; callers hold mu.
func (o *Observer) why(m Milestone, k kernelMap, c Counters) string {
	if !o.began {
		return "the boot was never requested"
	}
	if why, ok := o.notes[m]; ok {
		return why
	}
	if IsJoin(m) {
		return o.whyJoin(m)
	}
	switch m {
	case VCPUStart:
		return "the hypervisor reported no start"
	case KernelStart:
		return k.why
	case FirmwareFirst:
		return o.whyFirmware()
	case NetFirstFrame, DHCPDiscover, DHCPAck, NetUsable:
		return o.whyNet(m)
	case ManagementRST, ManagementSYN, ManagementByte, ManagementLogin:
		return o.whyManagement(m)
	}
	return o.whyConsole(m, c)
}

func (o *Observer) whyFirmware() string {
	if !o.firmwareAttached.Load() {
		return "no debug port, and the serial port began with the kernel or stayed silent"
	}
	return "the firmware wrote nothing to its debug port"
}

func (o *Observer) whyNet(m Milestone) string {
	switch {
	case o.net.frames.Load() == 0:
		return "no frames were seen: the network is not ours, or the guest has none"
	case m == DHCPAck:
		return "no DHCP acknowledgement for this guest was seen"
	case m == DHCPDiscover:
		return "the guest sent no DHCP request"
	case m == NetUsable:
		return "the guest sent nothing from its address"
	}
	return "the guest sent no frame"
}

func (o *Observer) whyManagement(m Milestone) string {
	_, opened := o.seen[ManagementSYN]
	switch {
	case o.profile.Port == 0:
		return "the system has no management port"
	case m == ManagementLogin:
		return "nobody logged in"
	case !o.address.IsValid():
		return "the guest's address never became known"
	case o.probe.sent.Load() == 0 && !opened:
		return "the port was not probed"
	case m == ManagementRST && opened:
		return "the port was open, or filtered, from the first probe on"
	case m == ManagementByte && opened:
		return "the port opened but sent nothing that was expected"
	}
	return fmt.Sprintf("port %d gave no such answer", o.profile.Port)
}

func (o *Observer) whyConsole(m Milestone, c Counters) string {
	for _, p := range o.profile.patterns {
		if p.m != m {
			continue
		}
		if c.SerialBytes == 0 {
			return "the serial port stayed silent"
		}
		kind := "default pattern"
		if p.declared {
			kind = "pattern"
		}
		return fmt.Sprintf("%s %q never matched in %d lines", kind, p.re, c.Lines)
	}
	return "nothing on the console shows it on this system"
}
