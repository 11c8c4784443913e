package observe

import (
	"context"
	"fmt"
	"time"
)

// maxHints bounds how many fault lines an observer keeps.
const maxHints = 32

// FaultLine is a console line that explains a failed boot.
type FaultLine struct {
	Line  string        `json:"line"`  // printable
	Cause string        `json:"cause"` // what it usually means, with what to do
	At    time.Duration `json:"t_ns"`  // since the observer was made
	Fatal bool          `json:"fatal"` // the boot, or the join, cannot succeed after it
}

// FaultError says that the guest's console shows that the boot failed.
type FaultError struct {
	Line  string // the console line, printable
	Cause string // one sentence, with what to do
}

// Error names the line and its cause.
func (e *FaultError) Error() string {
	return fmt.Sprintf("the guest says %q: %s", e.Line, e.Cause)
}

// StoppedError says that the guest ended before its finish line.
type StoppedError struct {
	Reason string
	Booted bool // it had booted, and something else was waited for
}

// Error names the reason.
func (e *StoppedError) Error() string {
	if e.Booted {
		return "the guest stopped: " + e.Reason
	}
	return "the guest stopped before it had booted: " + e.Reason
}

// Done returns a channel that is closed at the finish line: the profile's
// finish milestone was seen and, where the profile has a management port, so
// was its first answer.
func (o *Observer) Done() <-chan struct{} { return o.finished }

// Wait returns nil at the finish line, a [*FaultError] as soon as the console
// shows that the boot failed, a [*StoppedError] when the guest stopped, and
// the context's error when that ends first.
func (o *Observer) Wait(ctx context.Context) error {
	select {
	case <-o.finished:
		return nil
	default:
	}
	select {
	case <-o.finished:
		return nil
	case <-o.failed:
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.failure
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stopped tells that the guest's CPUs stopped for good. Before the finish line
// that ends [Observer.Wait], and at any time [Observer.WaitFor].
func (o *Observer) Stopped(reason string) {
	o.fail(&StoppedError{Reason: reason, Booted: isClosed(o.finished)})
}

// FaultLines returns the console lines that explain a failure, oldest first,
// whether the boot failed or not. Those that explain the failure of a join come
// after them, and the most telling is the last.
func (o *Observer) FaultLines() []FaultLine {
	o.mu.Lock()
	defer o.mu.Unlock()
	return ranked(o.hints)
}

func (o *Observer) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.breakage == nil {
		o.breakage = err
		close(o.broken)
	}
	if o.failure == nil && !isClosed(o.finished) {
		o.failure = err
		close(o.failed)
	}
}

// sawFault keeps a fault line and, when it is fatal, ends the wait.
func (o *Observer) sawFault(f hint) {
	o.mu.Lock()
	if len(o.hints) < maxHints {
		o.hints = append(o.hints, f)
	}
	o.mu.Unlock()
	switch {
	case f.Fatal && f.rank > 0:
		o.refuse(&FaultError{Line: f.Line, Cause: f.Cause})
	case f.Fatal:
		o.fail(&FaultError{Line: f.Line, Cause: f.Cause})
	}
}

// checkFinish closes the finish channel when all that it waits for was seen,
// and tells those who wait for a milestone.
func (o *Observer) checkFinish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, done := o.seen[o.profile.Finish]
	if done && o.profile.waitsForAnswer() {
		_, done = o.seen[ManagementByte]
	}
	if done && o.began && !isClosed(o.finished) {
		close(o.finished)
	}
	o.notify()
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
