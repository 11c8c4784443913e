package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"distrolab/labs/observe"
	"distrolab/labs/probe"
	"distrolab/labs/results"
)

func TestTraceTellsWhatLeftTheGuest(t *testing.T) {
	text := `12@100.000001:serial_write write addr 0x03 val 0x80
12@100.000002:serial_write write addr 0x00 val 0x01
12@100.000003:serial_write write addr 0x03 val 0x03
12@100.000004:serial_write write addr 0x04 val 0x1b
12@100.000005:serial_write write addr 0x00 val 0x55
12@100.000006:serial_write write addr 0x04 val 0x0b
12@100.000007:serial_write write addr 0x00 val 0x41
qemu: noise
12@x.000008:serial_write write addr 0x00 val 0x42
12@100.000009:virtqueue_pop vq 0xa elem 0x1 in_num 0 out_num 1
12@100.000010:virtio_queue_notify vdev 0x1 n 0 vq 0xb
12@100.000011:virtio_queue_notify vdev 0x1 n 1 vq 0xa
12@100.000012:virtqueue_pop vq 0xb elem 0x1 in_num 1 out_num 0
12@100.000013:virtqueue_pop vq 0xa elem 0x1 in_num 0 out_num 1
12@100.000014:memory_region_ops_write cpu 0 mr 0x1 addr 0x402 value 0x64 size 1 name 'isa-debugcon'
12@100.000015:memory_region_ops_write cpu 0 mr 0x1 addr 0x3f8 value 0x64 size 1 name 'serial'
`
	got, err := readTrace(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	at := func(us int64) time.Time { return time.Unix(100, us*1000) }
	want := trace{serial: []sent{{at(7), 'A'}}, debug: []sent{{at(14), 'd'}}, frames: []sent{{at(13), 0}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(trace{}, sent{})); diff != "" {
		t.Error(diff)
	}
}

func TestStreamThatDiffersFromTheTraceIsRefused(t *testing.T) {
	zero := time.Unix(1000, 0)
	g := &rig{zero: zero, clocks: []clockPair{{zero, 0}, {zero.Add(time.Second), time.Second + time.Millisecond}}}
	var l log
	l.raw.Write([]byte("xab"))
	l.stamps.Write([]byte(`{"offset":0,"n":1,"t_ns":5}` + "\n" + `{"offset":1,"n":2,"t_ns":2000000000}` + "\n"))
	truth := []sent{{zero.Add(999 * time.Millisecond), 'a'}, {zero.Add(1900 * time.Millisecond), 'b'}}
	got, err := g.align("port", &l, truth)
	want := []stamped{{2 * time.Second, time.Second}, {2 * time.Second, 1901 * time.Millisecond}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(stamped{})); err != nil || diff != "" {
		t.Error(err, diff)
	}
	truth[0].value = 'c'
	if _, err := g.align("port", &l, truth); err == nil || !strings.Contains(err.Error(), "byte 1") {
		t.Errorf("another byte: %v", err)
	}
	if _, err := g.align("port", &l, make([]sent, 4)); err == nil {
		t.Error("a byte that never came is not missed")
	}
}

func TestBoundsOfErrors(t *testing.T) {
	ms := time.Millisecond
	many := make([]time.Duration, 1000)
	for i := range many {
		many[i] = ms / 2
	}
	if s := spreadOf("x", many).within(1, 5, 20); !s.Kept || s.P50 != 0.5 || s.N != 1000 {
		t.Errorf("%+v", s)
	}
	many[0] = -ms
	if s := spreadOf("x", many).within(1, 5, 20); s.Kept || s.Least != -1 {
		t.Errorf("a stamp before the truth: %+v", s)
	}
	many[0] = 21 * ms
	if s := spreadOf("x", many).within(1, 5, 20); s.Kept || s.Most != 21 {
		t.Errorf("a stamp 21 ms late: %+v", s)
	}
	if s := spreadOf("x", nil).within(1, 5, 20); s.Kept {
		t.Error("nothing measured keeps the bound")
	}
}

func TestLateStampsOutsideOfStallsAreFound(t *testing.T) {
	zero := time.Now()
	ms := time.Millisecond
	c := comparison{rig: &rig{zero: zero}, stalls: []observe.Stall{{From: zero.Add(100 * ms), To: zero.Add(200 * ms)}},
		serial: []stamped{{10 * ms, 0}, {201 * ms, 101 * ms}, {300 * ms, 270 * ms}}}
	unflagged, late := c.unflagged()
	if late != 2 || len(unflagged) != 1 || unflagged[0] != 30*ms {
		t.Errorf("%d late, unflagged %v", late, unflagged)
	}
}

// The delayed boot differs in what is behind the delay, by the delay.
func TestShiftsAreJudged(t *testing.T) {
	offer := arms()[1]
	if offer.length != 2*time.Second {
		t.Fatalf("the second arm is %q", offer.name)
	}
	boots := func(late time.Duration, early time.Duration) []boot {
		var all []boot
		for i := range 7 {
			noise := time.Duration(i%3-1) * 10 * time.Millisecond
			all = append(all, boot{
				string(observe.KernelConsole): time.Second + noise + early, string(observe.InitStart): 2*time.Second + noise,
				string(observe.NetFirstFrame): 2*time.Second + noise, string(observe.DHCPDiscover): 2*time.Second + noise,
				string(observe.DHCPAck):      2*time.Second + noise + late,
				string(observe.BootComplete): 3*time.Second - noise + late,
			})
		}
		return all
	}
	for _, tt := range []struct {
		name        string
		late, early time.Duration
		kept        bool
	}{
		{"as it should be", 2 * time.Second, 0, true},
		{"not at all", 0, 0, false},
		{"too little", 1950 * time.Millisecond, 0, false},
		{"an earlier one moved too", 2 * time.Second, time.Second, false},
	} {
		r := record{Shifts: offer.shifts(boots(0, 0), boots(tt.late, tt.early))}
		if r.kept() != tt.kept {
			t.Errorf("%s: kept %v\n%+v", tt.name, r.kept(), r.Shifts)
		}
	}
}

// The line before a pause is printed only where there is one.
func TestPauseIsMeasuredFromItsOwnLine(t *testing.T) {
	pause := arms()[2]
	var plain, delayed []boot
	for range 6 {
		plain = append(plain, boot{string(observe.BootComplete): 5 * time.Second})
		delayed = append(delayed, boot{pause.from: 5 * time.Second, string(observe.BootComplete): 8 * time.Second})
	}
	if s := pause.shifts(plain, delayed)[0]; !s.Kept || s.Moved != 3000 {
		t.Errorf("%+v", s)
	}
}

func TestHeldAnswers(t *testing.T) {
	ntp := func(from byte) []byte {
		f := make([]byte, 14+20+8+48)
		f[12], f[14], f[23], f[35], f[37] = 8, 0x45, 17, from, 200
		return f
	}
	hold := silentClock(time.Hour)()
	if hold(ntp(123)) >= 0 || hold(ntp(53)) != 0 || hold([]byte{1}) != 0 {
		t.Error("the time server's answers, and no others, are lost")
	}
	if d := silentClock(-time.Second)()(ntp(123)); d != 0 {
		t.Errorf("after the silence an answer is held for %s", d)
	}
	if got := markOf(append(ntp(1)[:42], "distrolab-clap 1 2"...)); got != "" {
		t.Errorf("a datagram to another port is the mark %q", got)
	}
	f := append(ntp(1)[:42], "distrolab-clap 1 2"...)
	f[37] = probe.ClapUDPPort
	if got := markOf(f); got != "distrolab-clap 1 2" {
		t.Errorf("mark %q", got)
	}
}

// docs/observer.md shows what the records say.
func TestTablesAreFresh(t *testing.T) {
	const document = "../../docs/observer.md"
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := withTables(string(text), filepath.Join(filepath.Dir(document), "observer"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(text), fresh); diff != "" {
		t.Errorf("run scripts/bench-observer table:\n%s", diff)
	}
}

func TestCommandLine(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		says string
	}{
		{nil, exitUsage, "usage"},
		{[]string{"--help"}, exitDone, "example:"},
		{[]string{"clap", "--help"}, exitDone, "example:"},
		{[]string{"nothing"}, exitUsage, "no command"},
		{[]string{"clap", "--marks", "0"}, exitUsage, "take 1 to"},
		{[]string{"clap", "more"}, exitUsage, "unexpected argument"},
		{[]string{"delays", "--blocks", "3"}, exitFailed, "no interval"},
	} {
		var out bytes.Buffer
		if code := run(context.Background(), tt.args, &out, &out); code != tt.code || !strings.Contains(out.String(), tt.says) {
			t.Errorf("%q: exit %d, want %d; it says %q", tt.args, code, tt.code, out.String())
		}
	}
}

func endsBy(raw string) []observe.Event {
	return []observe.Event{{M: observe.BootComplete, Raw: raw}}
}

func TestGuestsOwnStampOfItsEnd(t *testing.T) {
	directory := t.TempDir()
	line := "[   65.1] cloud-init[505]: Cloud-init v. 25.1.4-1 finished at Fri, 27 Nov 2026 12:00:00 +0000. Datasource DataSourceNoCloud [seed=/dev/vdb].  Up 65.43 seconds\r\n"
	if err := os.WriteFile(filepath.Join(directory, "a.log"), []byte("x\r\n"+line), 0o600); err != nil {
		t.Fatal(err)
	}
	serial := []results.File{{Kind: "serial", Name: "a.log"}}
	stamps := &results.Guest{Values: map[string]string{"systemd_stamps": "InitRDTimestampMonotonic=0 FinishTimestampMonotonic=9 ActiveEnterTimestampMonotonic=41250000"}}
	for name, c := range map[string]struct {
		run  results.Run
		want time.Duration
	}{
		"a login prompt":   {results.Run{Guest: stamps, Events: endsBy("x login: ")}, 0},
		"cloud-init":       {results.Run{Files: serial, Guest: stamps}, 65430 * time.Millisecond},
		"systemd":          {results.Run{Guest: stamps, Events: endsBy("[  OK  ] Reached target multi-user.target - Multi-User System.")}, 41250 * time.Millisecond},
		"never active":     {results.Run{Events: endsBy("Reached target"), Guest: &results.Guest{Values: map[string]string{"systemd_stamps": "ActiveEnterTimestampMonotonic=0"}}}, 0},
		"nothing":          {results.Run{}, 0},
		"outside the copy": {results.Run{Files: []results.File{{Kind: "serial", Name: "../a.log"}}}, 0},
	} {
		if got, ok := guestStamp(directory, c.run); got != c.want || ok != (c.want > 0) {
			t.Errorf("%s: %s, %v, want %s", name, got, ok, c.want)
		}
	}
	s := againstGuest("x", []time.Duration{30 * time.Millisecond, -60 * time.Millisecond}, 5*time.Millisecond)
	if s.Kept || !againstGuest("x", []time.Duration{30 * time.Millisecond, -54 * time.Millisecond}, 5*time.Millisecond).Kept {
		t.Errorf("the bound: %+v", s)
	}
}
