// Package decompress turns the compressed streams that vendors serve into the
// bytes of the image, as fast as the machine allows: reading, decoding and
// checking overlap in goroutines, and formats that consist of blocks are
// decoded several blocks at a time. Streams are hostile: memory and output are
// bounded, every checksum of a format is verified, and a stream that ends early
// is an error. The package reads what it is given and touches nothing else.
package decompress

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Limits of what a stream may ask for.
const (
	MaxWindow = 128 << 20 // bytes of history: "xz -9" needs 64 MiB, "zstd --long" 128 MiB
	MaxOutput = 64 << 30  // bytes that come out
)

// ErrTooLarge says that more than [MaxOutput] comes out of a stream, or would.
var ErrTooLarge = errors.New("more comes out than an image may have")

// format is one compression.
type format struct {
	name  string
	magic []byte
	open  func(r io.Reader) (io.ReadCloser, error)
}

func formats() []format {
	return []format{
		{"gz", []byte{0x1f, 0x8b, 8}, openGzip},
		{"bz2", []byte("BZh"), openBzip2},
		{"xz", []byte("\xfd7zXZ\x00"), openXZ},
		{"zst", []byte{0x28, 0xb5, 0x2f, 0xfd}, openZstd},
		{"lz4", []byte{0x04, 0x22, 0x4d, 0x18}, openLZ4},
	}
}

// Compressions returns the names that [Reader] knows; the empty name means that
// the bytes are not compressed.
func Compressions() []string {
	names := []string{""}
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// Detect returns the compression of a stream by its first bytes, of which six
// are enough; empty if it is none of [Compressions].
func Detect(head []byte) string {
	for _, f := range formats() {
		if bytes.HasPrefix(head, f.magic) {
			return f.name
		}
	}
	return ""
}

// Reader returns the uncompressed bytes of r. It reads r in a goroutine of its
// own and may read more of it than it needs; every error is final. Close ends
// the goroutines. It may be called before the end of the stream but not during
// a Read of the same reader, and waits for a Read of r under way, so cancel
// that first where it may hang.
func Reader(compression string, r io.Reader) (io.ReadCloser, error) {
	if compression == "" {
		return io.NopCloser(r), nil
	}
	for _, f := range formats() {
		if f.name != compression {
			continue
		}
		z, err := f.open(r)
		if err != nil {
			return nil, fmt.Errorf("decompressing %s: %w", f.name, end(err))
		}
		return &limited{z: z, name: f.name, left: MaxOutput}, nil
	}
	return nil, fmt.Errorf("decompressing: the compression %.20q is not known", compression)
}

// limited ends a stream that has too many bytes.
type limited struct {
	z    io.ReadCloser
	name string
	left int64
	err  error
}

// Read reads uncompressed bytes.
func (l *limited) Read(p []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	n, err := l.z.Read(p)
	l.left -= int64(n)
	switch {
	case l.left < 0:
		n, err = 0, ErrTooLarge
		fallthrough
	case err != nil && !errors.Is(err, io.EOF):
		l.err = fmt.Errorf("decompressing %s: %w", l.name, err)
	case err != nil:
		l.err = io.EOF
	}
	return n, l.err
}

// Close ends what reads in the background.
func (l *limited) Close() error {
	if l.err == nil {
		l.err = fmt.Errorf("decompressing %s: %w", l.name, io.ErrClosedPipe)
	}
	return l.z.Close()
}

// end makes the end of a stream that has not begun an error.
func end(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
