package image

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// magicBytes is how much of a file's start decides what it is: the boot sector
// and the x86 kernel's header behind it.
const magicBytes = 1024

// checkFormat makes sure that a file is what its manifest says, as far as its
// first bytes show, and refuses what would open other files.
func checkFormat(r io.ReaderAt, format string) error {
	if format == "qcow2" {
		_, err := ReadQCOW2(r)
		if err != nil {
			return errors.Join(err, looksLike(r))
		}
		return nil
	}
	start, err := readStart(r)
	if err != nil {
		return err
	}
	if !startsAs(format, start) {
		return errors.Join(fmt.Errorf("it does not start as %s does", describeFormat(format)), looksLike(r))
	}
	return nil
}

func readStart(r io.ReaderAt) ([]byte, error) {
	start := make([]byte, magicBytes)
	n, err := r.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading the first bytes: %w", err)
	}
	return start[:n], nil
}

func startsAs(format string, start []byte) bool {
	at := func(offset int, magic string) bool {
		return len(start) >= offset+len(magic) && string(start[offset:offset+len(magic)]) == magic
	}
	switch format {
	case "raw": // a boot sector; GPT disks have one too. A qcow2 called raw would still be opened as qcow2 by some tools
		return at(510, "\x55\xaa") && !at(0, "QFI\xfb")
	case "bzImage":
		return at(0x202, "HdrS")
	case "Image":
		return at(0x38, "ARM\x64")
	case "cpio":
		for _, magic := range []string{"070701", "070702", "\x1f\x8b", "\x28\xb5\x2f\xfd", "\xfd7zXZ", "BZh", "\x02\x21\x4c\x18", "\x04\x22\x4d\x18", "\x5d\x00\x00"} {
			if at(0, magic) {
				return true
			}
		}
	}
	return false
}

func describeFormat(format string) string {
	switch format {
	case "raw":
		return "a bootable disk"
	case "cpio":
		return "an initramfs"
	default:
		return "a " + format + " kernel"
	}
}

// looksLike adds what a wrong file probably is; nil when it has no idea.
func looksLike(r io.ReaderAt) error {
	start, err := readStart(r)
	if err != nil {
		return nil //nolint:nilerr // only a hint
	}
	text := bytes.ToLower(bytes.TrimSpace(start))
	switch {
	case len(start) == 0:
		return errors.New("it is empty")
	case bytes.HasPrefix(text, []byte("<!doctype")) || bytes.HasPrefix(text, []byte("<html")):
		return errors.New("it is a web page, such as a proxy or a login sends; download the image again")
	case bytes.HasPrefix(start, []byte("\xfd7zXZ")), bytes.HasPrefix(start, []byte("\x1f\x8b")), bytes.HasPrefix(start, []byte("\x28\xb5\x2f\xfd")), bytes.HasPrefix(start, []byte("BZh")):
		return errors.New("it is still compressed; unpack it first")
	}
	return nil
}
