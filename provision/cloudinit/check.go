package cloudinit

import (
	"path"

	"distrolab/provision"
)

// Check reads one file of a NoCloud volume that a person wrote.
func Check(name, text string, _ provision.Target) []provision.Finding {
	check := checkUserData
	switch path.Base(name) {
	case metaData:
		check = checkMetaData
	case networkConfig:
		check = checkNetwork
	}
	if err := check(text); err != nil {
		return []provision.Finding{{Severity: provision.SeverityError, Message: err.Error()}}
	}
	return nil
}
