package machine

import (
	"testing"
	"testing/synctest"
	"time"

	"distrolab/distros"
	"distrolab/labs/observe"
)

// joining is a machine that joins a cluster while it boots, and that never says
// that it has booted.
func joining(t *testing.T) *Machine {
	t.Helper()
	m := waiting(t, distros.DeliverVolume)
	m.opt.Join = &observe.JoinWatch{Node: "n1", Cold: true}
	m.observer = observe.New(observe.Profile{Finish: observe.BootComplete}, observe.Options{Join: m.opt.Join})
	m.observer.Begin(time.Now())
	return m
}

func TestReadyNodeHasBooted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := joining(t)
		began := time.Now()
		time.AfterFunc(time.Hour, func() { m.observer.Mark(observe.NodeReady, time.Now(), observe.SourceAPI, 0, observe.Exact, "") })
		if err := m.awaitJoined(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != time.Hour+lateWords {
			t.Errorf("it took %s", took)
		}
	})
}

func TestMachineThatEndsIsNotReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := joining(t)
		m.observer.Mark(observe.NodeReady, time.Now(), observe.SourceAPI, 0, observe.Exact, "")
		time.AfterFunc(lateWords/2, func() { m.ended("it powered off") })
		if err := m.awaitJoined(t.Context(), nil); err == nil {
			t.Error("a machine that powered off has booted")
		}
	})
}
