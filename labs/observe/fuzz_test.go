package observe

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"distrolab/distros"

	"github.com/google/go-cmp/cmp"
)

// FuzzConsole checks that no bytes of a guest break the console, and that it
// does not matter how reads cut them.
func FuzzConsole(f *testing.F) {
	for _, s := range debian() {
		f.Add([]byte(s.text), 3)
	}
	f.Add([]byte("\x1b]0;title\x07\x1b[1;31mred\x1b[0m\x1bP1$r\x1b\\\r\n\x00\xff\x1b"), 1)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		cut = max(1, cut%64)
		p := compile(t, distros.BootProfile{})
		whole, parts := New(p, Options{}), New(p, Options{})
		whole.Begin(whole.origin)
		whole.console.take(chunk{data: data})
		for rest := data; len(rest) > 0; rest = rest[min(cut, len(rest)):] {
			parts.console.take(chunk{data: rest[:min(cut, len(rest))]})
		}
		whole.console.flush()
		parts.console.flush()
		if diff := cmp.Diff(whole.Tail(ringLines), parts.Tail(ringLines)); diff != "" {
			t.Errorf("lines depend on the reads (-whole +parts):\n%s", diff)
		}
		for _, l := range whole.Tail(ringLines) {
			if len(l) > ringLine || strings.ContainsFunc(l, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("line %q would reach the terminal", l)
			}
		}
		if n := whole.Counters().SerialBytes; n != int64(len(data)) {
			t.Errorf("counted %d bytes of %d", n, len(data))
		}
		checkComplete(t, whole.Finish(""))
	})
}

func FuzzPrintable(f *testing.F) {
	f.Add([]byte("a\x1b[31m\u202e\xff\x01\t"), 20)
	f.Fuzz(func(t *testing.T, b []byte, limit int) {
		limit = max(0, limit%1000)
		s := printable(b, limit)
		if len(s) > limit || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("printable(%q, %d) = %q", b, limit, s)
		}
	})
}

// BenchmarkConsole handles 1 MB of kernel lines; an observer reads far less in
// a whole boot.
func BenchmarkConsole(b *testing.B) {
	text := bytes.Repeat([]byte("[    1.234567] pci 0000:00:1f.2: [8086:2922] type 00 class 0x010601 conventional PCI endpoint\r\n"), 12000)[:1<<20]
	o := New(compile(b, distros.BootProfile{}), Options{})
	o.Begin(o.origin)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		for rest := text; len(rest) > 0; rest = rest[min(128, len(rest)):] {
			o.console.take(chunk{data: rest[:min(128, len(rest))], at: o.now(), waited: true})
		}
	}
}
