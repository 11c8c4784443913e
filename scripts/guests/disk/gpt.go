package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"unicode/utf16"
)

// The layout of a GUID partition table, from the UEFI specification 2.10,
// section 5.3.
const (
	sectorSize   = 512
	gptEntries   = 128
	gptEntrySize = 128
	gptSectors   = 1 + gptEntries*gptEntrySize/sectorSize // header and entries
	alignSectors = 2048                                   // partitions start on whole MiB
	mib          = 1 << 20
)

// extent is one entry of the partition table. Sectors are 512 bytes; Last is
// inclusive.
type extent struct {
	number      int
	name        string
	typ, guid   string
	first, last int64
}

// deriveUUID makes an identifier that depends on seed and name alone.
func deriveUUID(seed, name string) string {
	sum := sha256.Sum256([]byte("distrolab\x00" + seed + "\x00" + name))
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x80 // version 8: made by the vendor's own rule
	id[8] = id[8]&0x3f | 0x80
	h := hex.EncodeToString(id)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// parseGUID turns the usual text into the 16 bytes of the table, whose first
// three groups are little-endian.
func parseGUID(text string) ([16]byte, error) {
	var id [16]byte
	groups := strings.Split(text, "-")
	raw, err := hex.DecodeString(strings.Join(groups, ""))
	if err != nil || len(groups) != 5 || len(raw) != 16 || len(groups[0]) != 8 || len(groups[4]) != 12 {
		return id, fmt.Errorf("parsing identifier %q: want 8-4-4-4-12 hexadecimal digits", text)
	}
	copy(id[:], raw)
	id[0], id[1], id[2], id[3] = raw[3], raw[2], raw[1], raw[0]
	id[4], id[5] = raw[5], raw[4]
	id[6], id[7] = raw[7], raw[6]
	return id, nil
}

// writeGPT writes the protective boot record and both copies of the table. The
// first 440 bytes of sector 0 are left for boot code.
func writeGPT(w io.WriterAt, diskGUID string, sectors int64, parts []extent) error {
	entries, err := gptEntryArray(parts)
	if err != nil {
		return err
	}
	last := sectors - 1
	primary, err := gptHeader(diskGUID, 1, last, 2, sectors, entries)
	if err != nil {
		return err
	}
	backup, err := gptHeader(diskGUID, last, 1, last-gptSectors+1, sectors, entries)
	if err != nil {
		return err
	}
	for _, piece := range []struct {
		data []byte
		at   int64
	}{
		{protectiveRecord(sectors), 440},
		{primary, sectorSize},
		{entries, 2 * sectorSize},
		{entries, (last - gptSectors + 1) * sectorSize},
		{backup, last * sectorSize},
	} {
		if _, err := w.WriteAt(piece.data, piece.at); err != nil {
			return fmt.Errorf("writing partition table: %w", err)
		}
	}
	return nil
}

// protectiveRecord is the end of sector 0, from byte 440 on: one entry of type
// EE over the whole disk, so that old tools do not take the disk for empty.
func protectiveRecord(sectors int64) []byte {
	rec := make([]byte, sectorSize-440)
	entry := rec[6:]
	copy(entry, []byte{0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff})
	binary.LittleEndian.PutUint32(entry[8:], 1)
	binary.LittleEndian.PutUint32(entry[12:], uint32(min(sectors-1, 0xffffffff)))
	rec[len(rec)-2], rec[len(rec)-1] = 0x55, 0xaa
	return rec
}

func gptEntryArray(parts []extent) ([]byte, error) {
	array := make([]byte, gptEntries*gptEntrySize)
	for _, p := range parts {
		typ, err := parseGUID(p.typ)
		if err != nil {
			return nil, err
		}
		guid, err := parseGUID(p.guid)
		if err != nil {
			return nil, err
		}
		entry := array[(p.number-1)*gptEntrySize:][:gptEntrySize]
		copy(entry[0:], typ[:])
		copy(entry[16:], guid[:])
		binary.LittleEndian.PutUint64(entry[32:], uint64(p.first))
		binary.LittleEndian.PutUint64(entry[40:], uint64(p.last))
		name := utf16.Encode([]rune(p.name))
		if len(name) > 36 {
			return nil, fmt.Errorf("naming partition %d: %q is longer than 36 characters", p.number, p.name)
		}
		for i, unit := range name {
			binary.LittleEndian.PutUint16(entry[56+2*i:], unit)
		}
	}
	return array, nil
}

func gptHeader(diskGUID string, self, other, table, sectors int64, entries []byte) ([]byte, error) {
	guid, err := parseGUID(diskGUID)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("EFI PART")
	for _, v := range []any{
		uint32(0x10000), uint32(92), uint32(0), uint32(0), // revision, size, checksum, reserved
		uint64(self), uint64(other),
		uint64(1 + gptSectors), uint64(sectors - 1 - gptSectors), // first and last usable sector
		guid, uint64(table), uint32(gptEntries), uint32(gptEntrySize), crc32.ChecksumIEEE(entries),
	} {
		if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
			return nil, fmt.Errorf("encoding partition table: %w", err)
		}
	}
	header := b.Bytes()
	binary.LittleEndian.PutUint32(header[16:], crc32.ChecksumIEEE(header))
	return append(header, make([]byte, sectorSize-len(header))...), nil
}
