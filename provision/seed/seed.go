// Package seed packs a rendered config into what a hypervisor can hand to a
// guest: an ISO 9660 image, the content of a disk, files for a partition,
// documents to serve, firmware configuration entries, an SMBIOS serial number,
// kernel words.
//
// It is the only package that writes media. [Pack] returns bytes and keeps no
// file, but the ISO 9660 library stages the files in a directory of its own
// under the temporary directory (TMPDIR); it has mode 0700 and is removed
// before Pack returns, on every path. Set TMPDIR to choose the place. The
// same config always packs to the same bytes.
package seed

import (
	"errors"
	"fmt"

	"distrolab/distros"
	"distrolab/provision"
)

// Media is a config as the hypervisor hands it over. Only the parts that the
// config's delivery uses are set.
type Media struct {
	Volume       *Volume              // nil unless delivered by volume
	Disk         *Disk                // nil unless delivered by disk
	Partition    *Partition           // nil unless delivered by partition
	Served       []provision.Document // what the lab serves below the URL, by name
	FWCfg        []Entry              // QEMU firmware configuration entries
	SMBIOSSerial string               // type 1 serial number
	KernelArgs   []string             // words to append to the kernel command line
}

// Volume is a labelled ISO 9660 image, to attach read-only.
type Volume struct {
	Label string // as the guest's blkid shows it
	Image []byte // whole image, a multiple of 2048 bytes
	CDROM bool   // the system looks at CD-ROM drives only
}

// Disk is a virtio disk whose content is the config.
type Disk struct {
	Serial  string // at most 20 bytes
	Content []byte // whole sectors of 512 bytes, zeros after the document
}

// Partition is a partition of the image itself that the config fills.
type Partition struct {
	Name  string               // in the GUID partition table
	Files []provision.Document // by path
}

// Entry is one firmware configuration entry.
type Entry struct {
	Name    string // such as opt/com.coreos/config, at most 55 bytes
	Content []byte
}

// Pack prepares cfg for its delivery. url is the address, with a slash at its
// end, below which the lab will serve the documents; it may be empty where
// nothing is served. Pack refuses whatever the channel would cut, rename or
// drop: a name too long for fw_cfg, a file name ISO 9660 would change, a
// serial number beyond what readers take.
func Pack(cfg provision.Config, url string) (Media, error) {
	media, err := packDocuments(cfg)
	if err != nil {
		return Media{}, err
	}
	if err := tellGuest(&media, cfg.Delivery, url); err != nil {
		return Media{}, fmt.Errorf("packing config for delivery %s: %w", cfg.Delivery.Call(), err)
	}
	return media, nil
}

// packDocuments puts the documents where the delivery's kind has them.
func packDocuments(cfg provision.Config) (Media, error) {
	switch cfg.Delivery.Kind {
	case distros.DeliverNone, "":
		if len(cfg.Documents) > 0 {
			return Media{}, errors.New("packing config: it has documents but no delivery; list one under config.deliveries in the catalog entry")
		}
		return Media{}, nil
	case distros.DeliverAPI:
		return Media{}, nil // sent after boot, by its own program
	case distros.DeliverVolume:
		return packVolume(cfg)
	case distros.DeliverDisk:
		return packDisk(cfg)
	case distros.DeliverPartition:
		return packPartition(cfg)
	case distros.DeliverFWCfg:
		return packFWCfg(cfg)
	case distros.DeliverKernel:
		return packKernel(cfg)
	case distros.DeliverHTTP:
		return packHTTP(cfg)
	}
	return Media{}, fmt.Errorf("packing config: unknown delivery %q; the catalog knows volume, disk, partition, fw_cfg, kernel, http, api and none", cfg.Delivery.Kind)
}

// only reports whether every byte of s is allowed.
func only(s string, allowed func(byte) bool) bool {
	for i := range len(s) {
		if !allowed(s[i]) {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func isPrintable(c byte) bool { return c >= 0x20 && c < 0x7f }
