package hypervisor

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"
)

const (
	maxLogTail   = 8 << 10 // bytes that are read of a log, which may hold anything
	maxLastWords = 300     // bytes
	logPatience  = 5       // looks at the log, whose daemon may be slower than the event of the end
	logPoll      = 100 * time.Millisecond
)

// LastWords is the last line that QEMU wrote to its standard error since it
// last started, from the log that libvirt keeps of the domain: an assertion
// that failed, a file that could not be read. It is "" when QEMU said nothing,
// and where the log cannot be read: at a daemon elsewhere, or at the system
// daemon for all but root. Control characters are gone.
func (c *Connection) LastWords(ctx context.Context, domain string) string {
	if !c.local {
		return ""
	}
	path := filepath.Join(c.logDirectory(), filepath.Base(domain)+".log")
	for look := 1; ; look++ {
		words := lastWords(readTail(path))
		if words != "" || look == logPatience {
			return words
		}
		select {
		case <-ctx.Done():
			return ""
		case <-time.After(logPoll):
		}
	}
}

// logDirectory is where libvirt puts the logs of domains (its manual, "Log files").
func (c *Connection) logDirectory() string {
	if c.sessionDir == "" {
		return "/var/log/libvirt/qemu"
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "libvirt", "qemu", "log")
}

func readTail(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	if size, err := file.Seek(0, io.SeekEnd); err != nil || size > maxLogTail {
		_, _ = file.Seek(-maxLogTail, io.SeekEnd) // else from the start
	} else {
		_, _ = file.Seek(0, io.SeekStart)
	}
	text, _ := io.ReadAll(io.LimitReader(file, maxLogTail)) // what could be read is better than nothing
	return string(text)
}

// lastWords finds QEMU's line among libvirt's: QEMU begins its own with the
// name of its program, and those of the command line go on with a backslash.
func lastWords(log string) string {
	if i := strings.LastIndex(log, ": starting up libvirt version"); i >= 0 {
		log = log[i:]
	}
	last := ""
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(line)
		if i := strings.Index(line, "qemu-system-"); i >= 0 && !strings.HasSuffix(line, `\`) {
			last = line[i:]
		}
	}
	last = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, last)
	return strings.ToValidUTF8(last[:min(len(last), maxLastWords)], "")
}
