package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Spec says what a disk holds. Relative file names are relative to the
// specification's own directory.
type Spec struct {
	Seed     string `json:"seed"`               // identifiers that are not given are derived from it
	SizeMiB  int64  `json:"size_mib"`           // virtual size of the disk
	Epoch    int64  `json:"epoch"`              // Unix seconds; every time that is not in an archive
	Format   string `json:"format,omitempty"`   // "qcow2" (default) or "raw"
	Compress bool   `json:"compress,omitempty"` // qcow2: compress the clusters; smaller, slower to boot

	GRUB       *GRUB       `json:"grub,omitempty"` // nil: a data disk
	Partitions []Partition `json:"partitions"`     // in their order on the disk; the last may take the rest
}

// GRUB names the loader's parts, as grub-mkimage of the guest's own packages
// made them. A BIOS boot partition (number 14) and an EFI system partition
// (number 15) are put before all others, as in Debian's cloud images.
type GRUB struct {
	Boot   string `json:"boot"`              // boot.img, the 512-byte boot sector
	Core   string `json:"core"`              // core.img for i386-pc, with its first sector diskboot.img
	EFI    string `json:"efi"`               // x86_64-efi program, becomes EFI/BOOT/BOOTX64.EFI
	ESPID  string `json:"esp_id,omitempty"`  // FAT volume id, eight hexadecimal digits; derived when empty
	ESPMiB int64  `json:"esp_mib,omitempty"` // size of the EFI system partition; 16 when zero
}

// Partition is one ext4 partition, filled from a tar archive.
type Partition struct {
	Number  int      `json:"number"`            // place in the partition table, 1 to 128
	Name    string   `json:"name"`              // partition name in the table
	Type    string   `json:"type"`              // "root", "usr" or "linux" (see typeGUIDs)
	Label   string   `json:"label,omitempty"`   // ext4 label, at most 16 bytes
	UUID    string   `json:"uuid,omitempty"`    // of the file system; derived when empty
	GUID    string   `json:"guid,omitempty"`    // of the partition; derived when empty
	SizeMiB int64    `json:"size_mib"`          // 0: the rest of the disk, for the last one only
	Tar     string   `json:"tar,omitempty"`     // archive with the content; empty file system when empty
	Subtree string   `json:"subtree,omitempty"` // only what lies below this directory, which becomes the root
	Exclude []string `json:"exclude,omitempty"` // directories that stay, but empty: the mount points
}

const (
	defaultESPMiB = 16
	maxDiskMiB    = 1 << 20
)

// typeGUIDs maps the words of [Partition.Type] to the type identifiers of the
// UAPI Discoverable Partitions Specification.
func typeGUIDs() map[string]string {
	return map[string]string{
		"root":  "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
		"usr":   "8484680c-9521-48c6-9c11-b0720656f69e",
		"linux": "0fc63daf-8483-4772-8e79-3d69d8477de4",
		"bios":  "21686148-6449-6e6f-744e-656564454649",
		"esp":   "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
	}
}

// ReadSpec reads and checks a specification. All problems are reported at once.
func ReadSpec(name string) (*Spec, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading specification: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var spec Spec
	if err := dec.Decode(&spec); err != nil {
		return nil, fmt.Errorf("reading specification %s: %w", name, err)
	}
	spec.fill(filepath.Dir(name))
	if err := spec.check(); err != nil {
		return nil, fmt.Errorf("checking specification %s: %w", name, err)
	}
	return &spec, nil
}

// fill sets defaults and makes file names independent of the working directory.
func (s *Spec) fill(dir string) {
	abs := func(name *string) {
		if *name != "" && !filepath.IsAbs(*name) {
			*name = filepath.Join(dir, *name)
		}
	}
	if s.Format == "" {
		s.Format = "qcow2"
	}
	if g := s.GRUB; g != nil {
		abs(&g.Boot)
		abs(&g.Core)
		abs(&g.EFI)
		if g.ESPMiB == 0 {
			g.ESPMiB = defaultESPMiB
		}
		if g.ESPID == "" {
			g.ESPID = strings.ReplaceAll(deriveUUID(s.Seed, "esp-volume"), "-", "")[:8]
		}
	}
	for i := range s.Partitions {
		p := &s.Partitions[i]
		abs(&p.Tar)
		if p.UUID == "" {
			p.UUID = deriveUUID(s.Seed, "fs-"+p.Name)
		}
		if p.GUID == "" {
			p.GUID = deriveUUID(s.Seed, "part-"+p.Name)
		}
	}
}

func (s *Spec) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if s.Seed == "" {
		bad("seed: empty; give the guest's name")
	}
	if s.SizeMiB < 8 || s.SizeMiB > maxDiskMiB {
		bad("size_mib: %d is not between 8 and %d", s.SizeMiB, maxDiskMiB)
	}
	if s.Epoch <= 0 {
		bad("epoch: %d is not a time after 1970", s.Epoch)
	}
	if s.Format != "qcow2" && s.Format != "raw" {
		bad("format: %q is not qcow2 or raw", s.Format)
	}
	if g := s.GRUB; g != nil {
		if g.Boot == "" || g.Core == "" || g.EFI == "" {
			bad("grub: boot, core and efi are all needed")
		}
		if !regexp.MustCompile(`^[0-9a-fA-F]{8}$`).MatchString(g.ESPID) {
			bad("grub.esp_id: %q is not eight hexadecimal digits", g.ESPID)
		}
	}
	seen := map[int]bool{}
	if s.GRUB != nil {
		seen[biosNumber], seen[espNumber] = true, true
	}
	for i, p := range s.Partitions {
		errs = append(errs, p.check(fmt.Sprintf("partitions[%d]", i), seen, i == len(s.Partitions)-1)...)
		seen[p.Number] = true
	}
	return errors.Join(errs...)
}

func (p *Partition) check(path string, seen map[int]bool, last bool) []error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf(path+"."+format, args...))
	}
	if p.Number < 1 || p.Number > gptEntries || seen[p.Number] {
		bad("number: %d is taken or not between 1 and %d", p.Number, gptEntries)
	}
	if typeGUIDs()[p.Type] == "" {
		bad("type: unknown %q", p.Type)
	}
	if len(p.Name) > 36 {
		bad("name: %q is longer than 36 characters", p.Name)
	}
	if len(p.Label) > 16 {
		bad("label: %q is longer than 16 bytes", p.Label)
	}
	if p.SizeMiB < 0 || p.SizeMiB == 0 && !last {
		bad("size_mib: %d; only the last partition may take the rest (0)", p.SizeMiB)
	}
	for _, id := range []string{p.UUID, p.GUID} {
		if _, err := parseGUID(id); err != nil {
			bad("uuid: %w", err)
		}
	}
	return errs
}
