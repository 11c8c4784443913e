package hypervisor

import (
	"encoding/xml"
	"fmt"
	"strings"

	"libvirt.org/go/libvirtxml"
)

// The hardware that all machines share. The network card has a fixed place on
// the bus, so that its name in the guest (enp0s16) depends on nothing else.
const (
	machineType = "q35"
	diskCache   = "writeback"
	networkSlot = "0x10"
	debugPort   = "0x402"
)

// XML renders the domain for libvirt. It is pure; an error names what is
// wrong with the description.
func (d Domain) XML() (string, error) {
	if err := d.validate(); err != nil {
		return "", fmt.Errorf("describing domain %q: %w", d.Name, err)
	}
	metadata, err := d.Tag.marshal()
	if err != nil {
		return "", fmt.Errorf("describing domain %q: %w", d.Name, err)
	}
	doc := libvirtxml.Domain{
		Type:            virtType(d.Accelerator),
		Name:            d.Name,
		UUID:            d.UUID,
		Metadata:        &libvirtxml.DomainMetadata{XML: metadata},
		Memory:          &libvirtxml.DomainMemory{Value: uint(d.MemoryMiB), Unit: "MiB"},
		VCPU:            &libvirtxml.DomainVCPU{Placement: "static", Value: uint(d.VCPUs)},
		SysInfo:         d.sysInfo(),
		OS:              d.os(),
		Features:        features(),
		CPU:             &libvirtxml.DomainCPU{Mode: cpuMode(d.Accelerator), Migratable: migratable(d.Accelerator)},
		Clock:           clock(),
		OnPoweroff:      "destroy",
		OnReboot:        string(d.rebootAction()),
		OnCrash:         "destroy",
		Devices:         d.devices(),
		QEMUCommandline: d.commandline(),
	}
	text, err := xml.MarshalIndent(&doc, "", "  ")
	if err != nil {
		return "", fmt.Errorf("rendering domain %q: %w", d.Name, err)
	}
	return string(text) + "\n", nil
}

func virtType(kind AcceleratorKind) string {
	if kind == KVM {
		return "kvm"
	}
	return "qemu"
}

// cpuMode gives the guest the host's own processor under KVM and everything
// the translator can do under TCG: current distributions need x86-64-v2 or v3.
func cpuMode(kind AcceleratorKind) string {
	if kind == KVM {
		return "host-passthrough"
	}
	return "maximum"
}

func migratable(kind AcceleratorKind) string {
	if kind == KVM {
		return "on"
	}
	return ""
}

func (d Domain) rebootAction() RebootAction {
	if d.OnReboot == "" {
		return RebootRestarts
	}
	return d.OnReboot
}

func (d Domain) os() *libvirtxml.DomainOS {
	os := &libvirtxml.DomainOS{Type: &libvirtxml.DomainOSType{Arch: "x86_64", Machine: machineType, Type: "hvm"}}
	if d.Firmware.Kind == UEFI {
		os.Loader = &libvirtxml.DomainLoader{Path: d.Firmware.Code, Readonly: "yes", Type: "pflash"}
		os.NVRam = &libvirtxml.DomainNVRam{NVRam: d.Firmware.Vars, Template: d.Firmware.VarsTemplate}
	}
	if d.Kernel != nil {
		os.Kernel, os.Initrd, os.Cmdline = d.Kernel.Kernel, d.Kernel.Initrd, d.Kernel.Cmdline
	}
	if d.hasSMBIOS() {
		os.SMBios = &libvirtxml.DomainSMBios{Mode: "sysinfo"}
	}
	return os
}

func (d Domain) hasSMBIOS() bool { return d.SMBIOS.Serial != "" || len(d.SMBIOS.OEMStrings) > 0 }

func (d Domain) sysInfo() []libvirtxml.DomainSysInfo {
	var infos []libvirtxml.DomainSysInfo
	if d.hasSMBIOS() {
		smbios := &libvirtxml.DomainSysInfoSMBIOS{}
		if d.SMBIOS.Serial != "" {
			smbios.System = &libvirtxml.DomainSysInfoSystem{Entry: []libvirtxml.DomainSysInfoEntry{{Name: "serial", Value: d.SMBIOS.Serial}}}
		}
		if len(d.SMBIOS.OEMStrings) > 0 {
			smbios.OEMStrings = &libvirtxml.DomainSysInfoOEMStrings{Entry: d.SMBIOS.OEMStrings}
		}
		infos = append(infos, libvirtxml.DomainSysInfo{SMBIOS: smbios})
	}
	fwcfg := &libvirtxml.DomainSysInfoFWCfg{}
	for _, entry := range d.FWCfg {
		if !entry.needsEscape() {
			fwcfg.Entry = append(fwcfg.Entry, libvirtxml.DomainSysInfoEntry{Name: entry.Name, File: entry.Path})
		}
	}
	if len(fwcfg.Entry) > 0 {
		infos = append(infos, libvirtxml.DomainSysInfo{FWCfg: fwcfg})
	}
	return infos
}

// features has ACPI because without it a guest has neither a power button nor
// the firmware configuration device.
func features() *libvirtxml.DomainFeatureList {
	return &libvirtxml.DomainFeatureList{
		ACPI:   &libvirtxml.DomainFeature{},
		APIC:   &libvirtxml.DomainFeatureAPIC{},
		VMPort: &libvirtxml.DomainFeatureState{State: "off"},
	}
}

func clock() *libvirtxml.DomainClock {
	return &libvirtxml.DomainClock{Offset: "utc", Timer: []libvirtxml.DomainTimer{
		{Name: "rtc", TickPolicy: "catchup"},
		{Name: "pit", TickPolicy: "delay"},
		{Name: "hpet", Present: "no"},
	}}
}

// needsEscape says that libvirt (9.0) would hand the entry to QEMU wrongly:
// unlike in all other options it does not double commas here, and it writes
// some characters as XML would.
func (f FWCfg) needsEscape() bool { return strings.ContainsAny(f.Name+f.Path, ",<>&'\"") }

// commandline holds what libvirt's own XML cannot say: a network card on a
// stream socket, the firmware's debug port, and odd file names.
func (d Domain) commandline() *libvirtxml.DomainQEMUCommandline {
	var args []string
	for _, entry := range d.FWCfg {
		if entry.needsEscape() {
			args = append(args, "-fw_cfg", "name="+escapeOption(entry.Name)+",file="+escapeOption(entry.Path))
		}
	}
	if d.Network != nil {
		args = append(args,
			"-netdev", "stream,id=lab0,server=off,addr.type=unix,addr.path="+escapeOption(d.Network.Socket),
			"-device", "virtio-net-pci,netdev=lab0,id=labnic0,mac="+escapeOption(d.Network.MAC)+",bus=pcie.0,addr="+networkSlot+",romfile=")
	}
	if d.FirmwareSocket != "" {
		args = append(args,
			"-chardev", "socket,id=firmware0,server=off,path="+escapeOption(d.FirmwareSocket),
			"-device", "isa-debugcon,iobase="+debugPort+",chardev=firmware0")
	}
	if d.LoadSnapshot != "" {
		args = append(args, "-loadvm", d.LoadSnapshot)
	}
	if len(args) == 0 {
		return nil
	}
	line := &libvirtxml.DomainQEMUCommandline{}
	for _, arg := range args {
		line.Args = append(line.Args, libvirtxml.DomainQEMUCommandlineArg{Value: arg})
	}
	return line
}

// escapeOption doubles commas, which separate the parts of a QEMU option.
func escapeOption(value string) string { return strings.ReplaceAll(value, ",", ",,") }
