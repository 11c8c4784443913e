package ignition

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

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

// specOf is the spec that the target's release reads, as far as is known.
func specOf(target provision.Target) (string, error) {
	version := target.Profile.VersionFor(target.Release)
	if version == noButane {
		return "", fmt.Errorf("%s %s reads Ignition of spec 1 and 2 only, which Butane does not write; take a newer release, or the format clc", target.Distro.Title, target.Release)
	}
	spec, known := specs(target.Profile.Variant)[version]
	if !known {
		return "", fmt.Errorf("Butane has no variant %q of version %q; the catalog entry of %s is to be corrected", target.Profile.Variant, version, target.Distro.Name)
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
