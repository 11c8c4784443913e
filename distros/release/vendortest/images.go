package vendortest

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"html"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
)

// Disk is a qcow2 image of 200 kB whose content depends on a name.
func Disk(name string) []byte {
	h := filler(name, 200<<10)
	copy(h, "QFI\xfb")
	clear(h[4:104])
	binary.BigEndian.PutUint32(h[4:], 3)
	binary.BigEndian.PutUint32(h[20:], 16)
	binary.BigEndian.PutUint64(h[24:], 10<<30)
	binary.BigEndian.PutUint32(h[100:], 104)
	return h
}

// rawDisk is a disk with a boot sector.
func rawDisk(name string) []byte {
	h := filler(name, 300<<10)
	copy(h[510:], "\x55\xaa")
	return h
}

// kernel starts as a kernel of an architecture does.
func kernel(name, arch string) []byte {
	h := filler(name, 64<<10)
	if arch == "arm64" {
		copy(h[0x38:], "ARM\x64")
	} else {
		copy(h[0x202:], "HdrS")
	}
	return h
}

func initrd(name string) []byte { return append([]byte("\x1f\x8b\x08\x00"), filler(name, 64<<10)...) }

func medium(name string) []byte {
	h := filler(name, 96<<10)
	copy(h[0x8001:], "CD001")
	return h
}

// filler are bytes that do not compress, always the same for a name.
func filler(name string, size int) []byte {
	b := make([]byte, size)
	rand.NewChaCha8(sha256.Sum256([]byte(name))).Read(b) //nolint:errcheck // never fails
	return b
}

// pack compresses by the tool of that name; the test is skipped without it.
func pack(t testing.TB, tool string, content []byte) []byte {
	t.Helper()
	cmd := exec.Command(tool, "-c")
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout = bytes.NewReader(content), &out
	if err := cmd.Run(); err != nil {
		t.Skipf("%s cannot be run: %v", tool, err)
	}
	return out.Bytes()
}

func sha512Hex(content []byte) string {
	sum := sha512.Sum512(content)
	return hex.EncodeToString(sum[:])
}

// listing is the page that a web server makes of a directory.
func listing(names ...string) []byte {
	var page strings.Builder
	page.WriteString("<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2 Final//EN\">\n<html><head><title>Index of /</title></head><body><h1>Index of /</h1>\n<pre><a href=\"?C=N;O=D\">Name</a> <a href=\"?C=M;O=A\">Last modified</a><hr><a href=\"../\">Parent Directory</a>\n")
	for _, name := range names {
		fmt.Fprintf(&page, "<a href=\"%[1]s\">%[1]s</a>   2026-08-01 10:00  1M\n", html.EscapeString(name))
	}
	page.WriteString("</pre></body></html>\n")
	return []byte(page.String())
}
