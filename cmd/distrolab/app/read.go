package app

import (
	"fmt"
	"io"
	"os"
)

// The largest files that are read. None comes near them.
const (
	maxIntentFile  = 4 << 20
	maxConfigFile  = 16 << 20
	maxSecretsFile = 1 << 20
)

// readFile reads a file of the person, or standard input for "-". What is
// larger than the limit is refused, and no more than that is read.
func (a *application) readFile(path string, limit int64) ([]byte, error) {
	in := a.world.In
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, usage(fmt.Errorf("reading a file: %w", err))
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err != nil {
		return nil, usage(fmt.Errorf("reading a file: %w", err))
	}
	if int64(len(data)) > limit {
		return nil, usage(fmt.Errorf("reading %s: it is larger than %d MiB, the limit of such a file", fileName(path), limit>>20))
	}
	return data, nil
}

// fileName is what messages call a file.
func fileName(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}
