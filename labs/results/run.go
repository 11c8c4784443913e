package results

import (
	"time"

	"distrolab/distros"
	"distrolab/labs/observe"
)

// RunSchema and SessionSchema name the versions of the two records written here.
const (
	RunSchema     = "distrolab.run/1"
	SessionSchema = "distrolab.session/1"
)

// Phase says what a run is for.
type Phase string

// The phases of a session. Only measured runs enter a comparison.
const (
	PhaseWarmup   Phase = "warmup"   // fills caches; never part of a statistic
	PhaseMeasure  Phase = "measure"  // a block of the experiment
	PhaseAA       Phase = "aa"       // the same image under two names, to test the method
	PhaseOverhead Phase = "overhead" // does observing disturb what is observed
)

// Scenario says what was measured. Different scenarios never share a table.
type Scenario string

// The scenarios.
const (
	FirstBoot  Scenario = "first_boot"  // first start of a fresh disk: includes first-boot work
	SecondBoot Scenario = "second_boot" // later start of a disk that has booted before
	JoinWarm   Scenario = "join_warm"   // a running machine is told to join
	JoinCold   Scenario = "join_cold"   // from the start call to joined
)

// Outcome is how a run ended.
type Outcome string

// The outcomes.
const (
	OutcomeOK      Outcome = "ok"      // reached its finish line, environment checks passed or only noted
	OutcomeTimeout Outcome = "timeout" // deadline passed before the finish line: slower than any finished run
	OutcomeFailed  Outcome = "failed"  // the machine did not start, crashed or reported a fault
	OutcomeTainted Outcome = "tainted" // finished, but the measurement is not valid: kept, never in a statistic
)

// Run is one boot or join: one line of runs.jsonl. Pointers, empty strings and
// absent entries are unknown values; 0 always means that 0 was measured.
type Run struct {
	Schema   string            `json:"schema"` // RunSchema; filled in by [Recorder.Append]
	RunID    string            `json:"run_id"` // unique within its session
	Session  string            `json:"session"`
	Block    int               `json:"block"` // 1-based; warm-ups have block 0
	Pos      int               `json:"pos"`   // 1-based place within its block
	Seed     uint64            `json:"seed"`  // of the session's shuffle; below 2^53, so that every JSON reader keeps it
	Phase    Phase             `json:"phase"`
	Scenario Scenario          `json:"scenario"`
	Finish   observe.Milestone `json:"finish,omitempty"` // milestone that ends the run

	Subject  Subject           `json:"subject"`
	VM       VM                `json:"vm"`
	Env      Environment       `json:"env"`
	Clock    Clock             `json:"clock"`
	Cache    Cache             `json:"cache"`
	Events   []observe.Event   `json:"events"`
	Missing  []observe.Missing `json:"missing"`
	Counters Counters          `json:"counters"`
	Guest    *Guest            `json:"guest"`           // null: nothing was read in the guest
	Audit    *Audit            `json:"audit,omitempty"` // of a join whose control plane is ours
	Files    []File            `json:"files,omitempty"`

	Outcome Outcome       `json:"outcome"`
	Cause   string        `json:"cause,omitempty"`     // not ok: what happened, one sentence for people
	Held    time.Duration `json:"held_ns,omitempty"`   // for which the session was paused just before the run
	Waited  time.Duration `json:"waited_ns,omitempty"` // for the machine to become quiet, just before the run
	Taints  []string      `json:"taints"`              // what makes the run doubtful, one sentence each
	Tool    Tool          `json:"tool"`
}

// Timeline returns what was observed in the run.
func (r Run) Timeline() observe.Timeline {
	return observe.Timeline{Events: r.Events, Missing: r.Missing}
}

