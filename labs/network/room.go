package network

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Sizes of a sender's buffer, in bytes as the kernel counts them.
const (
	wantedRoom = 16 << 20
	leastRoom  = 1 << 20
)

// MakeRoom gives the process at the other end of a unix socket, the QEMU of a
// guest, a larger buffer for what it sends.
//
// QEMU's serial port sends each byte by itself, and the kernel charges a sender
// some 800 bytes for it: the usual buffer is full after 277. A guest writes
// that many in 2 ms. Then QEMU tries each byte again, for up to 10 ms, during
// which the guest waits, and loses it. A reader that is late must neither slow
// the guest nor lose what it says.
//
// It takes the right to look into that process (ptrace(2)): root has it. On
// error nothing was changed.
func MakeRoom(conn net.Conn) error {
	c, ok := conn.(*net.UnixConn)
	if !ok {
		return fmt.Errorf("making room for what comes by %T: not a unix socket", conn)
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return fmt.Errorf("making room for the sender: %w", err)
	}
	var peer *unix.Ucred
	var credentials error
	err = raw.Control(func(fd uintptr) {
		peer, credentials = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err := errors.Join(err, credentials); err != nil {
		return fmt.Errorf("finding out who sends: %w", err)
	}
	if err := makeRoomIn(int(peer.Pid), c.LocalAddr().String()); err != nil {
		return fmt.Errorf("making room in process %d for what it sends to %s: %w", peer.Pid, c.LocalAddr(), err)
	}
	return nil
}

// makeRoomIn finds the sockets of a process that are connected to path.
func makeRoomIn(pid int, path string) error {
	process, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return err
	}
	defer unix.Close(process)
	directory := "/proc/" + strconv.Itoa(pid) + "/fd/"
	entries, err := os.ReadDir(directory)
	if err != nil {
		return err
	}
	found := errors.New("it has no such socket")
	for _, entry := range entries {
		number, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if target, err := os.Readlink(directory + entry.Name()); err != nil || !strings.HasPrefix(target, "socket:") {
			continue
		}
		socket, err := unix.PidfdGetfd(process, number, 0)
		if err != nil {
			return err
		}
		if name, err := unix.Getpeername(socket); err == nil {
			if to, ok := name.(*unix.SockaddrUnix); ok && to.Name == path {
				found = enlarge(socket)
			}
		}
		_ = unix.Close(socket) // our copy
	}
	return found
}

func enlarge(socket int) error {
	if unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, wantedRoom) != nil {
		// Not root: up to the host's limit, net.core.wmem_max.
		if err := unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_SNDBUF, wantedRoom); err != nil {
			return err
		}
	}
	size, err := unix.GetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_SNDBUF)
	if err == nil && size < leastRoom {
		err = fmt.Errorf("the host's limit (net.core.wmem_max) allows %d bytes", size)
	}
	return err
}
