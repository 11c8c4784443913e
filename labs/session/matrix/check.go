package matrix

import (
	"fmt"
	"slices"

	"distrolab/distros"
	"distrolab/labs/results"
	"distrolab/labs/session"
)

// check notes what the values of the file have wrong. Whether a system or an
// image exists is found out when it is planned.
func (f file) check(r *distros.Reading) {
	if f.Schema != Schema {
		r.Bad(fmt.Sprintf("must be %q", Schema), "schema")
	}
	if _, err := parseTime(f.Budget); err != nil {
		r.Bad(err.Error(), "budget")
	}
	if _, err := parseTime(f.Deadline); err != nil {
		r.Bad(err.Error(), "deadline")
	}
	if w := f.Warmups; w != nil && (*w < 0 || *w > session.MaxWarmups) {
		r.Bad(fmt.Sprintf("take 0 to %d", session.MaxWarmups), "warmups")
	}
	if m := f.ControlPlaneMemory; m < 0 || m > 1<<20 {
		r.Bad("give MiB, such as 3072", "control_plane_memory")
	}
	if f.Seed >= session.MaxSeed {
		r.Bad("take a number below 2^53", "seed")
	}
	f.checkSystems(r)
	f.checkAxes(r)
	if _, _, err := session.Plan(f.expand()[0]); err != nil {
		r.Bad(err.Error(), "mode")
	}
	if n := f.sessions(); n > maxSessions {
		r.Bad(fmt.Sprintf("%d sets of conditions are more than %d", n, maxSessions), "scenarios")
	}
}

func (f file) checkSystems(r *distros.Reading) {
	if len(f.Systems) == 0 {
		r.Bad("name at least one system", "systems")
		return
	}
	asked := f.expand()[0].Systems
	if len(asked) > session.MaxSystems {
		r.Bad(fmt.Sprintf("%d systems and images are more than %d", len(asked), session.MaxSystems), "systems")
	}
	for i, s := range f.Systems {
		if s.Name == "" {
			r.Bad("has no name", "systems", i)
		}
	}
	seen := map[string]bool{}
	for _, name := range asked {
		if seen[name] {
			r.Bad(fmt.Sprintf("%.80q is there twice", name), "systems")
		}
		seen[name] = true
	}
	if f.Baseline != "" && !seen[f.Baseline] {
		r.Bad("is none of the systems; of a system with images it is NAME@IMAGE", "baseline")
	}
}

func (f file) checkAxes(r *distros.Reading) {
	scenarios := []string{string(results.FirstBoot), string(results.SecondBoot), string(results.JoinCold), string(results.JoinWarm)}
	oneOf(r, "scenarios", f.Scenarios, scenarios)
	oneOf(r, "cache", f.Cache, []string{results.CacheWarm, results.CacheCold})
	for i, h := range f.Hardware {
		if h.VCPUs < 0 || h.VCPUs > 64 {
			r.Bad("take 1 to 64", "hardware", i, "vcpus")
		}
		if h.Memory < 0 || h.Memory > 1<<20 {
			r.Bad("give MiB, such as 2048", "hardware", i, "memory")
		}
		if h.Firmware != "" && h.Firmware != "bios" && h.Firmware != "uefi" {
			r.Bad("take bios or uefi", "hardware", i, "firmware")
		}
		if slices.Contains(f.Hardware[:i], h) {
			r.Bad("is there twice", "hardware", i)
		}
	}
}

func oneOf(r *distros.Reading, field string, list, known []string) {
	for i, word := range list {
		switch {
		case !slices.Contains(known, word):
			r.Bad(fmt.Sprintf("take one of %v", known), field, i)
		case slices.Contains(list[:i], word):
			r.Bad("is there twice", field, i)
		}
	}
}
