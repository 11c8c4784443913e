package results_test

import (
	"io/fs"
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"distrolab/labs/results"
)

func files(content map[string]string) fs.FS {
	m := fstest.MapFS{}
	for name, text := range content {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func workstation() map[string]string {
	return map[string]string{
		"proc/cpuinfo": "processor\t: 0\nmodel name\t: Example CPU @ 3.0GHz\nmicrocode\t: 0x2b\nflags\t\t: fpu vme ht\n\n" +
			"processor\t: 1\nmodel name\t: Another CPU\n",
		"sys/devices/system/cpu/online":                                    "0-1,4\n",
		"sys/devices/system/cpu/smt/active":                                "1\n",
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor":             "performance\n",
		"sys/devices/system/cpu/cpu1/cpufreq/scaling_governor":             "performance\n",
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq":             "3000000\n",
		"sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq":             "2999500\n",
		"sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count": "3\n",
		"sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count": "4\n",
		"sys/devices/system/cpu/intel_pstate/no_turbo":                     "1\n",
		"sys/devices/system/clocksource/clocksource0/current_clocksource":  "tsc\n",
		"proc/sys/kernel/osrelease":                                        "6.12.0\n",
		"proc/meminfo":                                                     "MemTotal:       25165824 kB\nMemFree: 1 kB\n",
		"sys/kernel/mm/transparent_hugepage/enabled":                       "always [madvise] never\n",
		"sys/kernel/mm/ksm/run":                                            "0\n",
		"proc/mounts":                                                      "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,favordynmods 0 0\n",
		"proc/loadavg":                                                     "0.52 0.40 0.30 1/200 999\n",
		"proc/pressure/cpu":                                                "some avg10=1.25 avg60=0.00 avg300=0.00 total=9\nfull avg10=9 avg60=0 avg300=0 total=0\n",
		"proc/stat":                                                        "cpu  1 2 3 4 5 6 7 88 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n",
		"proc/vmstat":                                                      "nr_free 1\npswpin 12\n",
		"sys/class/thermal/thermal_zone0/temp":                             "41000\n",
		"sys/class/thermal/thermal_zone1/temp":                             "52500\n",
		"sys/class/power_supply/BAT0/type":                                 "Battery\n",
		"sys/class/power_supply/BAT0/status":                               "Discharging\n",
	}
}

func TestEnvironmentOfAWorkstation(t *testing.T) {
	got := results.ReadEnvironment(files(workstation()))
	want := results.Environment{
		CPUModel: "Example CPU @ 3.0GHz", Microcode: "0x2b", Cores: new(3), SMT: new(true),
		Governor: "performance", Turbo: new(false), Kernel: "6.12.0", MemGiB: new(24.0),
		THP: "madvise", KSM: new(false), FavorDynMods: new(true), NestedLevel: new(0), Power: "battery",
		Volatile: results.Volatile{
			Load1: new(0.52), PSICPUSome10: new(1.25), TempC: new(52.5), FreqMHz: []float64{3000, 2999.5},
			Steal: new(int64(88)), Throttle: new(int64(7)), SwapIn: new(int64(12)),
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := results.ClockSource(files(workstation())); got != "tsc" {
		t.Errorf("clock source %q, want tsc", got)
	}
}

func TestNothingIsGuessedOnAnEmptyHost(t *testing.T) {
	if d := cmp.Diff(results.Environment{}, results.ReadEnvironment(fstest.MapFS{})); d != "" {
		t.Error(d)
	}
}

func TestOddFilesGiveNoFact(t *testing.T) {
	odd := make(map[string]string)
	for name := range workstation() {
		odd[name] = "\x00\xffNaN [ -\n\n"
	}
	got := results.ReadEnvironment(files(odd))
	want := results.Environment{ // text fields keep what the kernel says; numbers are not invented
		Kernel: got.Kernel, Governor: got.Governor,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestMixedGovernorsAreCalledMixed(t *testing.T) {
	f := workstation()
	f["sys/devices/system/cpu/cpu1/cpufreq/scaling_governor"] = "powersave\n"
	if got := results.ReadEnvironment(files(f)).Governor; got != "mixed" {
		t.Errorf("governor %q, want mixed", got)
	}
}

func TestFingerprintIsOfTheStablePart(t *testing.T) {
	base := results.ReadEnvironment(files(workstation())).Seal()
	if len(base.Fingerprint) != 64 {
		t.Fatalf("fingerprint %q is not a SHA-256", base.Fingerprint)
	}
	f := workstation()
	f["proc/loadavg"] = "9.99 1 1 1/1 1\n"
	if got := results.ReadEnvironment(files(f)).Seal(); got.Fingerprint != base.Fingerprint {
		t.Error("the load changed the fingerprint")
	}
	f["proc/sys/kernel/osrelease"] = "6.13.0\n"
	if got := results.ReadEnvironment(files(f)).Seal(); got.Fingerprint == base.Fingerprint {
		t.Error("another kernel has the same fingerprint")
	}
	if again := base.Seal(); again.Fingerprint != base.Fingerprint {
		t.Error("sealing twice changed the fingerprint")
	}
}

func TestCountersOfARunAreDifferences(t *testing.T) {
	before := results.ReadEnvironment(files(workstation()))
	f := workstation()
	f["proc/stat"] = "cpu  1 2 3 4 5 6 7 90 0 0\n"
	f["proc/vmstat"] = "pswpin 2\n" // fell: the counter cannot be trusted
	delete(f, "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count")
	delete(f, "sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count")
	got := results.ReadEnvironment(files(f)).During(before).Volatile
	if got.Steal == nil || *got.Steal != 2 || got.SwapIn != nil || got.Throttle != nil {
		t.Errorf("steal %v, swap in %v, throttle %v; want 2, unknown, unknown", got.Steal, got.SwapIn, got.Throttle)
	}
}

func TestEnvironmentOfThisMachine(t *testing.T) {
	got := results.ReadEnvironment(os.DirFS("/"))
	if got.Kernel == "" || got.Cores == nil || *got.Cores < 1 || got.MemGiB == nil || *got.MemGiB <= 0 {
		t.Errorf("kernel %q, cores %v, memory %v: this machine has all three", got.Kernel, got.Cores, got.MemGiB)
	}
	if got.Volatile.Load1 == nil {
		t.Error("load is unknown on a Linux machine")
	}
}
