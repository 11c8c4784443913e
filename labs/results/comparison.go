package results

import (
	"encoding/json"
	"math"

	"distrolab/labs/stats"
)

// ComparisonSchema names the version of the summary's JSON.
const ComparisonSchema = "distrolab.comparison/1"

// Comparison is what a session says, ready for any printer: terminal, HTML,
// Markdown or JSON. Times are seconds.
type Comparison struct {
	Schema   string   `json:"schema"`
	Session  string   `json:"session"`
	Mode     Mode     `json:"mode"`
	Answer   string   `json:"answer"`   // one or two sentences for people
	Banners  []string `json:"banners"`  // limits of the numbers that must be shown with them
	Notes    []string `json:"notes"`    // what the reader should know of the subjects
	Warnings []string `json:"warnings"` // signs that the session is not sound
	Tables   []Table  `json:"tables"`   // one for each set of conditions; never merged
}

// Conditions are what all rows of a table share. Runs under other conditions
// are a different metric.
type Conditions struct {
	Scenario    Scenario `json:"scenario"`
	Accel       string   `json:"accel"`
	Cache       string   `json:"cache"`
	VCPUs       int      `json:"vcpus"`
	MemMiB      int      `json:"mem_mib"`
	Fingerprint string   `json:"fingerprint"`
}

// Table compares subjects under the same conditions.
type Table struct {
	Conditions
	Baseline string       `json:"baseline"` // Label of the row that ratios are against
	Blocks   int          `json:"blocks"`   // blocks in which every row has a run
	Rows     []Row        `json:"rows"`     // fastest first
	Lead     *stats.Ratio `json:"lead"`     // the second row's time over the first's, by blocks; null with one row
}

// Row is one subject: one system in one version with one image and firmware.
type Row struct {
	Label    string  `json:"label"` // unique in its table
	Subject  Subject `json:"subject"`
	Firmware string  `json:"firmware"`

	OK           int     `json:"ok"`         // finished and valid
	Unfinished   int     `json:"unfinished"` // timed out or failed; infinitely slow in the statistics
	Tainted      int     `json:"tainted"`    // not valid; in no statistic
	Total        int     `json:"total"`      // measured runs; warm-ups are not counted
	Warmups      int     `json:"warmups"`
	FailureBound float64 `json:"failure_bound"` // largest rate of failure not ruled out at 95 %

	Boot       stats.Interval `json:"boot_s"`         // from vcpu_start to boot_complete
	Management stats.Interval `json:"mgmt_s"`         // from vcpu_start to mgmt_answer
	Container  stats.Interval `json:"container_s"`    // from vcpu_start to first_container
	Ratio      *stats.Ratio   `json:"ratio"`          // headline over the baseline's, by blocks; null for the baseline
	Holm       *float64       `json:"p_holm"`         // the ratio's p-value among all rows of the table (Holm)
	Verdict    string         `json:"verdict"`        // what the ratio says, in words; empty for the baseline
	Tail       *stats.Tail    `json:"tail_s"`         // 90th percentile of the headline; null under 29 runs
	Join       *Join          `json:"join,omitempty"` // null for a boot, whose times stand above; a join has none of those
	Fastest    bool           `json:"fastest"`        // no row was shown to be faster, and another was shown to be slower
	Phases     []PhaseMedian  `json:"phases"`         // in order
	Taints     []TaintCount   `json:"taints"`         // most frequent first
	Points     []Point        `json:"points"`         // every measured run, in the order they were made
	Drift      Drift          `json:"drift"`
}

// PhaseMedian is the median length of one phase of the boot or the join. Medians of phases
// need not add up to the median of the whole.
type PhaseMedian struct {
	Name    string   `json:"name"`
	Seconds *float64 `json:"seconds"` // null: seen in no valid run
	N       int      `json:"n"`
	Why     string   `json:"why,omitempty"` // null: the reason
}

// TaintCount says how many measured runs carry a taint.
type TaintCount struct {
	Taint string `json:"taint"`
	Runs  int    `json:"runs"`
}

// Point is one measured run in a plot.
type Point struct {
	RunID      string   `json:"run_id"`
	Block      int      `json:"block"`
	Outcome    Outcome  `json:"outcome"`
	Boot       *float64 `json:"boot_s"` // null: unknown or unfinished
	Management *float64 `json:"mgmt_s"`
	Registered *float64 `json:"registered_s,omitempty"` // of a join, as in [Join]
	Ready      *float64 `json:"ready_s,omitempty"`
	FirstPod   *float64 `json:"first_pod_s,omitempty"`
	Outlier    bool     `json:"outlier"`  // far from the other runs; kept in the statistics
	Doubtful   bool     `json:"doubtful"` // the run has taints
}

// Drift is [stats.Drift] of the headline's times, null where there are too few runs.
type Drift struct {
	Lag1       *float64 `json:"lag1"`
	Change     *float64 `json:"change"`
	Suspicious bool     `json:"suspicious"`
}

// Primary returns the headline that a row is ordered and plotted by: the boot,
// or the management answer where no boot time is known; of a join, the time
// until the node is ready.
func (r Row) Primary() stats.Interval {
	switch {
	case r.Join != nil:
		return r.Join.Ready
	case r.Boot.N == 0:
		return r.Management
	}
	return r.Boot
}

// PrimaryOf returns the time of a point that belongs to [Row.Primary], or nil.
func (r Row) PrimaryOf(p Point) *float64 {
	switch {
	case r.Join != nil:
		return p.Ready
	case r.Boot.N == 0:
		return p.Management
	}
	return p.Boot
}

// JSON returns the comparison as indented JSON, the shape that -o json prints.
func (c Comparison) JSON() ([]byte, error) { return json.MarshalIndent(c, "", "  ") }

func known(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
