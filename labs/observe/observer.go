package observe

import (
	"cmp"
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Options are what an observer needs besides a profile. All are optional.
type Options struct {
	// OnEvent is called for every event, one at a time, from the goroutine
	// that stamped it. It must be quick, and may read the observer but not
	// stamp: Begin, Finish, Mark and the like would wait for themselves.
	// An event of a milestone that was told before replaces the earlier one:
	// a better source came later, or [Observer.Finish] refined it.
	OnEvent func(Event)
	// Clock is the clock of all stamps; default time.Now. Its times must carry
	// a monotonic reading outside of tests.
	Clock func() time.Time
	// Console receives the serial port's bytes as they are, after they were
	// stamped, at most ConsoleLimit of them.
	Console io.Writer
	// Stamps receives one JSON line per read of the serial port:
	// {"offset":…,"n":…,"t_ns":…} with t_ns since the request. It is flushed
	// by Finish.
	Stamps io.Writer
	// ConsoleLimit bounds what is written to Console and Stamps, in bytes of
	// console; default 64 MiB.
	ConsoleLimit int64
	// MAC is the guest's address. Without it the first frame's sender counts.
	MAC net.HardwareAddr
	// Subnet holds every address that the guest may be given. An
	// acknowledgement of any other address is not believed.
	Subnet netip.Prefix
	// Address is the guest's address where it is known beforehand.
	Address netip.Addr
	// Join says what to watch of a join; nil: a boot only, and marks of a join's
	// milestones are ignored.
	Join *JoinWatch
}

// Observer stamps one boot. All methods may be called at the same time from
// several goroutines.
type Observer struct {
	profile Profile
	opt     Options
	origin  time.Time // zero of all internal durations

	emitting sync.Mutex // held while OnEvent runs; taken before mu
	mu       sync.Mutex
	began    bool
	frozen   bool // Finish was called
	b0       time.Duration
	seen     map[Milestone]sighting
	notes    map[Milestone]string // why a milestone cannot be seen, known so far
	result   Timeline
	failure  error
	hints    []hint

	breakage error // as failure, also after the finish line
	refusal  error // why the join cannot succeed

	finished chan struct{} // closed at the finish line
	failed   chan struct{} // closed when the boot cannot succeed
	broken   chan struct{} // closed when the guest cannot go on, also after the finish line
	unjoined chan struct{} // closed when the join cannot succeed
	ended    chan struct{} // closed by Finish
	addressy chan struct{} // closed when the guest's address is known
	asked    chan struct{} // closed when the guest was told to join
	called   chan struct{} // closed when it is known to call the API server
	address  netip.Addr
	notices  map[Milestone]chan struct{} // who waits for a milestone
	joining  atomic.Bool                 // the guest was told to join

	console console
	net     netWatch
	probe   probeState

	unhurried        atomic.Bool
	firmwareAttached atomic.Bool
	firmwareBytes    atomic.Int64
}

// sighting is an event before the request's time is known.
type sighting struct {
	at    time.Duration // since origin
	src   Source
	err   time.Duration
	q     Quality
	raw   string
	stamp time.Duration // printk stamp of the line
	hasPK bool          // stamp is valid
}

// New returns an observer of one boot.
func New(p Profile, opt Options) *Observer {
	if opt.Clock == nil {
		opt.Clock = time.Now
	}
	if opt.ConsoleLimit <= 0 {
		opt.ConsoleLimit = 64 << 20
	}
	o := &Observer{
		profile: p.watching(opt.Join), opt: opt, origin: opt.Clock(),
		seen:     make(map[Milestone]sighting),
		notes:    make(map[Milestone]string),
		finished: make(chan struct{}),
		failed:   make(chan struct{}),
		addressy: make(chan struct{}),
		broken:   make(chan struct{}),
		unjoined: make(chan struct{}),
		ended:    make(chan struct{}),
		asked:    make(chan struct{}),
		called:   make(chan struct{}),
		notices:  make(map[Milestone]chan struct{}),
	}
	o.console.init(o)
	o.net.hasMAC = copy(o.net.mac[:], opt.MAC) == len(o.net.mac)
	o.net.begin(p.Port != 0)
	if opt.Address.IsValid() {
		o.UseAddress(opt.Address)
	}
	return o
}

// Unhurried lets the readers of the serial and the debug port pause for half
// a millisecond after each read. QEMU hands over single bytes, and to wake up for each of them
// costs more than all the rest of observing. What comes within the pause is late
// by little more, of the 2 ms that every serial stamp may err; the first
// byte after a silence is not late at all. Call it before they read, and only
// where the sender has room for what it sends meanwhile.
func (o *Observer) Unhurried() { o.unhurried.Store(true) }

func (o *Observer) pause() func() {
	if o.unhurried.Load() {
		return rest
	}
	return nil
}

// now is the time of the observer's clock, since its origin.
func (o *Observer) now() time.Duration { return o.opt.Clock().Sub(o.origin) }

// Begin tells when the boot was requested (B0). Sources may already be
// attached; what they saw before that moment is forgotten.
func (o *Observer) Begin(at time.Time) {
	b0 := at.Sub(o.origin)
	if !o.begin(b0) {
		return
	}
	o.console.begin(b0)
	o.net.begin(o.profile.Port != 0)
	if o.opt.Join != nil && o.opt.Join.Cold {
		o.triggered()
	}
	o.checkFinish()
}

// begin sets the zero of time and tells what was seen since.
func (o *Observer) begin(b0 time.Duration) bool {
	o.emitting.Lock()
	defer o.emitting.Unlock()
	o.mu.Lock()
	if o.began || o.frozen {
		o.mu.Unlock()
		return false
	}
	o.began, o.b0 = true, b0
	maps.DeleteFunc(o.seen, func(_ Milestone, s sighting) bool { return s.at < b0 })
	o.seen[Request] = sighting{at: b0, src: SourceRequest, q: Exact}
	if o.opt.Join != nil && o.opt.Join.Cold {
		o.seen[Trigger] = o.seen[Request]
	}
	events := o.sorted()
	o.mu.Unlock()
	for _, e := range events {
		o.tell(e)
	}
	return true
}

// see records a milestone, unless it was seen before.
func (o *Observer) see(m Milestone, s sighting) {
	o.record(m, s, func(old, _ sighting) bool { return false })
}

// record keeps s for m, when it is the first or better than the one before.
func (o *Observer) record(m Milestone, s sighting, better func(old, s sighting) bool) {
	o.emitting.Lock()
	defer o.emitting.Unlock()
	o.mu.Lock()
	old, dup := o.seen[m]
	if early := o.b0 - s.at; o.began && m == VCPUStart && early > 0 && early <= s.err {
		s.at = o.b0 // another clock, converted: within its error
	}
	if o.frozen || (o.began && s.at < o.b0) || o.early(m, s) || (dup && !better(old, s)) {
		o.mu.Unlock()
		return
	}
	o.seen[m] = s
	var events []Event
	switch {
	case !o.visible(m):
	case m == Trigger:
		events = o.trigger()
	default:
		events = []Event{o.event(m, s)}
	}
	o.mu.Unlock()
	for _, e := range events {
		o.tell(e)
	}
	if len(events) > 0 {
		o.checkFinish()
	}
}

func (o *Observer) tell(e Event) {
	if o.opt.OnEvent != nil {
		o.opt.OnEvent(e)
	}
}

// event is s as the world sees it; callers hold mu.
func (o *Observer) event(m Milestone, s sighting) Event {
	return Event{M: m, T: s.at - o.b0, Source: s.src, Err: s.err, Q: s.q, Raw: s.raw}
}

// sorted returns what was seen in the order of time; callers hold mu.
func (o *Observer) sorted() []Event {
	events := make([]Event, 0, len(o.seen))
	for _, info := range o.table() {
		if s, ok := o.seen[info.Milestone]; ok && o.visible(info.Milestone) {
			events = append(events, o.event(info.Milestone, s))
		}
	}
	slices.SortStableFunc(events, func(a, b Event) int { return cmp.Compare(a.T, b.T) })
	return events
}

// Mark records a milestone that the caller saw itself: a download from its
// server, a hello of the probe container. The first mark of a milestone counts.
//
// [Trigger] is marked before the machine is told: what looked like a part of
// the join and is older than the trigger is forgotten, what is younger is kept
// until the trigger is known. Of a join's other milestones, an exact mark
// replaces one that is only a bound: an audit log that is read before
// [Observer.Finish] corrects a watch that was interrupted.
func (o *Observer) Mark(m Milestone, at time.Time, src Source, err time.Duration, q Quality, raw string) {
	if !o.accounts(m) || m == Request {
		return
	}
	s := sighting{at: at.Sub(o.origin), src: src, err: err, q: q, raw: printable([]byte(raw), maxRaw)}
	switch {
	case m == Trigger:
		o.see(m, s)
		o.triggered()
	case IsJoin(m):
		o.record(m, s, truer)
	default:
		o.see(m, s)
	}
}

// Login records that an authenticated command that does nothing has succeeded
// at the time at, cost after it was begun.
func (o *Observer) Login(at time.Time, cost time.Duration) {
	o.Mark(ManagementLogin, at, SourceLogin, cost, AtMost, "")
}

// Hypervisor records that the virtual CPUs run. A source with a smaller error
// replaces one with a larger; an err of 0 or less stands for the source's usual
// error: 0.1 ms for SourceQMP, 20 ms for the others.
func (o *Observer) Hypervisor(src Source, at time.Time, err time.Duration) {
	if err <= 0 {
		err = 20 * time.Millisecond
		if src == SourceQMP {
			err = 100 * time.Microsecond
		}
	}
	q := AtMost
	if src == SourceQMP {
		q = Exact
	}
	o.record(VCPUStart, sighting{at: at.Sub(o.origin), src: src, err: err, q: q},
		func(old, s sighting) bool { return s.err < old.err })
}

// Counters are the amounts an observer has seen. They say how much was watched
// and how much of it was foreign rubbish.
type Counters struct {
	SerialBytes   int64 `json:"serial_bytes"`
	SerialReads   int64 `json:"serial_reads"`
	Lines         int64 `json:"lines"`
	Stamped       int64 `json:"stamped_lines"` // lines with a stamp of the kernel
	Reboots       int64 `json:"reboots"`       // times that the kernel started again
	FirmwareBytes int64 `json:"firmware_bytes"`
	Frames        int64 `json:"frames"`
	Probes        int64 `json:"syn_probes"`
	Unwritten     int64 `json:"console_unwritten,omitempty"` // console bytes beyond the limit or lost to a write error
}

// Counters returns the present counts.
func (o *Observer) Counters() Counters {
	c := o.console.counters()
	c.FirmwareBytes = o.firmwareBytes.Load()
	c.Frames = o.net.frames.Load()
	c.Probes = o.probe.sent.Load()
	return c
}
