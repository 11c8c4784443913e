// Package hypervisor runs virtual machines by libvirt.
//
// It connects to a libvirt daemon (and starts the session daemon when there is
// none), writes the domain XML of one fair hardware profile, creates domains
// paused so that observers can attach before the first instruction, and turns
// libvirt's and QEMU's events into stamps of the host's monotonic clock. It
// also finds out whether KVM really runs guest code here.
//
// Every domain made here is transient and carries a tag in its metadata. The
// package lists, stops and destroys only what it is asked for by name, and
// lists only what carries the tag. It is the only package that knows libvirt;
// it makes no disk, no socket and no network: their paths come from the caller.
package hypervisor
