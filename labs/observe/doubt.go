package observe

import "time"

// Doubt lowers the claims of milestones that were stamped while this process
// was late, or right after: what they show may have come as early as the stall
// began, so that an exact stamp becomes an upper bound. Call it before
// [Observer.Finish], with the stalls of a [Canary] that ran beside it.
func (o *Observer) Doubt(stalls []Stall) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.frozen {
		return
	}
	for m, s := range o.seen {
		if !stampedHere(s.src) {
			continue
		}
		for _, stall := range stalls {
			s = s.doubted(stall.From.Sub(o.origin), stall.To.Sub(o.origin))
		}
		o.seen[m] = s
	}
}

// stampedHere says whether the stamp is of the moment at which this process
// read something. Other sources bring their own time, or are our own calls.
func stampedHere(src Source) bool {
	switch src {
	case SourceSerial, SourceFirmware, SourceNet, SourceProbe, SourceLifecycle, SourceAPI:
		return true
	}
	return false
}

// doubted is the sighting, given that the process was late between two times.
// Its backlog is read soon after, within canaryLimit.
func (s sighting) doubted(from, to time.Duration) sighting {
	if s.at <= from || s.at > to+canaryLimit {
		return s
	}
	s.err = max(s.err, s.at-from)
	if s.q == Exact {
		s.q = AtMost
	}
	return s
}
