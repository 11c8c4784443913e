package labs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"distrolab/labs/home"
	"distrolab/labs/ledger"
)

// HoldCommand is the hidden command of the binary that holds a lab. Its one
// argument is the lab's name; file descriptor 3 takes its first word.
const HoldCommand = "hold-lab"

// ReadyWord is what the holding process writes when it answers; anything else
// is the reason why it cannot.
const ReadyWord = "ready"

// ErrLabExists says that the name is taken.
type ErrLabExists struct{ Name string }

func (e *ErrLabExists) Error() string {
	return fmt.Sprintf("a lab called %q exists; end it with `distrolab down %s`, or choose another name with --lab", e.Name, e.Name)
}

// HolderError is why the process of a lab could not hold it, in that process's
// own words, with its exit status.
type HolderError struct {
	Reason string
	Code   int
}

func (e *HolderError) Error() string { return e.Reason }

// Launch stores the lab and starts the process that holds it: executable, which
// is this same program, in a session of its own so that it outlives the
// terminal. It returns when the process answers, or with its reason. key is the
// lab's private key.
func Launch(ctx context.Context, h home.Home, executable string, spec Spec, key []byte) error {
	self, err := ledger.Identify(os.Getpid())
	if err != nil {
		return err
	}
	record, err := ledger.Create(h.Lab(spec.Name), ledger.Owner{
		Lab: spec.Name, Purpose: "lab", URI: spec.URI, Process: self, Created: spec.Created})
	if errors.Is(err, ledger.ErrExists) {
		return &ErrLabExists{Name: spec.Name}
	}
	if err != nil {
		return err
	}
	err = errors.Join(WriteSpec(h, spec), os.WriteFile(KeyPath(h, spec.Name), key, 0o600))
	if err == nil {
		err = startHolder(ctx, h, executable, spec.Name)
	}
	if err != nil {
		return errors.Join(err, record.Remove())
	}
	return record.Close()
}

func startHolder(ctx context.Context, h home.Home, executable, lab string) error {
	logPath := filepath.Join(h.Lab(lab), "holder.log")
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("opening the log of lab %s: %w", lab, err)
	}
	defer log.Close()
	reader, writer, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("starting the process of lab %s: %w", lab, err)
	}
	defer reader.Close()
	// Not bound to ctx: the process is to outlive this command.
	cmd := exec.Command(executable, HoldCommand, lab)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{writer}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	writer.Close()
	if err != nil {
		return fmt.Errorf("starting the process of lab %s: %w", lab, err)
	}
	word, err := firstWord(ctx, reader)
	if word == ReadyWord {
		return cmd.Process.Release()
	}
	if err != nil {
		cmd.Process.Signal(syscall.SIGTERM)
	}
	cmd.Wait() // it takes back what it made; its status is read below
	switch {
	case err != nil:
		return fmt.Errorf("starting the process of lab %s: %w", lab, err)
	case word == "":
		return fmt.Errorf("starting the process of lab %s: it ended without a word:\n%s", lab, tail(logPath))
	default:
		return &HolderError{Reason: word, Code: cmd.ProcessState.ExitCode()}
	}
}

// firstWord reads what the holder says first, until it closes the pipe.
func firstWord(ctx context.Context, r *os.File) (string, error) {
	stop := context.AfterFunc(ctx, func() { r.Close() })
	defer stop()
	text, err := io.ReadAll(io.LimitReader(r, 16<<10))
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	return strings.TrimSpace(string(text)), err
}

// tail is the end of a log, for an error message.
func tail(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(data[max(0, len(data)-2000):]))
}
