//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"distrolab/labs/probe"

	"golang.org/x/sys/unix"
)

// Times of the DHCP exchange. A lab's server answers in a millisecond; a guest
// without one must still report soon.
const (
	leaseTimeout  = 4 * time.Second
	offerInterval = 700 * time.Millisecond // between two requests
)

// readNetwork brings every interface up and asks for a lease on each.
func readNetwork(timeout time.Duration) probe.Network {
	all, err := net.Interfaces()
	if err != nil {
		return probe.Network{Error: err.Error()}
	}
	var out probe.Network
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 || len(i.HardwareAddr) != 6 {
			continue
		}
		entry := probe.Interface{Name: i.Name, MAC: i.HardwareAddr.String()}
		entry.Lease, err = lease(i, time.Now().Add(timeout))
		if err != nil {
			entry.Error = err.Error()
		}
		out.Interfaces = append(out.Interfaces, entry)
	}
	return out
}

// lease brings the interface up and asks for a lease until the deadline. It
// uses a packet socket, because the interface has no address yet.
func lease(i net.Interface, deadline time.Time) (*probe.Lease, error) {
	if err := bringUp(i.Name); err != nil {
		return nil, fmt.Errorf("bringing %s up: %w", i.Name, err)
	}
	const etherIPv4 = 0x0008 // ETH_P_IP in network byte order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, etherIPv4)
	if err != nil {
		return nil, fmt.Errorf("opening packet socket: %w", err)
	}
	defer unix.Close(fd)
	to := &unix.SockaddrLinklayer{Protocol: etherIPv4, Ifindex: i.Index, Halen: 6,
		Addr: [8]byte{255, 255, 255, 255, 255, 255}}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: etherIPv4, Ifindex: i.Index}); err != nil {
		return nil, fmt.Errorf("binding packet socket: %w", err)
	}
	ask := exchange{
		send:     func(packet []byte) error { return unix.Sendto(fd, packet, 0, to) },
		receive:  func(buffer []byte, wait time.Duration) (int, error) { return receive(fd, buffer, wait) },
		mac:      i.HardwareAddr,
		id:       uint32(time.Now().UnixNano()),
		interval: offerInterval,
		now:      time.Now,
	}
	return ask.run(deadline)
}

// bringUp sets IFF_UP, as ip link set up does.
func bringUp(name string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, request); err != nil {
		return err
	}
	request.SetUint16(request.Uint16() | unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
}

// configure gives the interface the address of its lease; what the lab serves
// lies in the same subnet, so no route is needed.
func configure(name string, lease probe.Lease) error {
	prefix, err := netip.ParsePrefix(lease.Address)
	if err != nil {
		return fmt.Errorf("reading the lease: %w", err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for _, part := range []struct {
		request uint
		value   []byte
	}{
		{unix.SIOCSIFADDR, prefix.Addr().AsSlice()},
		{unix.SIOCSIFNETMASK, net.CIDRMask(prefix.Bits(), 32)},
	} {
		request, err := unix.NewIfreq(name)
		if err != nil {
			return err
		}
		if err := request.SetInet4Addr(part.value); err != nil {
			return err
		}
		if err := unix.IoctlIfreq(fd, part.request, request); err != nil {
			return fmt.Errorf("giving %s its address: %w", name, err)
		}
	}
	return nil
}

// receive waits for one packet; an elapsed wait is errNothing.
func receive(fd int, buffer []byte, wait time.Duration) (int, error) {
	limit := unix.NsecToTimeval(max(wait, time.Millisecond).Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
		return 0, err
	}
	n, _, err := unix.Recvfrom(fd, buffer, 0)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return 0, errNothing
	}
	return n, err
}

// errNothing means that no packet came in the time given.
var errNothing = errors.New("no packet")
