package machine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"unicode/utf16"
)

// The layout of a GUID partition table, from the UEFI specification 2.10,
// section 5.3.
const (
	sectorSize   = 512
	gptHeadBytes = 1 << 20 // start of a disk that holds the table
	gptMinHeader = 92
	gptMinEntry  = 128
	gptMaxCount  = 1024 // entries; tables have 128
)

// extent is a range of a disk in bytes.
type extent struct{ offset, size int64 }

// findPartition looks for a name in the partition table at the start of a
// disk. An image is a stranger's: the table is checked before it is believed.
func findPartition(head []byte, name string) (extent, error) {
	entries, size, err := gptEntries(head)
	if err != nil {
		return extent{}, err
	}
	var found []extent
	var names []string
	for ; len(entries) > 0; entries = entries[size:] {
		entry := entries[:size]
		if bytes.Equal(entry[:16], make([]byte, 16)) { // type: unused
			continue
		}
		called := gptName(entry[56:gptMinEntry])
		names = append(names, called)
		if called != name {
			continue
		}
		first, last := binary.LittleEndian.Uint64(entry[32:]), binary.LittleEndian.Uint64(entry[40:])
		if first == 0 || last < first || last >= 1<<40 {
			return extent{}, fmt.Errorf("partition %s lies at sectors %d to %d, which cannot be", name, first, last)
		}
		found = append(found, extent{int64(first) * sectorSize, int64(last-first+1) * sectorSize})
	}
	if len(found) != 1 {
		return extent{}, fmt.Errorf("%d partitions of the image are called %s; its partitions are %.1000q", len(found), name, names)
	}
	return found[0], nil
}

// gptEntries returns the table's entries and the size of one.
func gptEntries(head []byte) (entries []byte, size int, err error) {
	if len(head) < 2*sectorSize || !bytes.HasPrefix(head[sectorSize:], []byte("EFI PART")) {
		return nil, 0, errors.New("the image has no GUID partition table")
	}
	header := head[sectorSize : 2*sectorSize]
	length := binary.LittleEndian.Uint32(header[12:])
	if length < gptMinHeader || length > sectorSize || !checksumFits(header[:length]) {
		return nil, 0, errors.New("the image's partition table is damaged: its header's checksum is wrong")
	}
	start := binary.LittleEndian.Uint64(header[72:])
	count := binary.LittleEndian.Uint32(header[80:])
	each := binary.LittleEndian.Uint32(header[84:])
	if each < gptMinEntry || each%8 != 0 || each > 4096 || count == 0 || count > gptMaxCount || start < 2 || start > gptHeadBytes/sectorSize {
		return nil, 0, fmt.Errorf("the image's partition table is damaged: %d entries of %d bytes at sector %d", count, each, start)
	}
	end := start*sectorSize + uint64(count)*uint64(each)
	if end > uint64(len(head)) {
		return nil, 0, errors.New("the image's partition table is cut off")
	}
	entries = head[start*sectorSize : end]
	if crc32.ChecksumIEEE(entries) != binary.LittleEndian.Uint32(header[88:]) {
		return nil, 0, errors.New("the image's partition table is damaged: its checksum is wrong")
	}
	return entries, int(each), nil
}

// checksumFits compares a header with its own checksum, which is made with its
// place empty.
func checksumFits(header []byte) bool {
	blank := bytes.Clone(header)
	clear(blank[16:20])
	return crc32.ChecksumIEEE(blank) == binary.LittleEndian.Uint32(header[16:])
}

// gptName reads a name, which zeros end.
func gptName(field []byte) string {
	var units []uint16
	for ; len(field) >= 2; field = field[2:] {
		unit := binary.LittleEndian.Uint16(field)
		if unit == 0 {
			break
		}
		units = append(units, unit)
	}
	return string(utf16.Decode(units))
}
