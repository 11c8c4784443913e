package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"distrolab/labs"
	"distrolab/labs/home"
	"distrolab/labs/ledger"
)

// homePattern is where benchmarks have their homes, and ownerFile names in each
// the process that it belongs to.
const (
	homePattern = "/tmp/distrolab-bench-*"
	ownerFile   = "owner"
)

// claim writes down that the home is this process's.
func (w *workbench) claim() error {
	self, err := ledger.Identify(os.Getpid())
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(w.base, ownerFile), []byte(self.String()), 0o600)
}

// sweep takes back what earlier benchmarks left that were killed.
func (w *workbench) sweep(ctx context.Context) error {
	bases, err := filepath.Glob(homePattern)
	if err != nil {
		return err
	}
	for _, base := range bases {
		if !abandoned(base) {
			continue
		}
		fmt.Fprintf(w.log, "taking back %s, which a killed benchmark left\n", base)
		old := &workbench{binary: w.binary, uri: w.uri, base: base, log: w.log}
		if old.home, err = home.For(os.Geteuid(), old.getenv); err != nil {
			return err
		}
		if err := old.close(ctx); err != nil {
			return fmt.Errorf("taking back %s: %w", base, err)
		}
	}
	return nil
}

// abandoned is true for a home of this user whose process is dead. Others may
// make files in /tmp, too.
func abandoned(base string) bool {
	info, err := os.Lstat(base)
	if err != nil || !info.IsDir() {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) != os.Geteuid() {
		return false
	}
	text, err := os.ReadFile(filepath.Join(base, ownerFile))
	if err != nil {
		return false // it is being made
	}
	owner, err := ledger.ParseIdentity(strings.TrimSpace(string(text)))
	return err == nil && !owner.Alive()
}

// endLabs ends the labs that `up` made and nobody took down.
func (w *workbench) endLabs(ctx context.Context) error {
	all, err := labs.All(ctx, w.home)
	if err != nil {
		return err
	}
	var errs []error
	for _, lab := range all {
		if lab.Running {
			errs = append(errs, w.down(ctx, lab.Lab))
		}
	}
	return errors.Join(errs...)
}
