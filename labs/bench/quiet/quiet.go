// Package quiet finds out what of the host would disturb a measured run, and
// waits a bounded time for it to end. It reads the kernel's files through a file
// system and changes nothing: a noisy machine is told about, never mended.
package quiet

import "fmt"

// Bounds of what still counts as quiet. The work of a run's own machine is not
// among it: [Watch] leaves it out.
const (
	mostOthers = 0.10 // share of all processors that other programs may use
	mostStolen = 0.02 // share that other guests of the host's host may take
	mostSwap   = 64   // pages read from swap
)

// Reading is what was seen in a span of time. Nil is unknown, and no reason to
// wait.
type Reading struct {
	Others   *float64 // share of all processors that other programs used, 0 to 1
	Stolen   *float64 // share that other guests of the host's host took
	SwapIn   *int64   // pages read from swap
	Throttle *int64   // times that a processor was slowed down because it was hot
	Power    string   // ac, battery; empty: not told
}

// Disturbances say what is not quiet, one sentence each.
func (r Reading) Disturbances() []string {
	list := []string{}
	if r.Others != nil && *r.Others > mostOthers {
		list = append(list, fmt.Sprintf("other programs used %.0f %% of the processors", *r.Others*100))
	}
	if r.Stolen != nil && *r.Stolen > mostStolen {
		list = append(list, fmt.Sprintf("the host's host took %.0f %% of the processors", *r.Stolen*100))
	}
	if r.SwapIn != nil && *r.SwapIn > mostSwap {
		list = append(list, fmt.Sprintf("%d pages were read from swap", *r.SwapIn))
	}
	if r.Throttle != nil && *r.Throttle > 0 {
		list = append(list, fmt.Sprintf("the processors were slowed down %d times because they were hot", *r.Throttle))
	}
	if r.Power == "battery" {
		list = append(list, "the machine runs on battery")
	}
	return list
}