// Subject is what was booted: one system in one version with one image.
type Subject struct {
	OS            string       `json:"os"`                       // name in the catalog
	Name          string       `json:"name,omitempty"`           // by which it was asked for, where that is another: one image of the system
	Title         string       `json:"title,omitempty"`          // name for people
	Kind          distros.Kind `json:"kind"`                     // vendor, local, stand-in or probe
	StandsFor     string       `json:"stands_for,omitempty"`     // stand-ins: what they imitate
	Version       string       `json:"version"`                  //
	Arch          string       `json:"arch"`                     // amd64, arm64
	ImageSHA256   string       `json:"image_sha256"`             // of the verified image
	ConfigSHA256  string       `json:"config_sha256"`            // of the rendered config, without keys and tokens that each session makes anew
	Kernel        string       `json:"kernel,omitempty"`         // version, as printed by the guest
	Init          string       `json:"init,omitempty"`           // such as "systemd 257"
	K8s           string       `json:"k8s,omitempty"`            // Kubernetes version
	CRI           string       `json:"cri,omitempty"`            // container runtime and version
	CmdlineSHA256 string       `json:"cmdline_sha256,omitempty"` // of the kernel command line, as the guest read it or as QEMU got it
}

// Called is the name by which the subject was asked for: that of the system, or
// of one image of it.
func (s Subject) Called() string {
	if s.Name != "" {
		return s.Name
	}
	return s.OS
}

// VM is the virtual hardware, the same for all subjects of a session where
// their images allow it.
type VM struct {
	VCPUs    int    `json:"vcpus"`
	MemMiB   int    `json:"mem_mib"`
	Machine  string `json:"machine"`  // such as q35
	Firmware string `json:"firmware"` // bios, uefi, or direct for a kernel started by QEMU
	Disk     Disk   `json:"disk"`
	Net      string `json:"net"` // device and backend, such as "virtio-net, distrolab switch"
	RNG      bool   `json:"rng"`
	Balloon  bool   `json:"balloon"`
	Pin      *Pin   `json:"pin"`    // null: not pinned
	Serial   string `json:"serial"` // device, such as isa-serial
	Accel    string `json:"accel"`  // kvm or tcg
}

// Disk is the root disk of a machine.
type Disk struct {
	Format  string `json:"fmt"`   // qcow2, raw; empty: no disk
	Cache   string `json:"cache"` // QEMU's cache mode
	AIO     string `json:"aio"`   // empty: QEMU's default
	Overlay bool   `json:"overlay"`
}

// Pin lists the host CPUs that threads were bound to.
type Pin struct {
	VCPU     []int `json:"vcpu"`
	Emulator []int `json:"emulator"`
}

// Clock says how far the clock and its reader can be trusted.
type Clock struct {
	Source      string    `json:"source"`                   // the kernel's clock source, such as tsc; empty: unknown
	WallStart   time.Time `json:"wall_start"`               // time of day at B0, for finding logs; never subtracted
	WallDriftUS *int64    `json:"wall_minus_mono_drift_us"` // change of wall minus monotonic time during the run
	SuspendUS   *int64    `json:"suspend_us"`               // time the host was suspended during the run
	Canary      *Canary   `json:"canary_us"`                // null: the canary did not run
}

// Canary is the delay with which the observer itself saw marks of known time,
// in microseconds.
type Canary struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Cache is the state of the host's page cache for the image when the run began.
type Cache struct {
	State        string   `json:"state"`         // warm, cold, or empty: not controlled
	ResidentFrac *float64 `json:"resident_frac"` // share of the image's files in memory, 0 to 1, by mincore(2) just before the start
}

// Counters are totals over the run; null was not counted.
type Counters struct {
	SerialBytes        *int64 `json:"serial_bytes"`
	Frames             *int64 `json:"frames"`               // seen on the lab's switch
	EgressBytes        *int64 `json:"egress_bytes"`         // that left for the internet; any byte taints
	RefusedBytes       *int64 `json:"egress_refused_bytes"` // that a closed network kept from leaving
	SYNProbes          *int64 `json:"syn_probes"`
	APIWatchReconnects *int64 `json:"api_watch_reconnects"`
	ObserverCPUms      *int64 `json:"observer_cpu_ms"`
	ObserverRSSKiB     *int64 `json:"observer_rss_kib"`
}

// Guest holds what was read inside the guest after its last milestone. It
// explains a timeline and is never part of one.
type Guest struct {
	Values         map[string]string `json:"values"`
	CollectedAfter observe.Milestone `json:"collected_after"`
}

// File is a raw log that lies beside the records.
type File struct {
	Kind   string `json:"kind"` // serial, pcap
	Name   string `json:"name"` // relative to the session's directory
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// Tool is the program that made the record.
type Tool struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
}
