package observe

import (
	"io"
	"net/netip"
	"os"
	"testing"
	"time"

	"distrolab/distros"
)

// The budgets of what observing may cost, as far as they are a matter of how it
// is built and not of the machine: measuring.md, section H.

func TestBudgetOfMessagesASecond(t *testing.T) {
	if perSecond := time.Second / probeEvery; perSecond > 100 {
		t.Errorf("the probe asks %d times a second; 100 is the budget", perSecond)
	}
	if perSecond := time.Second / canaryEvery; perSecond > 100 {
		t.Errorf("the canary wakes the observer %d times a second; 100 is the budget", perSecond)
	}
}

// A UART gives one byte a read. What is allocated for each delays the stamp of
// the next by a collection.
func TestBudgetOfMemoryForAByteOfConsole(t *testing.T) {
	text, err := os.ReadFile("testdata/ignition.log")
	if err != nil {
		t.Fatal(err)
	}
	o := New(compile(t, distros.BootProfile{}), Options{Console: io.Discard, Stamps: io.Discard})
	o.Begin(time.Now())
	next := 0
	perRead := testing.AllocsPerRun(len(text)-1, func() {
		o.console.take(chunk{data: text[next : next+1], at: o.now()})
		next++
	})
	if perRead >= 1 {
		t.Errorf("%.2f allocations a byte of console; less than one is the budget", perRead)
	}
}

func TestBudgetOfMemoryForAFrame(t *testing.T) {
	o := New(compile(t, distros.BootProfile{ManagementPort: 22}), Options{MAC: guestMAC, Subnet: subnet, Address: guestIP})
	o.Begin(time.Now())
	frame := frameOf(otherMAC, guestMAC, guestIP, netip.MustParseAddr("192.168.90.20"), 6, tcpOf(40000, 0x10))
	o.Frame(time.Now(), true, false, frame) // the first one is a milestone
	at := time.Now()
	if allocated := testing.AllocsPerRun(1000, func() { o.Frame(at, true, false, frame) }); allocated > 0 {
		t.Errorf("%.1f allocations for a frame that shows nothing new; none is the budget", allocated)
	}
}
