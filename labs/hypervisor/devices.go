package hypervisor

import (
	"libvirt.org/go/libvirtxml"
)

func (d Domain) devices() *libvirtxml.DomainDeviceList {
	list := &libvirtxml.DomainDeviceList{
		Controllers: []libvirtxml.DomainController{{Type: "usb", Model: "none"}},
		MemBalloon:  &libvirtxml.DomainMemBalloon{Model: "none"},
		RNGs: []libvirtxml.DomainRNG{{
			Model:   "virtio",
			Backend: &libvirtxml.DomainRNGBackend{Random: &libvirtxml.DomainRNGBackendRandom{Device: "/dev/urandom"}},
		}},
		Serials: []libvirtxml.DomainSerial{d.serial()},
	}
	for i, disk := range d.Disks {
		list.Disks = append(list.Disks, disk.device(i, d.Kernel == nil && i == 0 && !disk.CDROM))
	}
	return list
}

// serial is the same device whether or not anybody listens, so that the guest
// does not change when the observer does.
func (d Domain) serial() libvirtxml.DomainSerial {
	port := uint(0)
	serial := libvirtxml.DomainSerial{
		Target: &libvirtxml.DomainSerialTarget{Type: "isa-serial", Port: &port, Model: &libvirtxml.DomainSerialTargetModel{Name: "isa-serial"}},
	}
	if d.ConsoleSocket == "" {
		serial.Source = &libvirtxml.DomainChardevSource{Null: &libvirtxml.DomainChardevSourceNull{}}
		return serial
	}
	serial.Source = &libvirtxml.DomainChardevSource{
		UNIX: &libvirtxml.DomainChardevSourceUNIX{Mode: "connect", Path: d.ConsoleSocket},
	}
	return serial
}

// device places a disk on virtio-blk: minimal kernels have no other driver.
func (k Disk) device(index int, boot bool) libvirtxml.DomainDisk {
	if k.CDROM {
		return k.drive(index)
	}
	disk := libvirtxml.DomainDisk{
		Device:       "disk",
		Driver:       &libvirtxml.DomainDiskDriver{Name: "qemu", Type: string(k.Format), Cache: diskCache, Discard: "unmap"},
		Source:       fileSource(k.Path),
		BackingStore: backingStore(k.Backing),
		Target:       &libvirtxml.DomainDiskTarget{Dev: "vd" + string(rune('a'+index)), Bus: "virtio"},
		Serial:       k.Serial,
	}
	if k.ReadOnly {
		disk.ReadOnly = &libvirtxml.DomainDiskReadOnly{}
	}
	if boot {
		disk.Boot = &libvirtxml.DomainDeviceBoot{Order: 1}
	}
	if k.Format == Raw && disk.BackingStore == nil {
		disk.BackingStore = &libvirtxml.DomainDiskBackingStore{}
	}
	return disk
}

// drive is a CD-ROM drive on the SATA controller that the machine type has
// anyway: what a PC has, and what kernels that know CD-ROM drives at all can read.
func (k Disk) drive(index int) libvirtxml.DomainDisk {
	return libvirtxml.DomainDisk{
		Device:       "cdrom",
		Driver:       &libvirtxml.DomainDiskDriver{Name: "qemu", Type: string(k.Format), Cache: diskCache},
		Source:       fileSource(k.Path),
		BackingStore: &libvirtxml.DomainDiskBackingStore{},
		Target:       &libvirtxml.DomainDiskTarget{Dev: "sd" + string(rune('a'+index)), Bus: "sata"},
		ReadOnly:     &libvirtxml.DomainDiskReadOnly{},
	}
}

// backingStore renders the chain, ended explicitly so that libvirt opens no
// image to look for more.
func backingStore(chain []Backing) *libvirtxml.DomainDiskBackingStore {
	if chain == nil {
		return nil
	}
	store := &libvirtxml.DomainDiskBackingStore{}
	for i := len(chain) - 1; i >= 0; i-- {
		store = &libvirtxml.DomainDiskBackingStore{
			Format:       &libvirtxml.DomainDiskFormat{Type: string(chain[i].Format)},
			Source:       fileSource(chain[i].Path),
			BackingStore: store,
		}
	}
	return store
}

func fileSource(path string) *libvirtxml.DomainDiskSource {
	return &libvirtxml.DomainDiskSource{File: &libvirtxml.DomainDiskSourceFile{File: path}}
}
