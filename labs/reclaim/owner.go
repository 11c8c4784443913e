package reclaim

import (
	"strings"

	"distrolab/labs/home"
)

// isStray reports whether a command line is that of a QEMU of this home whose
// lab does not run. libvirt names the guest, and a disk, seed or socket below
// this home's directories follows. Any other process that merely mentions such
// a path, such as a pager or an editor, is not ours.
func isStray(h home.Home, arguments string, running []string) bool {
	if !isGuest(strings.Split(arguments, "\x00")) {
		return false
	}
	if !strings.Contains(arguments, h.Labs()+"/") && !strings.Contains(arguments, h.Run+"/") {
		return false
	}
	for _, lab := range running {
		if strings.Contains(arguments, h.Lab(lab)+"/") || strings.Contains(arguments, h.Sockets(lab)+"/") {
			return false
		}
	}
	return true
}

// isGuest recognises a QEMU that libvirt started for one of our machines.
func isGuest(args []string) bool {
	if !strings.Contains(args[0], "qemu") {
		return false
	}
	for i, a := range args[:len(args)-1] {
		if a == "-name" && strings.HasPrefix(args[i+1], "guest=distrolab-") {
			return true
		}
	}
	return false
}
