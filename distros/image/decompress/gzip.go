package decompress

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
)

// gunzip reads the members of a gzip file. What follows the last one is
// ignored, as gzip does, if it does not begin like another.
type gunzip struct {
	in     *bufio.Reader
	member *gzip.Reader
}

func openGzip(r io.Reader) (io.ReadCloser, error) {
	return &gunzip{in: bufio.NewReaderSize(r, 128<<10)}, nil
}

// Read reads uncompressed bytes.
func (g *gunzip) Read(p []byte) (int, error) {
	if g.member == nil {
		var err error
		if g.member, err = gzip.NewReader(g.in); err != nil {
			return 0, end(err)
		}
		g.member.Multistream(false)
	}
	n, err := g.member.Read(p)
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	magic, err := g.in.Peek(2)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return n, err
	case len(magic) == 0 || !bytes.HasPrefix([]byte{0x1f, 0x8b}, magic):
		return n, io.EOF
	}
	if err := g.member.Reset(g.in); err != nil {
		return n, end(err)
	}
	g.member.Multistream(false)
	return n, nil
}

// Close has nothing to end.
func (g *gunzip) Close() error { return nil }
