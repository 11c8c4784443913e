package cloudinit

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// The versions of cloud-init at which it began to read what is written here.
const (
	modern              = "20" // network-config 2 on every distribution, and upstream's lists of modules
	fetchesNetworkSince = "24.3"
)

// isBefore compares versions of cloud-init, such as 22.4.2.
func isBefore(version, other string) bool {
	return slices.CompareFunc(strings.Split(version, "."), strings.Split(other, "."), func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return cmp.Compare(x, y)
	}) < 0
}

// version is that of the image's cloud-init, empty where it is not known.
func (w *work) version() string { return w.target.Profile.VersionFor(w.target.Release) }

// isOld reports whether the image has the cloud-init of an Enterprise Linux 7,
// whose lists of modules are its own: no ntp, and packages before runcmd.
func (w *work) isOld() bool { return w.version() != "" && isBefore(w.version(), modern) }

// fetchesNetwork reports whether network-config is asked for over HTTP, which
// it is since 24.3 (canonical/cloud-init#5603).
func (w *work) fetchesNetwork() bool {
	return w.version() != "" && !isBefore(w.version(), fetchesNetworkSince)
}
