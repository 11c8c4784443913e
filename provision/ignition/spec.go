package ignition

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	v3_0 "github.com/coreos/ignition/v2/config/v3_0"
	v3_1 "github.com/coreos/ignition/v2/config/v3_1"
	v3_2 "github.com/coreos/ignition/v2/config/v3_2"
	v3_3 "github.com/coreos/ignition/v2/config/v3_3"
	v3_4 "github.com/coreos/ignition/v2/config/v3_4"
	v3_5 "github.com/coreos/ignition/v2/config/v3_5"
	v3_6 "github.com/coreos/ignition/v2/config/v3_6"
	"github.com/coreos/vcontext/report"

	"distrolab/provision"
)

// noButane is the version of Butane for releases that read Ignition 1 and 2
// only, in catalog entries.
const noButane = "none"

// specs says which Ignition spec a version of a Butane variant writes.
func specs(variant string) map[string]string {
	switch variant {
	case "fcos":
		return map[string]string{"1.0.0": "3.0.0", "1.1.0": "3.1.0", "1.2.0": "3.2.0", "1.3.0": "3.2.0", "1.4.0": "3.3.0", "1.5.0": "3.4.0", "1.6.0": "3.5.0", "1.7.0": "3.6.0"}
	case "flatcar":
		return map[string]string{"1.0.0": "3.3.0", "1.1.0": "3.4.0"}
	}
	return nil
}

// parse reads a config by the code of its own spec, which knows no newer one.
func parse(text []byte) (report.Report, error) {
	var head struct {
		Ignition struct {
			Version string `json:"version"`
		} `json:"ignition"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return report.Report{}, fmt.Errorf("reading JSON: %w", err)
	}
	read, known := parsers()[head.Ignition.Version]
	if !known {
		return report.Report{}, fmt.Errorf("there is no Ignition spec %q; the newest is 3.6.0", head.Ignition.Version)
	}
	return read(text)
}

// parsers are the readers of each spec.
func parsers() map[string]func([]byte) (report.Report, error) {
	return map[string]func([]byte) (report.Report, error){
		"3.0.0": reportOf(v3_0.Parse), "3.1.0": reportOf(v3_1.Parse), "3.2.0": reportOf(v3_2.Parse),
		"3.3.0": reportOf(v3_3.Parse), "3.4.0": reportOf(v3_4.Parse), "3.5.0": reportOf(v3_5.Parse), "3.6.0": reportOf(v3_6.Parse),
	}
}

// reportOf leaves out the config itself, whose type differs with each spec.
func reportOf[C any](parse func([]byte) (C, report.Report, error)) func([]byte) (report.Report, error) {
	return func(text []byte) (report.Report, error) {
		_, findings, err := parse(text)
		return findings, err
	}
}

// specOf is the spec that the target's release reads, as far as is known.
func specOf(target provision.Target) (string, error) {
	version := target.Profile.VersionFor(target.Release)
	if version == noButane {
		return "", fmt.Errorf("%s %s reads Ignition of spec 1 and 2 only, which Butane does not write; take a newer release, or the format clc", target.Distro.Title, target.Release)
	}
	spec, known := specs(target.Profile.Variant)[version]
	if !known {
		return "", fmt.Errorf("no variant %q of version %q is in Butane; the catalog entry of %s is to be corrected", target.Profile.Variant, version, target.Distro.Name)
	}
	return spec, nil
}

// newer compares two specs, such as 3.10.0 and 3.9.0, by their numbers.
func newer(a, b string) bool {
	x, y := numbers(a), numbers(b)
	for i := range x {
		if c := cmp.Compare(x[i], y[i]); c != 0 {
			return c > 0
		}
	}
	return false
}

// numbers are the three of a version; what is none counts as 0.
func numbers(version string) [3]int {
	var n [3]int
	for i, part := range strings.SplitN(version, ".", 3) {
		part, _, _ = strings.Cut(part, "-")
		n[i], _ = strconv.Atoi(part)
	}
	return n
}
