package results

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"math"
	"strconv"
	"strings"
)

// ReadEnvironment reads the facts of this host from a file system rooted at /,
// such as os.DirFS("/"). It fills what the kernel tells (proc(5), sysfs); the
// versions of QEMU and libvirt and the storage come from the caller, who then
// calls [Environment.Seal].
func ReadEnvironment(root fs.FS) Environment {
	h := host{root}
	cpu := h.cpuInfo()
	return Environment{
		CPUModel:     cpu["model name"],
		Microcode:    cpu["microcode"],
		Cores:        h.cores(),
		SMT:          h.flag("sys/devices/system/cpu/smt/active"),
		Governor:     h.governor(),
		Turbo:        h.turbo(),
		Kernel:       h.text("proc/sys/kernel/osrelease"),
		MemGiB:       h.memory(),
		THP:          h.chosen("sys/kernel/mm/transparent_hugepage/enabled"),
		KSM:          h.flag("sys/kernel/mm/ksm/run"),
		FavorDynMods: h.favorDynMods(),
		NestedLevel:  nestedLevel(cpu),
		Power:        h.power(),
		Volatile:     h.volatile(),
	}
}

// ClockSource returns the name of the kernel's clock source, such as tsc, or
// an empty string.
func ClockSource(root fs.FS) string {
	return host{root}.text("sys/devices/system/clocksource/clocksource0/current_clocksource")
}

// Seal returns the environment with its fingerprint: the SHA-256 of all facts
// but the volatile ones. Results of different sessions may be compared only
// when their fingerprints are equal.
func (e Environment) Seal() Environment {
	stable := e
	stable.Fingerprint, stable.Volatile = "", Volatile{}
	data, err := json.Marshal(stable)
	if err != nil { // a number that JSON cannot hold; no fact is one
		return e
	}
	sum := sha256.Sum256(data)
	e.Fingerprint = hex.EncodeToString(sum[:])
	return e
}

// During returns the environment at the end of a run with its counters reduced
// to what happened since before.
func (e Environment) During(before Environment) Environment {
	e.Volatile.Steal = since(before.Volatile.Steal, e.Volatile.Steal)
	e.Volatile.Throttle = since(before.Volatile.Throttle, e.Volatile.Throttle)
	e.Volatile.SwapIn = since(before.Volatile.SwapIn, e.Volatile.SwapIn)
	return e
}

func since(before, after *int64) *int64 {
	if before == nil || after == nil || *after < *before {
		return nil
	}
	return new(*after - *before)
}

// host reads small files of the kernel. Absent and odd files give no fact.
type host struct{ root fs.FS }

const maxFact = 4 << 20 // /proc/cpuinfo of the largest machines

func (h host) text(path string) string {
	f, err := h.root.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFact))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// flag reads a file that holds 0 or another whole number.
func (h host) flag(path string) *bool {
	v := h.number(path)
	if v == nil {
		return nil
	}
	return new(*v != 0)
}

func (h host) number(path string) *int64 { return whole(h.text(path)) }

// whole reads a text that is a whole number; nil when it is not one.
func whole(text string) *int64 {
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil
	}
	return &v
}

// decimal reads a text that is a finite number; nil when it is not one.
func decimal(text string) *float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// chosen returns the word in brackets of a list such as "always [madvise] never".
func (h host) chosen(path string) string {
	_, after, _ := strings.Cut(h.text(path), "[")
	word, _, found := strings.Cut(after, "]")
	if !found {
		return ""
	}
	return word
}

// field returns the words after key on the line that begins with it.
func (h host) field(path, key string) []string {
	for line := range strings.Lines(h.text(path)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == key {
			return words[1:]
		}
	}
	return nil
}

// cpuInfo returns the fields of the first processor of /proc/cpuinfo.
func (h host) cpuInfo() map[string]string {
	info := make(map[string]string)
	for line := range strings.Lines(h.text("proc/cpuinfo")) {
		key, value, found := strings.Cut(line, ":")
		if !found {
			break // the empty line after the first processor
		}
		info[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	return info
}

// nestedLevel reads the "hypervisor" CPU flag, which says that this host is
// itself a guest. It cannot tell how deep.
func nestedLevel(cpu map[string]string) *int {
	flags := cpu["flags"]
	switch {
	case flags == "":
		return nil // not x86, or no cpuinfo
	case strings.Contains(" "+flags+" ", " hypervisor "):
		return new(1)
	}
	return new(0)
}
