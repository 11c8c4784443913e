package observe

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	apiServer = netip.MustParseAddrPort("192.168.90.5:6443")
	helloPort = netip.MustParseAddrPort("192.168.90.1:9")
	podIP     = netip.MustParseAddr("10.244.3.2")
)

// segment of a TCP connection between two ports.
func segmentOf(src, dst uint16, flags byte, data string) []byte {
	b := tcpOf(src, flags)
	binary.BigEndian.PutUint16(b[2:], dst)
	return append(b, data...)
}

const tlsHello = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"

func watchOfJoin() JoinWatch {
	return JoinWatch{API: apiServer, Hello: helloPort, Node: "node-1", Cold: true}
}

// seenIn feeds the frames, one each 100 ms, and returns when each of a join's
// milestones was seen, in ms.
func seenIn(t testing.TB, watch JoinWatch, frames ...[]byte) map[Milestone]time.Duration {
	t.Helper()
	o, zero := joins(t, watch, nil)
	for i, f := range frames {
		o.Frame(zero.Add(time.Duration(i+1)*100*time.Millisecond), true, false, f)
	}
	got := map[Milestone]time.Duration{}
	for _, e := range o.Finish("").Events {
		if IsJoin(e.M) && e.M != Trigger {
			got[e.M] = e.T / time.Millisecond
		}
	}
	return got
}

// fromNode and fromPod are packets that leave by the guest's card.
func fromNode(to netip.Addr, segment []byte) []byte {
	return frameOf(otherMAC, guestMAC, guestIP, to, 6, segment)
}

func fromPod(to netip.Addr, port uint16, text string) []byte {
	return frameOf(otherMAC, guestMAC, podIP, to, 17, udpOf(4000, port, []byte(text)))
}

func TestFramesShowTheJoin(t *testing.T) {
	got := seenIn(t, watchOfJoin(),
		fromNode(gateway, segmentOf(4000, 443, 0x02, "")),                   // another server
		fromNode(apiServer.Addr(), segmentOf(4001, 6443, 0x02, "")),         // 200 ms: SYN
		fromNode(apiServer.Addr(), segmentOf(4001, 6443, 0x10, "")),         // ACK
		fromNode(apiServer.Addr(), segmentOf(4001, 6443, 0x18, tlsHello)),   // 400 ms
		fromNode(apiServer.Addr(), segmentOf(4001, 6443, 0x18, "\x17\x03")), // more of it
		fromNode(apiServer.Addr(), segmentOf(10250, 4000, 0x14, "")),        // kubelet's port is closed
		fromNode(apiServer.Addr(), segmentOf(10250, 4000, 0x12, "")),        // 700 ms: SYN/ACK
		fromPod(gateway, 9, "distrolab-hello node-1"),                       // 800 ms
	)
	want := map[Milestone]time.Duration{APIFirstSYN: 200, APIFirstRequest: 400, KubeletListening: 700, FirstPod: 800}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("milestones in ms (-want +got):\n%s", diff)
	}
}

func TestQualityOfWhatFramesShowOfAJoin(t *testing.T) {
	o, zero := joins(t, watchOfJoin(), nil)
	hello := fromNode(apiServer.Addr(), segmentOf(4001, 6443, 0x18, tlsHello))
	pod := fromPod(gateway, 9, "distrolab-hello node-1 \x1b[31m")
	o.Frame(zero.Add(time.Second), true, false, hello)
	o.Frame(zero.Add(2*time.Second), true, true, pod)
	tl := o.Finish("")
	for m, want := range map[Milestone]Event{
		APIFirstRequest: {APIFirstRequest, time.Second, SourceNet, time.Millisecond, AtLeast, "TLS client hello"},
		FirstPod:        {FirstPod, 2 * time.Second, SourceNet, time.Millisecond, AtMost, `10.244.3.2 says distrolab-hello node-1 \x1b[31m`},
	} {
		if e, _ := tl.Find(m); e != want {
			t.Errorf("event %+v, want %+v", e, want)
		}
	}
	o, zero = joins(t, watchOfJoin(), nil)
	o.Frame(zero.Add(time.Second), true, true, hello)
	if e, _ := o.Finish("").Find(APIFirstRequest); e.Q != Estimate {
		t.Errorf("quality %s of a hello among other frames, want est", e.Q)
	}
}

