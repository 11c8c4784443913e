package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"distrolab/distros/image"
)

// The exit codes, as the help documents them.
const (
	ExitDone        = 0
	ExitFailed      = 1
	ExitUsage       = 2
	ExitCheck       = 3
	ExitCannot      = 4
	ExitInterrupted = 130
)

// errSilent ends a command whose output has said everything already.
var errSilent = errors.New("already reported")

// codeError is an error that knows its exit code.
type codeError struct {
	code int
	err  error
}

func (e codeError) Error() string { return e.err.Error() }
func (e codeError) Unwrap() error { return e.err }

// usage marks an error as wrong usage.
func usage(err error) error { return codeError{ExitUsage, err} }

// cannot marks an error as one of this machine.
func cannot(err error) error { return codeError{ExitCannot, err} }

// exitCode decides the code of an error, once for all commands.
func exitCode(ctx context.Context, err error) int {
	var coded codeError
	var full *image.NoSpaceError
	switch {
	case errors.As(err, &coded):
		return coded.code
	case ctx.Err() != nil:
		return ExitInterrupted
	case errors.As(err, &full), errors.Is(err, syscall.ENOSPC), errors.Is(err, fs.ErrPermission):
		return ExitCannot
	case errors.Is(err, syscall.EPIPE):
		return ExitFailed
	case strings.HasPrefix(err.Error(), "unknown command"), strings.HasPrefix(err.Error(), "if any flags in the group"):
		return ExitUsage // cobra has no types for these
	default:
		return ExitFailed
	}
}

// sentence gives the text for people: interruption is not an error of theirs,
// and a full disk or a missing right says what to do.
func sentence(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return interruption(err)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Sprintf("%v\nThe disk is full: free some space, or set DISTROLAB_HOME to a directory on a larger disk.", err)
	default:
		return err.Error()
	}
}

// interruption says that all is well, or what went wrong while taking back.
func interruption(err error) string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			if !errors.Is(e, context.Canceled) {
				return "interrupted, but not everything could be taken back: " + e.Error()
			}
		}
	}
	return "interrupted; what was made has been taken back"
}
