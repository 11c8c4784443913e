package decompress

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func TestMoreThanTheLimitIsAnError(t *testing.T) {
	for _, c := range []struct {
		size, limit int64
		want        error
	}{{10, 10, nil}, {11, 10, ErrTooLarge}, {100_000, 99_999, ErrTooLarge}, {0, 0, nil}} {
		l := &limited{z: io.NopCloser(bytes.NewReader(make([]byte, c.size))), name: "gz", left: c.limit}
		n, err := io.Copy(io.Discard, l)
		if !errors.Is(err, c.want) || n > c.limit {
			t.Errorf("%d bytes with a limit of %d: %d bytes, %v", c.size, c.limit, n, err)
		}
	}
}
