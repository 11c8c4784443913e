package results

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// unjudged says why a change from one session to another may not be called a
// regression; empty: it may.
func unjudged(a, b Session, ta, tb Table) string {
	switch {
	case ta.Scenario != tb.Scenario:
		return "They measure different things: no ratio is given."
	case ta.Fingerprint == "" || tb.Fingerprint == "":
		return "The host of a session is not known: a ratio tells of the hosts as much as of the systems."
	case ta.Fingerprint != tb.Fingerprint:
		return "The hosts differ: a ratio tells of the hosts as much as of the systems."
	case ta.Conditions != tb.Conditions:
		return "The conditions differ: a ratio tells of the conditions as much as of the systems."
	case a.Mode == ModeCI || b.Mode == ModeCI:
		return "A session of mode ci was made on a shared machine: it compares within itself only."
	}
	return ""
}

// differences lists in what two sessions differ, what matters most first. Configs
// are not compared: each session has a key of its own in them.
func differences(a, b Session, ta, tb Table) []Difference {
	list := []Difference{}
	add := func(name, x, y string) {
		if x != y {
			list = append(list, Difference{name, orUnknown(x), orUnknown(y)})
		}
	}
	words := func(s Scenario) string { return strings.ReplaceAll(string(s), "_", " ") }
	add("measures", words(ta.Scenario), words(tb.Scenario))
	add("ends at", string(a.Finish), string(b.Finish))
	add("accelerator", strings.ToUpper(ta.Accel), strings.ToUpper(tb.Accel))
	add("page cache", ta.Cache, tb.Cache)
	add("virtual CPUs", fmt.Sprint(ta.VCPUs), fmt.Sprint(tb.VCPUs))
	add("memory", fmt.Sprintf("%d MiB", ta.MemMiB), fmt.Sprintf("%d MiB", tb.MemMiB))
	add("host", head(ta.Fingerprint, 12), head(tb.Fingerprint, 12))
	x, y := hostFacts(a.Env), hostFacts(b.Env)
	for i := range x {
		add(x[i][0], x[i][1], y[i][1])
	}
	for _, row := range ta.Rows {
		other, ok := rowLike(tb, row)
		if !ok {
			continue
		}
		x, y := row.Subject, other.Subject
		add(x.OS+": version", x.Version, y.Version)
		add(x.OS+": image", head(x.ImageSHA256, 12), head(y.ImageSHA256, 12))
		add(x.OS+": firmware", row.Firmware, other.Firmware)
		add(x.OS+": Kubernetes", x.K8s, y.K8s)
	}
	add("complete blocks", fmt.Sprint(ta.Blocks), fmt.Sprint(tb.Blocks))
	add("distrolab", a.Tool.Version, b.Tool.Version)
	return list
}

// hostFacts lists every fact that the fingerprint is made of, by name and value,
// in the order in which [Environment] has them: a fact that is added there is
// compared here.
func hostFacts(e Environment) [][2]string {
	var facts [][2]string
	v := reflect.ValueOf(e)
	for i := range v.NumField() {
		key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if key == "fingerprint" || key == "volatile" {
			continue
		}
		value, err := json.Marshal(v.Field(i).Interface())
		if err != nil { // no fact is one that JSON cannot hold
			continue
		}
		text := strings.Trim(string(value), `"`)
		if text == "null" {
			text = ""
		}
		facts = append(facts, [2]string{factName(key), text})
	}
	return facts
}

// factName is what people call a fact of the host.
func factName(key string) string {
	switch key {
	case "cpu_model":
		return "CPU"
	case "kernel":
		return "host's kernel"
	case "qemu":
		return "QEMU"
	case "mem_gib":
		return "host's memory, GiB"
	case "smt", "thp", "ksm":
		return strings.ToUpper(key)
	}
	return strings.ReplaceAll(key, "_", " ")
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
