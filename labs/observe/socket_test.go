package observe

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// socketPair makes two connected sockets that wait in Go's poller, as the
// sockets of a guest do.
func socketPair() (a, b net.Conn, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	var conns [2]net.Conn
	for i, fd := range fds {
		file := os.NewFile(uintptr(fd), "socket")
		defer file.Close() // the connection has its own copy
		if conns[i], err = net.FileConn(file); err != nil {
			return nil, nil, err
		}
	}
	return conns[0], conns[1], nil
}
