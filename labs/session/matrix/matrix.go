// Package matrix reads a file that asks for many experiments: systems in several
// versions, on several kinds of hardware, in several scenarios. It turns them
// into sessions, one for each set of conditions, whose runs share their blocks.
// The file comes from people and is not trusted; the package touches nothing.
package matrix

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"distrolab/distros"
	"distrolab/labs/results"
)

// Schema names the version of the file's form.
const Schema = "distrolab.matrix/1"

// Bounds on what a file may ask for.
const (
	maxBytes    = 1 << 20
	maxSessions = 200
)

// file is the file as it is written.
type file struct {
	Schema   string   `yaml:"schema"`
	Name     string   `yaml:"name"`
	Mode     string   `yaml:"mode"`
	Blocks   int      `yaml:"blocks"`
	Target   float64  `yaml:"target"`
	Budget   string   `yaml:"budget"`
	Warmups  *int     `yaml:"warmups"`
	Seed     uint64   `yaml:"seed"`
	Deadline string   `yaml:"deadline"`
	Systems  []system `yaml:"systems"`
	Baseline string   `yaml:"baseline"`

	Scenarios []string   `yaml:"scenarios"`
	Cache     []string   `yaml:"cache"`
	Hardware  []hardware `yaml:"hardware"`

	Intent             string `yaml:"intent"`
	ControlPlane       string `yaml:"control_plane"`
	ControlPlaneMemory int    `yaml:"control_plane_memory"` // MiB
	Kubernetes         string `yaml:"kubernetes"`
}

type system struct {
	Name   string   `yaml:"name"`
	Images []string `yaml:"images"` // versions or addresses; none: the newest
}

type hardware struct {
	VCPUs    int    `yaml:"vcpus"`
	Memory   int    `yaml:"memory"` // MiB
	Firmware string `yaml:"firmware"`
}

// Matrix is a file that was read.
type Matrix struct {
	Name     string
	Sessions []results.Request // in the order in which they run
	Budget   time.Duration     // of all of them together; 0: none
}

// Read reads a file and expands it. The error names every problem with its line.
func Read(name string, text []byte) (Matrix, error) {
	if len(text) > maxBytes {
		return Matrix{}, fmt.Errorf("reading %s: it has more than %d bytes", name, maxBytes)
	}
	var f file
	reading := distros.ReadStrict(name, text, &f)
	if reading.Decoded() {
		f.check(reading)
	}
	if problems := reading.Problems(); len(problems) > 0 {
		return Matrix{}, &InvalidError{Problems: problems}
	}
	m := Matrix{Name: f.Name, Sessions: f.expand()}
	m.Budget, _ = parseTime(f.Budget) // checked above
	return m, nil
}

// InvalidError says what is wrong with a file.
type InvalidError struct{ Problems []distros.Problem }

func (e *InvalidError) Error() string {
	text := ""
	for i, p := range e.Problems {
		if i > 0 {
			text += "\n"
		}
		text += p.String()
	}
	return text
}

// expand makes one session of each set of conditions: scenario, hardware and
// state of the cache. All systems and images are subjects of each, in the same
// blocks.
func (f file) expand() []results.Request {
	base := results.Request{
		Baseline: f.Baseline, Mode: results.Mode(f.Mode), Blocks: f.Blocks, Target: f.Target, Warmups: 1, Seed: f.Seed,
		Intent: f.Intent, ControlPlane: f.ControlPlane, ControlPlaneMemoryMiB: f.ControlPlaneMemory, Kubernetes: f.Kubernetes,
	}
	if f.Warmups != nil {
		base.Warmups = *f.Warmups
	}
	base.Deadline, _ = parseTime(f.Deadline)
	for _, s := range f.Systems {
		if len(s.Images) == 0 {
			base.Systems = append(base.Systems, s.Name)
		}
		for _, image := range s.Images {
			base.Systems = append(base.Systems, s.Name+"@"+image)
		}
	}
	var list []results.Request
	for _, scenario := range orOne(f.Scenarios, string(results.FirstBoot)) {
		for _, h := range orOne(f.Hardware, hardware{}) {
			for _, cache := range orOne(f.Cache, results.CacheWarm) {
				r := base
				r.Systems = slices.Clone(base.Systems)
				r.Scenario, r.Cache = results.Scenario(scenario), cache
				r.VCPUs, r.MemoryMiB, r.Firmware = h.VCPUs, h.Memory, h.Firmware
				list = append(list, r)
			}
		}
	}
	return list
}

func orOne[T any](list []T, one T) []T {
	if len(list) == 0 {
		return []T{one}
	}
	return list
}

func (f file) sessions() int {
	return cmp.Or(len(f.Scenarios), 1) * cmp.Or(len(f.Hardware), 1) * cmp.Or(len(f.Cache), 1)
}

// parseTime reads a length of time; "" is none.
func parseTime(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%.20q is no length of time; write 90s, 30m or 2h", text)
	}
	return d, nil
}
