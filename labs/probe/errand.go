package probe

import (
	"fmt"
	"time"
)

// Words of the kernel command line that give the guest an errand besides its
// report. Measurements of the observer use them: what the guest then does is
// known beforehand, so that what was observed can be held against it.
const (
	WordClap  = "distrolab.clap="  // so many marks over every way out; see [Mark]
	WordSleep = "distrolab.sleep=" // a pause before the last line, such as 3s
	WordTime  = "distrolab.time"   // wait for an answer of the lab's time server before the report
)

// Lines by which the guest says what its errand is at.
const (
	LineSleeps    = "distrolab-probe: sleeps"            // the next line comes after the pause
	LineAsksTime  = "distrolab-probe: asks for the time" // before the first question
	LineKnowsTime = "distrolab-probe: knows the time"    // after the answer
	LineClapsSoon = "distrolab-probe: claps soon"        // [ClapPause] before the first mark
	LineClapsDone = "distrolab-probe: clapped"           // after the last mark
)

// How the guest claps.
const (
	ClapPause   = 4 * time.Second      // before the first mark
	ClapUDPPort = 9                    // of the gateway, which marks are sent to; nobody listens
	ClapIOPort  = 0x402                // the debug port that firmware writes to
	ClapEvery   = 8 * time.Millisecond // at least, between two marks
	MaxClaps    = 100_000
	AskEvery    = 100 * time.Millisecond // between two questions for the time
)

// Mark is one of the numbered marks that the guest sends over its serial port,
// its debug port and its network, each with its own clock read just before.
type Mark struct {
	Number int
	Clock  time.Duration // CLOCK_MONOTONIC of the guest
}

// String is the mark as it is sent, without a line end.
func (m Mark) String() string { return fmt.Sprintf("distrolab-clap %d %d", m.Number, int64(m.Clock)) }

// ParseMark reads a mark.
func ParseMark(text string) (Mark, bool) {
	var m Mark
	var clock int64
	n, err := fmt.Sscanf(text, "distrolab-clap %d %d", &m.Number, &clock)
	m.Clock = time.Duration(clock)
	return m, err == nil && n == 2 && m.Number > 0 && m.Number <= MaxClaps && clock >= 0
}

// ClockPair says where the clock of the kernel's messages stood when the
// guest's CLOCK_MONOTONIC was between two readings.
type ClockPair struct {
	Printk        time.Duration
	Before, After time.Duration // CLOCK_MONOTONIC
}

// String is the pair as the guest prints it.
func (p ClockPair) String() string {
	return fmt.Sprintf("distrolab-clocks %d %d %d", int64(p.Printk), int64(p.Before), int64(p.After))
}

// ParseClockPair reads a pair.
func ParseClockPair(text string) (ClockPair, bool) {
	var printk, before, after int64
	n, err := fmt.Sscanf(text, "distrolab-clocks %d %d %d", &printk, &before, &after)
	p := ClockPair{time.Duration(printk), time.Duration(before), time.Duration(after)}
	return p, err == nil && n == 3 && printk >= 0 && before >= 0 && before <= after
}