func TestWhatIsNoJoinIsNotTakenForOne(t *testing.T) {
	elsewhere := netip.MustParseAddr("192.168.90.6")
	late := fromNode(apiServer.Addr(), segmentOf(4001, 6443, 0x02, ""))
	for name, f := range map[string][]byte{
		"SYN of another machine":        frameOf(otherMAC, otherMAC, guestIP, apiServer.Addr(), 6, segmentOf(1, 6443, 2, "")),
		"SYN to another address":        fromNode(elsewhere, segmentOf(1, 6443, 0x02, "")),
		"SYN/ACK to the API":            fromNode(apiServer.Addr(), segmentOf(1, 6443, 0x12, "")),
		"a cut TCP header":              fromNode(apiServer.Addr(), segmentOf(1, 6443, 0x02, "")[:19]),
		"a header longer than it is":    fromNode(apiServer.Addr(), append(segmentOf(1, 6443, 0x02, "")[:12], 0xf0, 2, 0, 0, 0, 0, 0, 0)),
		"a cut hello":                   fromNode(apiServer.Addr(), segmentOf(1, 6443, 0x18, tlsHello[:5])),
		"a server's hello":              fromNode(apiServer.Addr(), segmentOf(1, 6443, 0x18, "\x16\x03\x01\x02\x00\x02")),
		"plain HTTP":                    fromNode(apiServer.Addr(), segmentOf(1, 6443, 0x18, "GET / HTTP/1.1")),
		"a pod's port 10250":            frameOf(otherMAC, guestMAC, podIP, gateway, 6, segmentOf(10250, 1, 0x12, "")),
		"a hello to another port":       fromPod(gateway, 10, "distrolab-hello node-1"),
		"a hello to another address":    fromPod(elsewhere, 9, "distrolab-hello node-1"),
		"a hello of another node":       fromPod(gateway, 9, "distrolab-hello node-2"),
		"a hello of a longer name":      fromPod(gateway, 9, "distrolab-hello node-10"),
		"a cut hello of a pod":          fromPod(gateway, 9, "distrolab-hello node-"),
		"something else":                fromPod(gateway, 9, "distrolab"),
		"a datagram that lies":          frameOf(otherMAC, guestMAC, podIP, gateway, 17, append([]byte{1, 1, 0, 9, 255, 255, 0, 0}, "distrolab-hello node-1"...)),
		"a datagram shorter than that":  frameOf(otherMAC, guestMAC, podIP, gateway, 17, append([]byte{1, 1, 0, 9, 0, 7, 0, 0}, "distrolab-hello node-1"...)),
		"a frame of the guest's length": late[:20],
	} {
		if got := seenIn(t, watchOfJoin(), f); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestFramesBeforeTheTriggerAreNotOfTheJoin: a kubelet that has no node yet may
// call the API already; the call after the trigger is the one.
func TestFramesBeforeTheTriggerAreNotOfTheJoin(t *testing.T) {
	watch := watchOfJoin()
	watch.Cold = false
	o, zero := joins(t, watch, nil)
	syn := fromNode(apiServer.Addr(), segmentOf(4001, 6443, 0x02, ""))
	o.Frame(zero.Add(time.Second), true, false, syn)
	o.Mark(Trigger, zero.Add(2*time.Second), SourceClient, 0, Exact, "")
	o.Frame(zero.Add(3*time.Second), true, false, syn)
	o.Mark(Trigger, zero.Add(4*time.Second), SourceClient, 0, Exact, "")
	o.Frame(zero.Add(5*time.Second), true, false, syn)
	tl := o.Finish("")
	if at, _ := tl.At(APIFirstSYN); at != 3*time.Second {
		t.Errorf("API called at %v, want 3s", at)
	}
}

func TestFramesOfAJoinAreParsedUntilAllWasSeen(t *testing.T) {
	o, zero := joins(t, watchOfJoin(), nil)
	for _, f := range [][]byte{
		discover(t, 7), fromNode(apiServer.Addr(), segmentOf(1, 6443, 2, "")),
		fromNode(apiServer.Addr(), segmentOf(1, 6443, 0x18, tlsHello)), fromNode(gateway, segmentOf(10250, 1, 0x12, "")),
	} {
		o.Frame(zero, true, false, f)
	}
	o.Frame(zero, false, false, ack(t, 7, guestMAC, guestIP))
	if o.net.done.Load() {
		t.Error("frames are no longer parsed while the probe pod is still to come")
	}
	o.Frame(zero, true, false, fromPod(gateway, 9, "distrolab-hello node-1"))
	if !o.net.done.Load() {
		t.Error("frames are still parsed after all was seen")
	}
}

func TestBudgetOfMemoryForAFrameOfAJoin(t *testing.T) {
	o, zero := joins(t, watchOfJoin(), nil)
	frames := [][]byte{
		fromNode(apiServer.Addr(), segmentOf(1, 6443, 0x02, "")),
		fromNode(apiServer.Addr(), segmentOf(1, 6443, 0x18, tlsHello)),
		fromNode(gateway, segmentOf(10250, 1, 0x14, "")),
		fromPod(gateway, 9, "distrolab-hello node-2"),
	}
	look := func() {
		for _, f := range frames {
			o.Frame(zero, true, false, f)
		}
	}
	look() // some are milestones
	if allocated := testing.AllocsPerRun(1000, look); allocated > 0 {
		t.Errorf("%.1f allocations for four frames that show nothing new; none is the budget", allocated)
	}
}

func FuzzFrameOfAJoin(f *testing.F) {
	f.Add(fromNode(apiServer.Addr(), segmentOf(1, 6443, 0x02, "")))
	f.Add(fromNode(apiServer.Addr(), segmentOf(1, 6443, 0x18, tlsHello)))
	f.Add(fromNode(gateway, segmentOf(10250, 1, 0x12, "")))
	f.Add(fromPod(gateway, 9, "distrolab-hello node-1\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, zero := joins(t, watchOfJoin(), nil)
		o.Frame(zero.Add(time.Second), true, false, data)
		tl := o.Finish("")
		checkAccounted(t, tl)
		joined := 0
		for _, e := range tl.Events {
			if IsJoin(e.M) && e.M != Trigger {
				joined++
			}
		}
		if joined > 2 {
			t.Errorf("one frame shows %d milestones of a join: %+v", joined, tl.Events)
		}
	})
}
