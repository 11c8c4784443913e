package pagecache_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"distrolab/labs/bench/pagecache"
)

// onDisk is a directory whose file system keeps its files outside of memory.
func onDisk(t *testing.T) string {
	t.Helper()
	for _, dir := range []string{t.TempDir(), "."} {
		var stat unix.Statfs_t
		if err := unix.Statfs(dir, &stat); err == nil && stat.Type != unix.TMPFS_MAGIC && stat.Type != unix.RAMFS_MAGIC && stat.Type != unix.OVERLAYFS_SUPER_MAGIC {
			made, err := os.MkdirTemp(dir, ".pagecache-*")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(made) })
			return made
		}
	}
	t.Skip("every directory here is in memory or an overlay: no page cache to empty")
	return ""
}

func write(t *testing.T, path string, size int) {
	t.Helper()
	if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDropEmptiesAndReadingFills(t *testing.T) {
	dir := onDisk(t)
	page := os.Getpagesize()
	one, other := filepath.Join(dir, "one"), filepath.Join(dir, "other")
	size := int64(64*page + 100) // the last page is not whole
	write(t, one, int(size))
	write(t, other, 8*page)
	both := []string{one, one, other, ""} // a file twice, a file that an image does not have
	resident, whole, err := pagecache.Resident(both)
	if err != nil || whole != size+int64(8*page) || resident != whole {
		t.Fatalf("just written: %d of %d resident, %v", resident, whole, err)
	}
	if err := pagecache.Drop([]string{one}); err != nil {
		t.Fatal(err)
	}
	if resident, whole, err := pagecache.Resident([]string{one}); err != nil || resident != 0 || whole != size {
		t.Errorf("dropped: %d of %d resident, %v", resident, whole, err)
	}
	if resident, _, err := pagecache.Resident([]string{other}); err != nil || resident != int64(8*page) {
		t.Errorf("a file that was not named: %d resident, %v", resident, err)
	}
	if _, err := os.ReadFile(one); err != nil {
		t.Fatal(err)
	}
	if resident, _, err := pagecache.Resident([]string{one}); err != nil || resident != size {
		t.Errorf("read again: %d resident, %v", resident, err)
	}
}

func TestFillReadsAllButHoles(t *testing.T) {
	path := filepath.Join(onDisk(t), "sparse")
	page := int64(os.Getpagesize())
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, at := range []int64{0, 1000 * page} {
		if _, err := f.WriteAt(make([]byte, 10*page), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(5000 * page); err != nil {
		t.Fatal(err)
	}
	if err := pagecache.Drop([]string{path}); err != nil {
		t.Fatal(err)
	}
	held, err := pagecache.Fill(t.Context(), []string{path, path, ""})
	if err != nil || held < 20*page || held > 100*page {
		t.Errorf("%d bytes held, %v; two times 10 pages were written", held, err)
	}
	resident, size, err := pagecache.Resident([]string{path})
	if err != nil || size != 5000*page || resident < held || resident > 1000*page {
		t.Errorf("%d of %d resident, %v", resident, size, err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := pagecache.Fill(ended, []string{path}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of its context: %v", err)
	}
}

func TestOnlyFilesAreLookedAt(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty")
	write(t, empty, 0)
	for path, wanted := range map[string]bool{fifo: false, dir: false, filepath.Join(dir, "none"): false, empty: true} {
		_, _, err := pagecache.Resident([]string{path})
		if (err == nil) != wanted {
			t.Errorf("Resident(%s): %v", path, err)
		}
		if err := pagecache.Drop([]string{path}); (err == nil) != wanted {
			t.Errorf("Drop(%s): %v", path, err)
		}
		if _, err := pagecache.Fill(t.Context(), []string{path}); (err == nil) != wanted {
			t.Errorf("Fill(%s): %v", path, err)
		}
	}
}
