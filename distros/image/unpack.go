package image

import (
	"compress/bzip2"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
)

// Limits of unpacking: memory for the dictionary, and size of what comes out.
const (
	maxDictionary = 128 << 20 // "xz -9" needs 64 MiB
	maxUnpacked   = 64 << 30
)

// Compressions returns the names of the compressions that can be unpacked; the
// empty name means none.
func Compressions() []string { return []string{"", "xz", "gz", "zst", "bz2"} }

// unpacker reads the unpacked bytes of a compressed stream. It may read more of
// the stream than it needs, and leaves what follows the compressed data unread.
func unpacker(compression string, r io.Reader) (io.ReadCloser, error) {
	switch compression {
	case "":
		return io.NopCloser(r), nil
	case "xz":
		x, err := xz.NewReader(r, maxDictionary)
		if err != nil {
			return nil, fmt.Errorf("unpacking xz: %w", err)
		}
		return io.NopCloser(x), nil
	case "gz":
		g, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("unpacking gzip: %w", err)
		}
		return g, nil
	case "zst":
		z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(maxDictionary), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, fmt.Errorf("unpacking zstd: %w", err)
		}
		return z.IOReadCloser(), nil
	case "bz2":
		return io.NopCloser(bzip2.NewReader(r)), nil
	default:
		return nil, fmt.Errorf("unpacking: compression %q is not known", clip(compression))
	}
}
