package main

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Offsets in GRUB 2's i386-pc images, from grub/i386/pc/boot.h and
// grub/offsets.h of GRUB 2.06 and 2.12.
const (
	bootKernelSector = 0x5c  // boot.img: first sector of core.img, 64 bits
	bootDriveCheck   = 0x66  // boot.img: jump taken unless the drive number is trusted
	bootCodeEnd      = 440   // boot.img: the partition record begins here
	coreBlockList    = 0x1f4 // core.img: start (64 bits), length (16), segment (16)
	coreSegment      = 0x820 // core.img: where its second sector is loaded
)

// patchBoot returns the 440 bytes of boot code of boot.img for a core.img that
// begins at sector core.
func patchBoot(boot []byte, core int64) ([]byte, error) {
	if len(boot) != sectorSize || boot[510] != 0x55 || boot[511] != 0xaa {
		return nil, errors.New("patching boot.img: not a boot sector of 512 bytes that ends in 55 AA")
	}
	code := append([]byte(nil), boot[:bootCodeEnd]...)
	if code[bootDriveCheck] != 0xeb {
		return nil, fmt.Errorf("patching boot.img: byte %#x is %#x, not the jump of GRUB 2", bootDriveCheck, code[bootDriveCheck])
	}
	binary.LittleEndian.PutUint64(code[bootKernelSector:], uint64(core))
	// As grub-bios-setup does for hard disks: believe only drive numbers that
	// can be disks, since some firmware passes none.
	code[bootDriveCheck], code[bootDriveCheck+1] = 0x90, 0x90
	return code, nil
}

// patchCore returns core.img with its block list for a place that begins at
// sector first: the first sector loads the rest, which follows it at once.
func patchCore(core []byte, first int64) ([]byte, error) {
	if len(core) <= sectorSize {
		return nil, fmt.Errorf("patching core.img: %d bytes are too few", len(core))
	}
	if seg := binary.LittleEndian.Uint16(core[coreBlockList+10:]); seg != coreSegment {
		return nil, fmt.Errorf("patching core.img: block list loads at segment %#x, not %#x of GRUB 2 for i386-pc", seg, coreSegment)
	}
	rest := (len(core) - 1) / sectorSize // sectors after the first, the last may be partial
	if rest > 0xffff {
		return nil, fmt.Errorf("patching core.img: %d sectors do not fit a block list", rest)
	}
	out := append([]byte(nil), core...)
	binary.LittleEndian.PutUint64(out[coreBlockList:], uint64(first+1))
	binary.LittleEndian.PutUint16(out[coreBlockList+8:], uint16(rest))
	return out, nil
}
