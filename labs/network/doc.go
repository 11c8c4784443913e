// Package network is the lab's own network: a switch, DHCP with leases fixed by
// MAC, names, time, NAT to the outside, and port forwards. It runs inside this
// process and needs no root.
//
// Each guest joins by a unix stream socket that QEMU connects to
// (-netdev stream,addr.type=unix; every Ethernet frame is preceded by its
// length as four bytes, big endian). Listen makes that socket, Attach serves
// it. Attach hands every frame of the guest, in both directions, to a tap with
// the host's monotonic time; this is how milestones are seen on guests without
// a shell.
//
// The parts, one file each:
//
//	guest      -> port (splits the stream, checks, taps) -> switch -> port -> guest
//	switch    <-> gateway: a TCP/IP stack in user space with DHCP, DNS, NTP
//	             and the documents that guests read at first boot
//	gateway   <-> host: NAT outwards, Dial and Forward inwards
//
// The stack is gvisor's. Switch and services are our own: those of
// github.com/containers/gvisor-tap-vsock cannot refuse an unknown MAC, cannot
// stay silent towards the host's resolver, cannot be shut down, and cost every
// start of distrolab 27 ms for a packet decoder that only their log uses.
//
// What comes from a guest is hostile. A port bounds frame lengths and the
// number of addresses, keeps one guest from using the address of another or of
// the gateway, and never waits for a guest that does not read. NAT never
// reaches the host's loopback or a link-local address (cloud metadata).
//
// The lab is IPv4 only; IPv6 frames reach no one. An echo request to the
// outside gets no answer, because NAT cannot send one for it.
//
// The package touches sockets only: it knows no libvirt and writes no file but
// the socket of Listen.
package network
