package results

import (
	"fmt"
	"io/fs"
	"math"
	"path"
	"strings"
)

// maxCPUs bounds loops over a list that the kernel gave.
const maxCPUs = 4096

// cores counts the CPUs of a list such as "0-3,8".
func (h host) cores() *int {
	text := h.text("sys/devices/system/cpu/online")
	if text == "" {
		return nil
	}
	n := int64(0)
	for part := range strings.SplitSeq(text, ",") {
		from, to, ranged := strings.Cut(part, "-")
		if !ranged {
			to = from
		}
		a, b := whole(from), whole(to)
		if a == nil || b == nil || *a < 0 || *b < *a || *b > maxCPUs {
			return nil
		}
		n += *b - *a + 1
	}
	return new(int(n))
}

// governor returns the frequency governor all CPUs share, or "mixed".
func (h host) governor() string {
	found := ""
	for _, name := range h.matches("sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor") {
		g := h.text(name)
		if found != "" && g != found {
			return "mixed"
		}
		found = g
	}
	return found
}

// turbo reads whether CPUs may exceed their base frequency; the two drivers say
// it in opposite words.
func (h host) turbo() *bool {
	if off := h.flag("sys/devices/system/cpu/intel_pstate/no_turbo"); off != nil {
		return new(!*off)
	}
	return h.flag("sys/devices/system/cpu/cpufreq/boost")
}

// memory returns MemTotal in GiB, to a tenth: the kernel's own share of memory
// differs a little from boot to boot and must not change the fingerprint.
func (h host) memory() *float64 {
	words := h.field("proc/meminfo", "MemTotal:")
	if len(words) == 0 {
		return nil
	}
	kib := whole(words[0])
	if kib == nil {
		return nil
	}
	return new(math.Round(float64(*kib)/(1<<20)*10) / 10)
}

// favorDynMods reads the mount option of the cgroup2 hierarchy.
func (h host) favorDynMods() *bool {
	for line := range strings.Lines(h.text("proc/mounts")) {
		words := strings.Fields(line)
		if len(words) > 3 && words[2] == "cgroup2" {
			return new(strings.Contains(","+words[3]+",", ",favordynmods,"))
		}
	}
	return nil
}

// power says what feeds the machine, as far as a power supply reports.
func (h host) power() string {
	found := ""
	for _, dir := range h.matches("sys/class/power_supply/*") {
		switch h.text(path.Join(dir, "type")) {
		case "Mains", "USB":
			if on := h.flag(path.Join(dir, "online")); on != nil && *on {
				return "ac"
			}
		case "Battery":
			if h.text(path.Join(dir, "status")) == "Discharging" {
				found = "battery"
			}
		}
	}
	return found
}

func (h host) volatile() Volatile {
	v := Volatile{
		Load1:   first(strings.Fields(h.text("proc/loadavg"))),
		TempC:   h.hottest(),
		FreqMHz: h.frequencies(),
	}
	for _, word := range h.field("proc/pressure/cpu", "some") {
		if value, found := strings.CutPrefix(word, "avg10="); found {
			v.PSICPUSome10 = decimal(value)
		}
	}
	if ticks := h.field("proc/stat", "cpu"); len(ticks) >= 8 {
		v.Steal = whole(ticks[7])
	}
	if pages := h.field("proc/vmstat", "pswpin"); len(pages) > 0 {
		v.SwapIn = whole(pages[0])
	}
	for _, name := range h.matches("sys/devices/system/cpu/cpu[0-9]*/thermal_throttle/core_throttle_count") {
		if n := h.number(name); n != nil {
			v.Throttle = new(*n + value(v.Throttle))
		}
	}
	return v
}

func first(words []string) *float64 {
	if len(words) == 0 {
		return nil
	}
	return decimal(words[0])
}

func value(v *int64) int64 {
	if v == nil {
		return 0
	}
	return *v
}

// hottest returns the highest of the thermal zones, in degrees Celsius.
func (h host) hottest() *float64 {
	var most *float64
	for _, name := range h.matches("sys/class/thermal/thermal_zone*/temp") {
		if milli := h.number(name); milli != nil {
			if c := float64(*milli) / 1000; most == nil || c > *most {
				most = &c
			}
		}
	}
	return most
}

// frequencies returns the present frequency of each CPU, in MHz.
func (h host) frequencies() []float64 {
	var list []float64
	for n := range maxCPUs {
		khz := h.number(fmt.Sprintf("sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq", n))
		if khz == nil {
			return list
		}
		list = append(list, float64(*khz)/1000)
	}
	return list
}

func (h host) matches(pattern string) []string {
	names, err := fs.Glob(h.root, pattern)
	if err != nil || len(names) > maxCPUs {
		return nil
	}
	return names
}
