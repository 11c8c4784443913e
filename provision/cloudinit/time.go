package cloudinit

import (
	"slices"

	"distrolab/provision"
)

// ntpVariants are the distributions on which cloud-init's ntp module runs, of
// those in the catalog (the list in cc_ntp.py); elsewhere it is skipped.
func ntpVariants() []string {
	return []string{"almalinux", "alpine", "azurelinux", "centos", "debian", "fedora", "mariner", "photon", "rhel", "rocky", "ubuntu"}
}

// ntpFiles are what the module may write; it would replace the intent's own.
func ntpFiles() []string {
	return []string{
		"/etc/chrony.conf", "/etc/chrony/chrony.conf", "/etc/ntp.conf",
		"/etc/systemd/timesyncd.conf", "/etc/systemd/timesyncd.conf.d/cloud-init.conf",
	}
}

// usesNTPModule prefers cloud-init's own module: it finds out which client the
// image has, knows where its file lies there, and restarts it. Where there is
// none it installs chrony, which needs a mirror. Where the module does not run
// or would replace a file of the intent, provision/linux does it.
func (w *work) usesNTPModule() bool {
	if len(w.intent.Time.NTP) == 0 || w.isOld() || !slices.Contains(ntpVariants(), w.target.Profile.Variant) {
		return false
	}
	return !slices.ContainsFunc(w.intent.Files, func(f provision.File) bool { return slices.Contains(ntpFiles(), f.Path) })
}

// timeService is the unit that reads the file of provision/linux.
func timeService(client string) string {
	return map[string]string{"timesyncd": "systemd-timesyncd.service", "chrony": "chronyd.service"}[client]
}
