package pagecache

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mincore fills one byte for each page of mapped memory; its lowest bit says that
// the page is in memory (mincore(2)). golang.org/x/sys has no such function.
func mincore(memory, states []byte) error {
	if len(memory) == 0 {
		return nil
	}
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&memory[0])), uintptr(len(memory)), uintptr(unsafe.Pointer(&states[0])))
	if errno != 0 {
		return os.NewSyscallError("mincore", errno)
	}
	return nil
}
