package results

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// StorageOf says on what the files of a device number lie, such as "ext4 on
// /dev/vda, does not spin", from a file system rooted at / (proc_pid_mountinfo(5)
// and sysfs). It is empty where the kernel does not tell.
func StorageOf(root fs.FS, major, minor uint32) string {
	h := host{root}
	number := fmt.Sprintf("%d:%d", major, minor)
	for line := range strings.Lines(h.text("proc/self/mountinfo")) {
		words := strings.Fields(line)
		at := slices.Index(words, "-")
		if at < 6 || len(words) < at+3 || words[2] != number {
			continue
		}
		text := words[at+1] + " on " + words[at+2]
		if spins := h.spins(number, path.Base(words[at+2])); spins != nil {
			text += map[bool]string{true: ", spins", false: ", does not spin"}[*spins]
		}
		return text
	}
	return ""
}

// spins reads the flag of a disk, or of the disk that a partition is part of.
func (h host) spins(number, name string) *bool {
	if own := h.flag(path.Join("sys/dev/block", number, "queue/rotational")); own != nil {
		return own
	}
	for _, part := range h.matches("sys/block/*/" + name + "/partition") {
		return h.flag(path.Join(path.Dir(path.Dir(part)), "queue/rotational"))
	}
	return nil
}
