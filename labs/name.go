package labs

import (
	"fmt"
	"regexp"
)

// MaxName is the length of the longest name of a lab or a machine.
const MaxName = 32

// CheckName refuses a name of a lab or machine that could not be a host name,
// a directory and part of a domain's name at once. kind is the word for it.
func CheckName(kind, name string) error {
	if len(name) > MaxName || !regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`).MatchString(name) {
		return fmt.Errorf("%s name %.64q cannot be used: take 1 to %d of a-z, 0-9 and -, not - at an end", kind, name, MaxName)
	}
	return nil
}

// MachineNames names machines after their distros, in order: the second of the
// same distro becomes NAME-2.
func MachineNames(distros []string) []string {
	count := map[string]int{}
	names := make([]string, 0, len(distros))
	for _, d := range distros {
		count[d]++
		if count[d] > 1 {
			d = fmt.Sprintf("%s-%d", d, count[d])
		}
		names = append(names, d)
	}
	return names
}
