//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"distrolab/labs/probe"

	"golang.org/x/sys/unix"
)

// Limits of what one report carries of disks.
const (
	maxDevices     = 64
	maxFiles       = 1000      // entries of one file system
	maxFileData    = 256 << 10 // bytes of one file
	maxDeviceBytes = 2 << 20   // bytes of all files of one device
)

// readStorage returns the block devices listed in sysfs, with their files.
func readStorage(class, dev string) probe.Storage {
	names, err := os.ReadDir(class)
	if err != nil {
		return probe.Storage{Error: err.Error()}
	}
	var out probe.Storage
	for _, n := range names {
		if strings.HasPrefix(n.Name(), "loop") || strings.HasPrefix(n.Name(), "ram") {
			continue
		}
		if len(out.Devices) == maxDevices {
			out.Error = fmt.Sprintf("more than %d block devices", maxDevices)
			break
		}
		out.Devices = append(out.Devices, readDevice(filepath.Join(class, n.Name()), filepath.Join(dev, n.Name())))
	}
	return out
}

// readDevice describes one device from its sysfs directory and its first
// bytes, and reads its file system where it knows it.
func readDevice(sys, node string) probe.Device {
	d := probe.Device{Name: filepath.Base(sys)}
	attribute := func(name string) string {
		text, err := readHead(filepath.Join(sys, name), 4096)
		if err != nil {
			return "" // a partition has no serial, a plain disk no partition name
		}
		return strings.TrimSpace(string(text))
	}
	if sectors, err := strconv.ParseInt(attribute("size"), 10, 64); err == nil {
		d.Size = sectors * 512
	}
	d.Serial = attribute("serial")
	d.ReadOnly = attribute("ro") == "1"
	for line := range strings.Lines(attribute("uevent")) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "PARTNAME="); ok {
			d.PartitionName = name
		}
	}
	head, err := readHead(node, headSize)
	if err != nil {
		d.Error = err.Error()
		return d
	}
	d.FileSystem, d.Label = identify(head)
	if d.FileSystem == "" {
		if d.Serial != "" && len(partitions(sys)) == 0 {
			d.Data, err = readHead(node, maxFileData)
		}
		if err != nil {
			d.Error = err.Error()
		}
		return d
	}
	d.Files, err = readMounted(node, d.FileSystem)
	if err != nil {
		d.Error = err.Error()
	}
	return d
}

// partitions lists the partitions of a disk.
func partitions(sys string) []string {
	found, _ := filepath.Glob(filepath.Join(sys, "*", "partition")) // the pattern is right
	return found
}

// headSize is enough of a device for identify: ISO 9660 begins at 32 KiB.
const headSize = 32<<10 + 2048

// identify recognises a file system by its first bytes and returns its label.
func identify(head []byte) (kind, label string) {
	at := func(offset, length int) []byte {
		if offset+length > len(head) {
			return make([]byte, length)
		}
		return head[offset : offset+length]
	}
	trim := func(b []byte) string { return strings.TrimRight(string(b), " \x00") }
	switch {
	case string(at(32769, 5)) == "CD001": // primary volume descriptor, ECMA-119 8.4
		return "iso9660", trim(at(32808, 32))
	case string(at(82, 5)) == "FAT32":
		return "vfat", trim(at(71, 11))
	case string(at(54, 3)) == "FAT":
		return "vfat", trim(at(43, 11))
	case bytes.Equal(at(1080, 2), []byte{0x53, 0xef}): // s_magic of the superblock at 1024
		return "ext4", trim(at(1144, 16))
	}
	return "", ""
}

// readMounted lists a file system, mounted read-only for the time of it.
func readMounted(node, kind string) (files []probe.File, err error) {
	at := filepath.Join("/mnt", filepath.Base(node))
	if err := os.MkdirAll(at, 0o700); err != nil {
		return nil, err
	}
	options := map[string]string{"ext4": "noload"}[kind] // do not replay a journal
	flags := uintptr(unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC)
	if err := unix.Mount(node, at, kind, flags, options); err != nil {
		return nil, fmt.Errorf("mounting %s as %s: %w", node, kind, err)
	}
	defer func() { err = errors.Join(err, unix.Unmount(at, unix.MNT_DETACH)) }()
	return readTree(at)
}

// readTree lists the files below a directory, in path order, with contents up
// to the limits.
func readTree(root string) ([]probe.File, error) {
	var files []probe.File
	left := int64(maxDeviceBytes)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		if len(files) == maxFiles {
			return fmt.Errorf("more than %d files: the rest is not listed", maxFiles)
		}
		f, err := readFile(root, path, min(left, maxFileData))
		left -= int64(len(f.Data))
		files = append(files, f)
		return err
	})
	return files, err
}

// readFile describes one entry and reads at most limit bytes of it.
func readFile(root, path string, limit int64) (probe.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return probe.File{}, err
	}
	rel, err := filepath.Rel(root, path)
	f := probe.File{Path: rel, Mode: info.Mode().String(), Size: info.Size()}
	switch {
	case err != nil:
	case info.Mode().IsRegular():
		f.Data, err = readHead(path, limit)
	case info.Mode()&fs.ModeSymlink != 0:
		f.Link, err = os.Readlink(path)
	}
	return f, err
}
