package cluster

import (
	"io/fs"
	"syscall"
)

// allocated is the size of a file without its holes, in bytes (stat(2): blocks
// of 512).
func allocated(info fs.FileInfo) int64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return stat.Blocks * 512
	}
	return info.Size()
}
