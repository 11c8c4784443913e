package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A new image lies in the memory of the kernel first. Waiting until the disk
// has it would often take longer than the pull, so the store notes instead in
// which boot of this machine the image was written: a link below fresh/ whose
// target is the id of that boot. As long as the machine runs, everybody reads
// what was verified. The first use of an image in a later boot reads it once
// against its digests, because a crash may have lost some of it; a use that
// comes when the kernel has surely written everything ends the note.

// settled is how long after an image was stored the kernel has written it;
// what is missing then is little, and forced.
const settled = 2 * time.Minute

// markFresh notes that an image is not surely on the disk.
func (s *Store) markFresh(id string) error {
	mark := filepath.Join(s.dir, "fresh", id)
	err := os.Symlink(s.boot(), mark)
	if errors.Is(err, fs.ErrExist) { // of an image that was there before
		if err := os.Remove(mark); err != nil {
			return err
		}
		err = os.Symlink(s.boot(), mark)
	}
	return err
}

// settle ends the note of an image, after it made sure that the disk has the
// image or that no crash damaged it.
func (s *Store) settle(i Image) error {
	mark := filepath.Join(s.dir, "fresh", i.ID)
	boot, err := os.Readlink(mark)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("using image %s: %w", i.ID, err)
	}
	if boot != s.boot() {
		if err := s.VerifyFiles(context.Background(), i.ID); err != nil {
			return fmt.Errorf("the machine stopped before image %s was surely on the disk; remove it and get it again: %w", i.ID, err)
		}
	} else if s.now().Sub(i.Added) < settled {
		return nil
	} else if err := i.sync(); err != nil {
		return fmt.Errorf("writing image %s to the disk: %w", i.ID, err)
	}
	os.Remove(mark) //nolint:errcheck // the next use tries again
	return nil
}

// sync waits until the disk has the files of an image.
func (i Image) sync() error {
	for role := range i.Manifest.Files {
		f, err := os.Open(i.Path(role))
		if err != nil {
			return err
		}
		err = f.Sync()
		f.Close() //nolint:errcheck // only read
		if err != nil {
			return err
		}
	}
	return nil
}

// bootID tells one boot of this machine from others.
func bootID() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "unknown" // every boot looks the same: notes end by time only
	}
	return strings.TrimSpace(string(text))
}
