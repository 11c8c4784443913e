package main

import (
	"fmt"
	"slices"
	"time"

	"distrolab/labs/observe"
)

// judge puts the errors of all stamps into the record, and what they mean.
func (c *comparison) judge(r *record, lateness observe.CanaryResult, loaded bool) {
	taint := lateness.Taint()
	for _, x := range []struct {
		what   string
		stamps []stamped
		judged bool
	}{
		{"serial port, end of each mark", c.marks, true},
		{"serial port, every byte since power-on", c.serial, false},
		{"serial port, first byte after 2 ms of silence", afterSilence(c.serial), false},
		{"debug port, every byte of the marks", c.debug, true},
		{"network, each mark", c.cable, true},
		{"network, every frame since power-on", c.frames, false},
	} {
		s := spreadOf(x.what, errorsOf(x.stamps))
		switch {
		case x.judged && !loaded:
			s = s.within(limitP50, limitP99, limitMost)
		case x.judged:
			s.Bound = fmt.Sprintf("p99 ≤ %d, or the canary taints", limitLoaded)
			s.Kept = s.Least >= -0.1 && (s.P99 <= limitLoaded || taint != "")
		}
		r.Errors = append(r.Errors, s)
	}
	unflagged, late := c.unflagged()
	s := spreadOf(fmt.Sprintf("stamps more than %d ms late that nothing flags", limitMost), unflagged)
	s.Bound, s.Kept = "none, or the canary taints", len(unflagged) == 0 || taint != ""
	r.Errors = append(r.Errors, s)
	r.Notes = append(r.Notes,
		fmt.Sprintf("canary p50 %.2f, p99 %.2f, max %.2f ms; %d stalls; taint: %s", lateness.P50/1000, lateness.P99/1000, lateness.Max/1000, len(c.stalls), orNone(taint)),
		fmt.Sprintf("%d of %d stamps were more than %d ms late", late, len(c.serial)+len(c.debug)+len(c.frames), limitMost))
	c.judgeKernel(r)
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func errorsOf(all []stamped) []time.Duration {
	out := make([]time.Duration, len(all))
	for i, s := range all {
		out[i] = s.at - s.truth
	}
	return out
}

// afterSilence keeps the bytes that the reader had to wait for.
func afterSilence(all []stamped) []stamped {
	var out []stamped
	for i, s := range all {
		if i > 0 && s.truth-all[i-1].truth > 2*time.Millisecond {
			out = append(out, s)
		}
	}
	return out
}

// unflagged finds the stamps that are too late and outside of every stall that
// the canary saw: an observer would call them exact.
func (c *comparison) unflagged() (errors []time.Duration, late int) {
	for _, s := range slices.Concat(c.serial, c.debug, c.frames) {
		e := s.at - s.truth
		if e <= limitMost*time.Millisecond {
			continue
		}
		late++
		if !slices.ContainsFunc(c.stalls, func(x observe.Stall) bool {
			return s.at > x.From.Sub(c.rig.zero) && s.at <= x.To.Sub(c.rig.zero)+5*time.Millisecond
		}) {
			errors = append(errors, e)
		}
	}
	return errors, late
}

// judgeKernel holds the calculated start of the kernel's clock against the
// truth: the guest's CLOCK_MONOTONIC is mapped to the host's time by the debug
// port (T3), and the kernel's message clock to that by pairs read in the guest.
func (c *comparison) judgeKernel(r *record) {
	event, ok := c.timeline.Find(observe.KernelStart)
	if !ok {
		r.Notes = append(r.Notes, "the kernel's start was not calculated: "+c.timeline.Why(observe.KernelStart))
		return
	}
	var zeros []time.Duration
	for _, p := range c.pairs {
		middle := p.Before + (p.After-p.Before)/2
		zeros = append(zeros, c.offsetAt(middle)+middle-p.Printk)
	}
	if len(zeros) == 0 {
		r.Notes = append(r.Notes, "the guest compared no clocks")
		return
	}
	var errors []time.Duration
	for _, z := range zeros {
		errors = append(errors, event.T-z)
	}
	s := spreadOf("kernel_start against the guest's clock", errors)
	s.Bound = fmt.Sprintf("within the error that the event claims, %.0f ms, never earlier than the truth by more", millis(event.Err))
	s.Kept = s.Least >= -millis(event.Err) && s.Most <= millis(event.Err)
	r.Errors = append(r.Errors, s)
	r.Notes = append(r.Notes,
		fmt.Sprintf("kernel_start is %.3f s after the CPUs ran, %s, claimed error %s; the zero of the guest's message clock wanders by %.3f ms while it claps",
			event.T.Seconds(), event.Q, event.Err, millis(slices.Max(zeros)-slices.Min(zeros))))
}

// offsetAt is host time less guest clock near a moment of the guest's clock: the
// least of the marks around it, since a mark is sent after its clock was read.
func (c *comparison) offsetAt(clock time.Duration) time.Duration {
	const around = 25
	i, _ := slices.BinarySearchFunc(c.debugs, clock, func(m mapped, t time.Duration) int { return int(m.clock - t) })
	near := c.debugs[max(0, min(i, len(c.debugs))-around):min(len(c.debugs), i+around)]
	least := near[0].truth - near[0].clock
	for _, m := range near {
		least = min(least, m.truth-m.clock)
	}
	return least
}
