//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"distrolab/labs/probe"
)

// Limits of what one report carries.
const (
	maxBlob  = 1 << 20   // bytes of one fw_cfg entry
	maxBlobs = 256       // fw_cfg entries
	maxDMI   = 256 << 10 // bytes of SMBIOS tables
)

// readFWCfg returns the entries named opt/…, which are the ones a person may
// set, in the order of their names. The directory is by_key of the
// qemu_fw_cfg module: one directory an entry, with the files name, size, raw.
func readFWCfg(keys string) probe.FWCfg {
	var out probe.FWCfg
	entries, err := os.ReadDir(keys)
	if err != nil {
		out.Error = "no fw_cfg device: " + err.Error()
		return out
	}
	for _, entry := range entries {
		dir := filepath.Join(keys, entry.Name())
		name, err := readHead(filepath.Join(dir, "name"), 256)
		if err != nil {
			out.Error = err.Error()
			continue
		}
		if text := strings.TrimSpace(string(name)); strings.HasPrefix(text, "opt/") {
			out.Entries = append(out.Entries, readBlob(text, dir))
		}
	}
	slices.SortFunc(out.Entries, func(a, b probe.FWCfgEntry) int { return strings.Compare(a.Name, b.Name) })
	if len(out.Entries) > maxBlobs {
		out.Entries = out.Entries[:maxBlobs]
		out.Error = fmt.Sprintf("more than %d entries", maxBlobs)
	}
	return out
}

// readBlob reads one entry.
func readBlob(name, dir string) probe.FWCfgEntry {
	e := probe.FWCfgEntry{Name: name}
	size, err := os.ReadFile(filepath.Join(dir, "size"))
	if err == nil {
		e.Size, err = strconv.ParseInt(strings.TrimSpace(string(size)), 10, 64)
	}
	if err != nil {
		e.Error = err.Error()
		return e
	}
	e.Data, err = readHead(filepath.Join(dir, "raw"), maxBlob)
	if err != nil {
		e.Error = err.Error()
	}
	return e
}

// readHead returns the first bytes of a file.
func readHead(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// readSMBIOS reads the structure table the kernel exports.
func readSMBIOS(path string) probe.SMBIOS {
	table, err := readHead(path, maxDMI)
	if err != nil {
		return probe.SMBIOS{Error: err.Error()}
	}
	return parseSMBIOS(table)
}

// parseSMBIOS walks the structures of DMTF DSP0134: a header (type, length,
// handle), a formatted part of that length, then strings that end in two
// zeros. The formatted part refers to strings by number, from 1.
func parseSMBIOS(table []byte) probe.SMBIOS {
	var out probe.SMBIOS
	const endOfTable = 127
	for len(table) >= 4 && table[0] != endOfTable {
		kind, length := table[0], int(table[1])
		if length < 4 || length > len(table) {
			out.Error = "an SMBIOS structure is longer than the table"
			return out
		}
		formatted := table[:length]
		rest := table[length:]
		end := bytes.Index(rest, []byte{0, 0})
		if end < 0 {
			out.Error = "the strings of an SMBIOS structure do not end"
			return out
		}
		texts := strings.Split(string(rest[:end]), "\x00")
		table = rest[end+2:]
		switch kind {
		case 1:
			out.System = parseSystem(formatted, texts)
		case 11:
			out.OEMStrings = append(out.OEMStrings, texts...)
		}
	}
	return out
}

// parseSystem reads structure type 1, whose older versions are shorter.
func parseSystem(formatted []byte, texts []string) probe.System {
	text := func(offset int) string {
		if offset >= len(formatted) || formatted[offset] == 0 || int(formatted[offset]) > len(texts) {
			return ""
		}
		return texts[formatted[offset]-1]
	}
	s := probe.System{
		Manufacturer: text(4), Product: text(5), Version: text(6), Serial: text(7),
		SKU: text(25), Family: text(26),
	}
	if len(formatted) >= 24 {
		s.UUID = formatUUID(formatted[8:24])
	}
	return s
}

// formatUUID prints the mixed-endian form of SMBIOS 2.6 and later.
func formatUUID(b []byte) string {
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(b),
		binary.LittleEndian.Uint16(b[4:]), binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:16])
}
