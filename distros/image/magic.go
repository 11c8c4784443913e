package image

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"distrolab/distros/image/decompress"
)

// headBytes is how much of a file's start decides what it is: up to the mark of
// a medium, which lies behind its first 16 sectors.
const headBytes = isoMark + len(isoMagic)

// The mark of a medium: the identifier of its first volume descriptor.
const (
	isoMark  = 0x8001
	isoMagic = "CD001"
)

// FormatError says that a file is not of the kind it should be, by its first
// bytes.
type FormatError struct {
	Want string // kind of file, with its article
	Got  string // what it probably is; empty: no idea
	Err  error  // what is wrong with one that starts rightly; nil otherwise
}

// Error says what was expected, what came, and what to do.
func (e *FormatError) Error() string {
	text := "it does not start as " + e.Want + " does"
	if e.Err != nil {
		text = e.Err.Error()
	}
	if e.Got != "" {
		text += "; " + e.Got
	}
	return text
}

// Unwrap returns what is wrong with a file that starts rightly.
func (e *FormatError) Unwrap() error { return e.Err }

// checkFormat makes sure that a file is what its manifest says, as far as its
// first bytes show, and refuses what would open other files.
func checkFormat(r io.ReaderAt, format string) error {
	head, err := readHead(r)
	if err != nil {
		return err
	}
	return checkHead(head, format)
}

// checkHead is checkFormat for the first [headBytes] of a file.
func checkHead(head []byte, format string) error {
	if startsAs(format, head) {
		if format != "qcow2" {
			return nil
		}
		if _, err := ReadQCOW2(bytes.NewReader(head)); err != nil {
			return &FormatError{Want: describeFormat(format), Err: err}
		}
		return nil
	}
	return &FormatError{Want: describeFormat(format), Got: looksLike(head)}
}

func readHead(r io.ReaderAt) ([]byte, error) {
	head := make([]byte, headBytes)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading the first bytes: %w", err)
	}
	return head[:n], nil
}

// startsAs reports whether a file starts as one of a format does.
func startsAs(format string, head []byte) bool {
	at := func(offset int, magic string) bool {
		return len(head) >= offset+len(magic) && string(head[offset:offset+len(magic)]) == magic
	}
	const qcow2 = "QFI\xfb"
	switch format {
	case "qcow2":
		return at(0, qcow2)
	case "iso9660": // a qcow2 with the mark of a medium would still be opened as qcow2 by some tools
		return at(isoMark, isoMagic) && !at(0, qcow2)
	case "raw": // the same; a boot sector, or a GPT whose boot sector is empty
		return (at(510, "\x55\xaa") || at(512, "EFI PART")) && !at(0, qcow2)
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
	case "qcow2":
		return "a qcow2 image"
	case "raw":
		return "a bootable disk"
	case "cpio":
		return "an initramfs"
	case "iso9660":
		return "an ISO medium"
	default:
		return "a " + format + " kernel"
	}
}

func describeRole(role string) string {
	switch role {
	case RoleDisk, RoleKernel:
		return "a " + role
	case RoleInitrd:
		return describeFormat("cpio")
	case RoleISO:
		return describeFormat("iso9660")
	default:
		return "a disk or a medium"
	}
}

// looksLike says what a wrong file probably is; empty when it has no idea.
func looksLike(head []byte) string {
	switch {
	case len(head) == 0:
		return "it is empty"
	case isWebPage(head):
		return "it is a web page, not an image: perhaps the login page of the network; open any page in a browser, log in, and try again"
	case decompress.Detect(head) != "":
		return "it is still compressed; unpack it first"
	}
	return ""
}

// isWebPage reports whether a file starts as HTML does, which is what a portal
// or a proxy sends in place of an image.
func isWebPage(head []byte) bool {
	text := bytes.TrimPrefix(head[:min(len(head), 1024)], []byte("\xef\xbb\xbf"))
	text = bytes.ToLower(bytes.TrimSpace(text))
	for _, start := range []string{"<!doctype", "<html", "<head", "<?xml"} {
		if bytes.HasPrefix(text, []byte(start)) {
			return true
		}
	}
	return false
}
