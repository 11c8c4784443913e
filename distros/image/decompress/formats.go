package decompress

import (
	"bufio"
	"errors"
	"io"
	"runtime"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"distrolab/distros/image/decompress/bzip2"
	"distrolab/distros/image/decompress/xz"
)

func openBzip2(r io.Reader) (io.ReadCloser, error) { return bzip2.NewReader(r), nil }

func openXZ(r io.Reader) (io.ReadCloser, error) { return xz.NewReader(r, MaxWindow), nil }

func openZstd(r io.Reader) (io.ReadCloser, error) {
	// Half of the processors: more goroutines cost more time together, and the
	// others hash and write what comes out.
	many := min(4, max(1, runtime.GOMAXPROCS(0)/2))
	// The decoder asks for a few bytes at a time; each time to wake whoever has
	// them would cost more than copying them once.
	source := bufio.NewReaderSize(&begun{r: r}, 256<<10)
	z, err := zstd.NewReader(source, zstd.WithDecoderMaxWindow(MaxWindow), zstd.WithDecoderConcurrency(many))
	if err != nil {
		return nil, err
	}
	return z.IOReadCloser(), nil
}

func openLZ4(r io.Reader) (io.ReadCloser, error) {
	return io.NopCloser(lz4.NewReader(&begun{r: r})), nil
}

var errEmpty = errors.New("the file is empty")

// begun makes a source without a byte an error; to the libraries it is an
// empty file, to the tools it is not.
type begun struct {
	r   io.Reader
	any bool
}

// Read reads from the source.
func (b *begun) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.any = b.any || n > 0
	if errors.Is(err, io.EOF) && !b.any {
		err = errEmpty
	}
	return n, err
}
