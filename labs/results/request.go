package results

import "time"

// Request is an experiment as it was asked for, with which the same can be asked
// for again: to go on with a session that was interrupted, or from a file. Zero
// values leave the choice to what it is made with.
type Request struct {
	Systems  []string `json:"systems"` // NAME, or NAME@VERSION or NAME@IMAGE for one image of the store
	Baseline string   `json:"baseline,omitempty"`
	Scenario Scenario `json:"scenario"`
	Cache    string   `json:"cache,omitempty"` // CacheWarm or CacheCold

	Mode     Mode          `json:"mode,omitempty"`
	Blocks   int           `json:"blocks,omitempty"`    // exactly so many, or with a target at most
	Target   float64       `json:"target,omitempty"`    // relative half width
	Budget   time.Duration `json:"budget_ns,omitempty"` // of the session
	Warmups  int           `json:"warmups"`
	Seed     uint64        `json:"seed,omitempty"`
	Deadline time.Duration `json:"deadline_ns,omitempty"` // of one run

	VCPUs     int    `json:"vcpus,omitempty"`
	MemoryMiB int    `json:"memory_mib,omitempty"`
	Firmware  string `json:"firmware,omitempty"`
	Intent    string `json:"intent,omitempty"` // file
	Format    string `json:"format,omitempty"`
	Delivery  string `json:"delivery,omitempty"`

	ControlPlane          string `json:"control_plane,omitempty"`            // of joins: the system that it is made of
	ControlPlaneMemoryMiB int    `json:"control_plane_memory_mib,omitempty"` // 0: what is usual
	Kubernetes            string `json:"kubernetes,omitempty"`
	Endpoint              string `json:"endpoint,omitempty"`
	Token                 string `json:"token_file,omitempty"`
	CA                    string `json:"ca_file,omitempty"`
	Kubeconfig            string `json:"kubeconfig_file,omitempty"`
}

// The states of the host's page cache that a session can ask for.
const (
	CacheWarm = "warm" // all of the image in memory
	CacheCold = "cold" // nothing of the image in memory
)
