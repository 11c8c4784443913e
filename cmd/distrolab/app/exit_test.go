package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"distrolab/distros/image"
)

func TestExitCodes(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tests := map[string]struct {
		ctx  context.Context
		err  error
		want int
	}{
		"any":               {t.Context(), errors.New("x"), ExitFailed},
		"usage":             {t.Context(), fmt.Errorf("doing: %w", usage(errors.New("x"))), ExitUsage},
		"usage, joined":     {t.Context(), errors.Join(errors.New("y"), usage(errors.New("x"))), ExitUsage},
		"machine":           {t.Context(), cannot(errors.New("x")), ExitCannot},
		"full disk":         {t.Context(), &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, ExitCannot},
		"no room":           {t.Context(), fmt.Errorf("adding: %w", &image.NoSpaceError{Dir: "/x"}), ExitCannot},
		"not allowed":       {t.Context(), &fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, ExitCannot},
		"interrupted":       {ended, errors.New("x"), ExitInterrupted},
		"ssh's own":         {ended, codeError{7, errSilent}, 7},
		"cobra's commands":  {t.Context(), errors.New(`unknown command "x" for "distrolab"`), ExitUsage},
		"reader went away":  {t.Context(), syscall.EPIPE, ExitFailed},
		"interrupted, text": {ended, fmt.Errorf("x: %w", context.Canceled), ExitInterrupted},
	}
	for name, test := range tests {
		if got := exitCode(test.ctx, test.err); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}

func TestSentence(t *testing.T) {
	tests := map[string]struct {
		err        error
		want, dont string
	}{
		"interrupted":                     {fmt.Errorf("x: %w", context.Canceled), "interrupted; what was made has been taken back", "context"},
		"interrupted, joined with itself": {errors.Join(context.Canceled, fmt.Errorf("y: %w", context.Canceled)), "has been taken back", "context"},
		"interrupted and something left":  {errors.Join(context.Canceled, errors.New("domain x is still there")), "not everything could be taken back: domain x", "has been"},
		"full disk":                       {fmt.Errorf("writing: %w", syscall.ENOSPC), "free some space", ""},
		"any":                             {errors.New("x"), "x", ""},
	}
	for name, test := range tests {
		got := sentence(test.err)
		if !strings.Contains(got, test.want) || test.dont != "" && strings.Contains(got, test.dont) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestRunnerSaysWhatAProgramLacks(t *testing.T) {
	if err := runner(t.Context(), "true"); err != nil {
		t.Error(err)
	}
	err := runner(t.Context(), "distrolab-no-such-program")
	if exitCode(t.Context(), err) != ExitCannot || !strings.Contains(err.Error(), "distrolab doctor") {
		t.Errorf("missing: %v", err)
	}
	if err := runner(t.Context(), "sh", "-c", "echo why >&2; exit 3"); err == nil || !strings.Contains(err.Error(), "why") {
		t.Errorf("failed: %v", err)
	}
	if err := runner(t.Context(), "sh", "-c", "echo 'x: No space left on device' >&2; exit 1"); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("full: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := runner(ctx, "sleep", "60"); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
