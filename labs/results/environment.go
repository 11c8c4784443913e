package results

// Environment is the host a run was made on. Values that the host does not
// tell are empty or null; nothing is guessed.
type Environment struct {
	Fingerprint  string   `json:"fingerprint"` // SHA-256 of the stable part, see [Environment.Seal]
	CPUModel     string   `json:"cpu_model"`
	Microcode    string   `json:"microcode"`
	Cores        *int     `json:"cores"`    // logical CPUs online
	SMT          *bool    `json:"smt"`      // sibling threads in use
	Governor     string   `json:"governor"` // of CPU 0; "mixed" when CPUs differ
	Turbo        *bool    `json:"turbo"`
	Kernel       string   `json:"kernel"`
	QEMU         string   `json:"qemu"`    // version; from the hypervisor
	Libvirt      string   `json:"libvirt"` // version; from the hypervisor
	Storage      string   `json:"storage"` // of the image store: file system, device, and whether it spins
	MemGiB       *float64 `json:"mem_gib"`
	THP          string   `json:"thp"` // always, madvise or never
	KSM          *bool    `json:"ksm"`
	FavorDynMods *bool    `json:"cgroup_favordynmods"`
	NestedLevel  *int     `json:"nested_level"` // 0: bare metal, 1: inside a VM; deeper levels look like 1
	Power        string   `json:"power"`        // ac, battery; empty: no power supply reported
	Volatile     Volatile `json:"volatile"`
}

// Volatile is what changes from run to run; it is not part of the fingerprint.
// The counters run since the host started as [ReadEnvironment] returns them, and
// cover one run after [Environment.During].
type Volatile struct {
	Load1        *float64  `json:"load1"`
	PSICPUSome10 *float64  `json:"psi_cpu_some10"` // percent of the last 10 s in which some task waited for a CPU
	TempC        *float64  `json:"temp_c"`         // hottest thermal zone
	FreqMHz      []float64 `json:"freq_mhz"`       // of each CPU; null: not told
	Steal        *int64    `json:"steal_ticks"`    // CPU time taken by other guests of the host's host, in 1/100 s
	Throttle     *int64    `json:"throttle_delta"` // thermal throttle events of all CPUs
	SwapIn       *int64    `json:"swap_in"`        // pages read from swap
	OthersCPU    *float64  `json:"others_cpu"`     // share of all processors that other programs used during the run; null: not known
}
