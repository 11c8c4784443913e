// Package pagecache looks at, fills and empties the host's page cache for single
// files: how much of an image lies in memory when a boot begins decides how much
// of the boot is reading. It opens files for reading only and never drops the cache of
// anything that it was not told to.
package pagecache

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// window is how much of a file is mapped at once: its answer is a byte a page.
const window = 1 << 30

// Resident returns how many bytes the files have, and how many of them lie in
// memory by mincore(2). Files that are the same are counted once. The kernel tells
// it only to who may write the file; to others it calls every page resident.
func Resident(paths []string) (resident, size int64, err error) {
	for _, path := range unique(paths) {
		r, s, err := residentOf(path)
		if err != nil {
			return 0, 0, fmt.Errorf("looking for the pages of %s in memory: %w", path, err)
		}
		resident, size = resident+r, size+s
	}
	return resident, size, nil
}

func residentOf(path string) (resident, size int64, err error) {
	f, size, err := open(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	page := int64(os.Getpagesize())
	for at := int64(0); at < size; at += window {
		length := min(window, size-at)
		memory, err := unix.Mmap(int(f.Fd()), at, int(length), unix.PROT_READ, unix.MAP_SHARED)
		if err != nil {
			return 0, 0, fmt.Errorf("mapping it: %w", err)
		}
		states := make([]byte, (length+page-1)/page)
		err = errors.Join(mincore(memory, states), unix.Munmap(memory))
		if err != nil {
			return 0, 0, err
		}
		for i, state := range states {
			if state&1 != 0 {
				resident += min(page, length-int64(i)*page)
			}
		}
	}
	return resident, size, nil
}

// Fill reads all that the files hold, so that it lies in memory, and returns how
// many bytes that is. Holes are not read.
func Fill(ctx context.Context, paths []string) (held int64, err error) {
	for _, path := range unique(paths) {
		n, err := fill(ctx, path)
		if err != nil {
			return held, fmt.Errorf("reading %s into the page cache: %w", path, err)
		}
		held += n
	}
	return held, nil
}

func fill(ctx context.Context, path string) (held int64, err error) {
	f, size, err := open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	buffer := make([]byte, 1<<20)
	for at := int64(0); at < size; {
		start, err := unix.Seek(int(f.Fd()), at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return held, nil // a hole to the end
		}
		if err != nil {
			return held, err
		}
		end, err := unix.Seek(int(f.Fd()), start, unix.SEEK_HOLE)
		if err != nil {
			return held, err
		}
		for at = start; at < end; {
			if ctx.Err() != nil {
				return held, context.Cause(ctx)
			}
			n, err := f.ReadAt(buffer[:min(int64(len(buffer)), end-at)], at)
			if n == 0 {
				return held, err
			}
			at, held = at+int64(n), held+int64(n)
		}
	}
	return held, nil
}

// Drop writes the files' dirty pages and asks the kernel to forget all of them.
// What is mapped by somebody stays, and so does all of a file system in memory:
// look with [Resident] whether it worked.
func Drop(paths []string) error {
	for _, path := range unique(paths) {
		if err := drop(path); err != nil {
			return fmt.Errorf("taking %s out of the page cache: %w", path, err)
		}
	}
	return nil
}

func drop(path string) error {
	f, _, err := open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	// The advice skips pages that are dirty or under way to the disk.
	if err := unix.Fdatasync(int(f.Fd())); err != nil {
		return err
	}
	return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}

// open refuses what is not a file: a FIFO would block, a device has no end.
func open(path string) (*os.File, int64, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

func unique(paths []string) []string {
	seen := make(map[string]bool, len(paths))
	var list []string
	for _, p := range paths {
		if p != "" && !seen[p] {
			seen[p] = true
			list = append(list, p)
		}
	}
	return list
}
