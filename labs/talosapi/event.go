package talosapi

import (
	"strings"
	"time"

	"github.com/siderolabs/talos/pkg/machinery/api/common"
	machineapi "github.com/siderolabs/talos/pkg/machinery/api/machine"
)

// EventKind is what an event is about.
type EventKind string

// The kinds of events.
const (
	EventSequence EventKind = "sequence" // Name boot, Action start or stop, Text an error
	EventPhase    EventKind = "phase"    // a part of a sequence
	EventTask     EventKind = "task"     // a part of a phase
	EventService  EventKind = "service"  // Name kubelet, Action running, Text its last words
	EventStatus   EventKind = "status"   // Name of the stage, Action ready or waiting, Text what it waits for
	EventAddress  EventKind = "address"  // Name the host name, Text its addresses
	EventRestart  EventKind = "restart"  // Talos restarts
	EventConfig   EventKind = "config"   // Action load or validation, Text the error
	EventOther    EventKind = "other"    // Name the type; newer than this program, or unreadable
)

// Event is one thing that a machine says of itself. All texts are printable
// and bounded.
type Event struct {
	At     time.Time // when it was received; Talos's events carry no time
	Kind   EventKind
	ID     string
	Name   string
	Action string
	Text   string
}

// Ready says that the machine reports itself running with nothing to wait for.
func (e Event) Ready() bool {
	return e.Kind == EventStatus && e.Name == "running" && e.Action == actionReady
}

const (
	actionReady   = "ready"
	actionWaiting = "waiting"
)

// decode reads an event; ok is false for the empty one that opens a stream.
func decode(e *machineapi.Event, at time.Time) (event Event, ok bool) {
	data := e.GetData()
	if data == nil || data.GetTypeUrl() == "" {
		return Event{}, false
	}
	event = Event{At: at, Kind: EventOther, ID: bounded(e.GetId()), Name: bounded(data.GetTypeUrl())}
	message, err := data.UnmarshalNew()
	if err != nil {
		event.Text = "it cannot be read: " + bounded(err.Error())
		return event, true
	}
	switch m := message.(type) {
	case *machineapi.SequenceEvent:
		event.say(EventSequence, m.GetSequence(), m.GetAction().String(), problem(m.GetError()))
	case *machineapi.PhaseEvent:
		event.say(EventPhase, m.GetPhase(), m.GetAction().String(), "")
	case *machineapi.TaskEvent:
		event.say(EventTask, m.GetTask(), m.GetAction().String(), "")
	case *machineapi.ServiceStateEvent:
		event.say(EventService, m.GetService(), m.GetAction().String(), m.GetMessage())
	case *machineapi.MachineStatusEvent:
		action, unmet := standing(m.GetStatus())
		event.say(EventStatus, m.GetStage().String(), action, unmet)
		event.Name = strings.ToLower(event.Name)
	case *machineapi.AddressEvent:
		event.say(EventAddress, m.GetHostname(), "", strings.Join(boundedAll(m.GetAddresses()), ", "))
	case *machineapi.RestartEvent:
		event.say(EventRestart, "", "", "")
	case *machineapi.ConfigLoadErrorEvent:
		event.say(EventConfig, "", "load", m.GetError())
	case *machineapi.ConfigValidationErrorEvent:
		event.say(EventConfig, "", "validation", m.GetError())
	}
	return event, true
}

func (e *Event) say(kind EventKind, name, action, text string) {
	e.Kind, e.Name, e.Action, e.Text = kind, bounded(name), strings.ToLower(bounded(action)), bounded(text)
}

// problem is the error of a sequence with its kind, such as "canceled".
func problem(e *common.Error) string {
	if e == nil {
		return ""
	}
	return strings.ToLower(e.GetCode().String()) + ": " + e.GetMessage()
}

// standing says what keeps a machine from being ready.
func standing(s *machineapi.MachineStatusEvent_MachineStatus) (action, unmet string) {
	if s.GetReady() {
		return actionReady, ""
	}
	var reasons []string
	for _, c := range s.GetUnmetConditions()[:min(len(s.GetUnmetConditions()), 20)] {
		reasons = append(reasons, bounded(c.GetName()+": "+c.GetReason()))
	}
	return actionWaiting, strings.Join(reasons, "; ")
}
