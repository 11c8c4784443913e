package main

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// made is a file that both arms fetch, or the disk that they unpack.
type made struct {
	path   string
	size   int64
	sha256 string
	sha512 string
}

const (
	blockSize = 4096
	maxHole   = 8 << 20
	maxFile   = 24 << 20 // of a large file its beginning is taken
	holeOdds  = 0.003    // after a file
)

// makeFiles makes the disk, under the empty name, and its compressed forms, as
// far as they are not in the cache.
func makeFiles(ctx context.Context, opt options, chosen []format, log io.Writer) (map[string]made, error) {
	if err := os.MkdirAll(opt.cache, 0o755); err != nil {
		return nil, err
	}
	disk := filepath.Join(opt.cache, fmt.Sprintf("disk-%d.raw", opt.mib))
	err := once(disk, log, func(f *os.File) error { return writeDisk(ctx, f, opt.mib<<20) })
	if err != nil {
		return nil, err
	}
	set := map[string]made{}
	if set[""], err = describe(disk); err != nil {
		return nil, err
	}
	for _, f := range chosen {
		path := filepath.Join(opt.cache, fmt.Sprintf("disk-%d.%s.%s", opt.mib, f.name, f.compression))
		err := once(path, log, func(out *os.File) error {
			cmd := exec.CommandContext(ctx, f.pack[0], append(f.pack[1:], disk)...)
			cmd.Stdout, cmd.Stderr = out, log
			return cmd.Run()
		})
		if err != nil {
			return nil, err
		}
		if set[f.name], err = describe(path); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// once makes a file if it is not there.
func once(path string, log io.Writer, write func(*os.File) error) error {
	if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	fmt.Fprintf(log, "bench-pull: making %s\n", path)
	f, err := os.CreateTemp(filepath.Dir(path), "making-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone after the renaming
	if err := errors.Join(write(f), f.Close()); err != nil {
		return fmt.Errorf("making %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}

// writeDisk writes the files of /usr in a random order, which the seed repeats,
// each at a block's beginning, with holes between some.
func writeDisk(ctx context.Context, disk *os.File, size int64) error {
	var files []string
	err := filepath.WalkDir("/usr", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	slices.Sort(files)
	r := rand.New(rand.NewPCG(7, 0))
	r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	at := int64(0)
	for _, path := range files {
		if at >= size {
			break
		}
		f, err := os.Open(path)
		if err != nil {
			continue // not for us
		}
		n, err := io.Copy(io.NewOffsetWriter(disk, at), io.LimitReader(f, maxFile))
		f.Close() //nolint:errcheck // only read
		if err != nil {
			return err
		}
		at += (n + blockSize - 1) / blockSize * blockSize
		if r.Float64() < holeOdds {
			at += r.Int64N(maxHole) / blockSize * blockSize
		}
	}
	if at < size*9/10 {
		return fmt.Errorf("/usr has only %d bytes for a disk of %d: take a smaller --mib", at, size)
	}
	if _, err := disk.WriteAt([]byte{0x55, 0xaa}, 510); err != nil { // it is to pass for a disk
		return err
	}
	return disk.Truncate(size)
}

func describe(path string) (made, error) {
	f, err := os.Open(path)
	if err != nil {
		return made{}, err
	}
	defer f.Close() //nolint:errcheck // only read
	a, b := sha256.New(), sha512.New()
	n, err := io.Copy(io.MultiWriter(a, b), f)
	return made{path, n, hex.EncodeToString(a.Sum(nil)), hex.EncodeToString(b.Sum(nil))}, err
}
