package image

import (
	"context"
	"time"
)

// backOff waits half a second after the first failure and twice as long after
// each further one.
func backOff(ctx context.Context, failures int) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Second << failures >> 2):
		return nil
	}
}
