// Package observe watches one boot from outside the guest and stamps what it
// sees with the host's monotonic clock.
//
// A milestone is never read from inside the guest: it is a byte on the serial
// port, a frame on the lab's switch, the answer to a probe, or an event of the
// hypervisor. What was not seen stays unknown, with a reason. The package takes
// streams, frames and events from its caller and touches neither libvirt nor
// the network itself.
package observe

// Milestone names a moment of a boot. The names are those of results and of
// the catalog's patterns; the letters B0 to B18 are their order in reports.
type Milestone string

// The milestones of a boot, in the order they normally happen.
const (
	Request         Milestone = "request"         // B0: the start call is issued; zero of every timeline
	VCPUStart       Milestone = "vcpu_start"      // B1: the virtual CPUs run
	FirmwareFirst   Milestone = "firmware_first"  // B2: first output of the firmware
	LoaderFirst     Milestone = "loader_first"    // B3: first text of the boot loader
	KernelStart     Milestone = "kernel_start"    // B4: zero of the kernel's own clock
	KernelConsole   Milestone = "kernel_console"  // B5: first kernel line arrives
	InitStart       Milestone = "init_start"      // B6: first sign of PID 1
	SwitchRoot      Milestone = "switch_root"     // B7: the initrd hands over
	NetFirstFrame   Milestone = "net_first_frame" // B8: first frame from the guest
	DHCPDiscover    Milestone = "dhcp_discover"   // B9: first DHCP request seen
	DHCPAck         Milestone = "dhcp_ack"        // B10: first DHCP acknowledgement sent
	NetUsable       Milestone = "net_usable"      // B11: first unicast IP frame from the lease, or first RST
	ConfigFetched   Milestone = "config_fetched"  // B12: first provisioning download complete
	ManagementRST   Milestone = "mgmt_closed"     // B13: first RST of the management port
	ManagementSYN   Milestone = "mgmt_syn"        // B14: first SYN/ACK there
	ManagementByte  Milestone = "mgmt_answer"     // B15: first application byte there
	ManagementLogin Milestone = "mgmt_login"      // B16: an authenticated no-op is done
	BootComplete    Milestone = "boot_complete"   // B17: the system reports done
	FirstContainer  Milestone = "first_container" // B18: the probe container says hello
)
