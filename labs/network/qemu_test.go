package network

import (
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// A real QEMU joins, and the network boot code of its card (iPXE) takes a
// lease: framing, broadcast, offer and acknowledgement against foreign code.
func TestQEMUJoinsAndItsFirmwareGetsTheLease(t *testing.T) {
	qemu, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		t.Skip("qemu-system-x86_64 is not installed")
	}
	n := newLab(t, func(c *Config) { c.Isolated = true })
	path := filepath.Join(shortDir(t), "s")
	listener, err := Listen(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, qemu, "-nodefaults", "-display", "none", "-accel", "tcg", "-m", "64", "-no-user-config",
		"-netdev", "stream,id=lab0,server=off,addr.type=unix,addr.path="+path,
		"-device", "virtio-net-pci,netdev=lab0,bootindex=1,mac="+one.MAC.String())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cancel(); _ = cmd.Wait() }()
	defer context.AfterFunc(ctx, func() { _ = listener.Close() })() // QEMU may never come
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	acked := make(chan string, 16)
	result := make(chan error, 1)
	go func() {
		result <- n.Attach(ctx, conn, func(f Frame) {
			if m := dhcpReply(f); m != nil && m.MessageType() == dhcpv4.MessageTypeAck {
				acked <- m.YourIPAddr.String()
			}
		})
	}()
	select {
	case ip := <-acked:
		if ip != one.IP.String() {
			t.Errorf("acknowledged %s, want %s", ip, one.IP)
		}
	case err := <-result:
		t.Fatalf("guest left before it had a lease: %v", err)
	case <-ctx.Done():
		t.Fatalf("no lease: %+v", n.Counters())
	}
	cancel()
	if err := wait(t, result); err != nil {
		t.Error(err)
	}
}

// dhcpReply returns the DHCP message that a frame to a guest carries, if any.
func dhcpReply(f Frame) *dhcpv4.DHCPv4 {
	if f.FromGuest || len(f.Data) < ethernetLen {
		return nil
	}
	if _, protocol, ok := ethernet(f.Data).ipv4(); !ok || protocol != uint8(header.UDPProtocolNumber) {
		return nil
	}
	m, err := dhcpv4.FromBytes(header.UDP(header.IPv4(f.Data[ethernetLen:]).Payload()).Payload())
	if err != nil {
		return nil
	}
	return m
}
