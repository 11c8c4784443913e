package ledger

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Domains is what reclaiming needs of libvirt. DestroyDomain ends the named
// domain and succeeds when there is none.
type Domains interface {
	DestroyDomain(ctx context.Context, name string) error
}

// Lab is one lab as the records show it.
type Lab struct {
	Name  string
	Dir   string
	Owner Owner
	Alive bool // its process runs
}

// Labs lists the labs under root, by name. One whose owner cannot be read
// counts as dead: it was being made or removed when its process died.
func Labs(root string) ([]Lab, error) {
	entries, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing labs in %s: %w", root, err)
	}
	var labs []Lab
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		dir := filepath.Join(root, e.Name())
		owner, err := ReadOwner(dir)
		alive := err == nil && owner.Process.Alive()
		if err != nil && recent(dir) {
			alive = true // its directory exists since a moment: the owner's line is about to be written
		}
		labs = append(labs, Lab{Name: e.Name(), Dir: dir, Owner: owner, Alive: alive})
	}
	return labs, nil
}

func recent(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && time.Since(info.ModTime()) < 5*time.Second
}

// Outstanding lists the resources of a lab that were recorded and not struck
// out, newest first, which is the order to take them back in.
func Outstanding(dir string) ([]Resource, error) {
	f, err := os.Open(filepath.Join(dir, resourcesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading resource record of %s: %w", dir, err)
	}
	defer f.Close()
	return readOutstanding(f)
}

func readOutstanding(r io.Reader) ([]Resource, error) {
	var open []Resource
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var e entry
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue // the last line of a process that died while writing it: its resource was not made yet
		}
		switch i := slices.Index(open, e.Resource); {
		case e.Op == "make" && i < 0:
			open = append(open, e.Resource)
		case e.Op == "gone" && i >= 0:
			open = slices.Delete(open, i, i+1)
		}
	}
	slices.Reverse(open)
	return open, lines.Err()
}

// Reclaim takes back everything a dead lab left and removes its directory. It
// goes on after an error and returns them all; the directory stays then, so
// that the next call tries again.
func Reclaim(ctx context.Context, lab Lab, domains Domains) ([]Resource, error) {
	resources, err := Outstanding(lab.Dir)
	if err != nil {
		return nil, err
	}
	var done []Resource
	var errs []error
	for _, r := range resources {
		if err := take(ctx, r, domains); err != nil {
			errs = append(errs, fmt.Errorf("reclaiming %s %s: %w", r.Kind, r.ID, err))
			continue
		}
		done = append(done, r)
	}
	if len(errs) > 0 {
		return done, errors.Join(errs...)
	}
	return append(done, Resource{Kind: Directory, ID: lab.Dir}), os.RemoveAll(lab.Dir)
}

func take(ctx context.Context, r Resource, domains Domains) error {
	switch r.Kind {
	case Domain:
		return domains.DestroyDomain(ctx, r.ID)
	case Process:
		id, err := ParseIdentity(r.ID)
		if err != nil {
			return err
		}
		return End(ctx, id)
	case Directory:
		return removeOurs(r.ID)
	default:
		return fmt.Errorf("unknown kind %q: made by a newer distrolab; use that one", r.Kind)
	}
}

// removeOurs removes a recorded directory. The record lies in a directory of
// ours, but a wrong line must not be able to cost more than a lab.
func removeOurs(dir string) error {
	if !filepath.IsAbs(dir) || !strings.Contains(dir, "distrolab") {
		return fmt.Errorf("%q is no directory of distrolab's", dir)
	}
	return os.RemoveAll(dir)
}

// End ends a process that still has the given identity: politely, and after
// two seconds by force. One that is gone already is no error.
func End(ctx context.Context, id Identity) error {
	for _, s := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGTERM, 2 * time.Second}, {syscall.SIGKILL, 5 * time.Second}} {
		if !id.Alive() {
			return nil
		}
		if err := syscall.Kill(id.PID, s.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("ending process %d: %w", id.PID, err)
		}
		if waitGone(ctx, id, s.wait) {
			return nil
		}
	}
	return fmt.Errorf("process %d does not end", id.PID)
}

func waitGone(ctx context.Context, id Identity, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for id.Alive() {
		select {
		case <-ctx.Done():
			return !id.Alive()
		case <-tick.C:
		}
	}
	return true
}
