package app

import (
	"strings"
	"testing"

	"distrolab/labs"
	"distrolab/labs/machine"
	"distrolab/labs/observe"
)

// The change of state to "booting" is told beside the machine's own events and
// comes before or after them, as it happens.
func TestEveryBootOfALabIsToldWhole(t *testing.T) {
	milestone := func(m observe.Milestone) labs.Event {
		return labs.Event{Machine: "probe", Milestone: &observe.Event{M: m}}
	}
	booting := labs.Event{Machine: "probe", State: labs.StateBooting}
	for name, events := range map[string][]labs.Event{
		"state first": {milestone(observe.Request), booting, milestone(observe.FirmwareFirst)},
		"state last":  {milestone(observe.Request), milestone(observe.FirmwareFirst), booting},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			p := newBootPrinter(&application{world: World{Err: &out, Getenv: func(string) string { return "" }}},
				labs.Spec{Machines: []machine.Spec{{Name: "probe"}}})
			for range 2 {
				for _, e := range append(events, milestone(observe.FirmwareFirst)) { // a better stamp
					p.show(e)
				}
			}
			for _, text := range []string{"start requested", "firmware starts"} {
				if got := strings.Count(out.String(), text); got != 2 {
					t.Errorf("%q is told %d times in two boots:\n%s", text, got, out.String())
				}
			}
		})
	}
}
