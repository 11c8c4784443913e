package observe

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// WaitFor returns nil once m was seen. It fails as [Observer.Wait] does, also
// after the boot has ended: with a [*FaultError] when the console shows that
// the guest, or a join when m is a milestone of one, cannot go on, with a
// [*StoppedError] when the guest stopped, and with the context's error. What
// can never be seen, or not any more, is an error at once.
func (o *Observer) WaitFor(ctx context.Context, m Milestone) error {
	if why := o.never(m); why != "" {
		return fmt.Errorf("waiting for %s: %s", m, why)
	}
	seen := o.notice(m)
	if isClosed(seen) {
		return nil
	}
	var unjoined <-chan struct{}
	if IsJoin(m) {
		unjoined = o.unjoined
	}
	var err error
	select {
	case <-seen:
		return nil
	case <-o.broken:
		err = o.reason(&o.breakage)
	case <-unjoined:
		err = o.reason(&o.refusal)
	case <-o.ended:
		err = fmt.Errorf("waiting for %s: %w", m, errEnded)
	case <-ctx.Done():
		err = ctx.Err()
	}
	if isClosed(seen) {
		return nil // both came at once
	}
	return err
}

// errEnded says that a milestone was waited for after the end.
var errEnded = errors.New("the observation has ended without it")

// never says why m cannot be seen, or "".
func (o *Observer) never(m Milestone) string {
	if !o.accounts(m) {
		return "nobody watches for it"
	}
	why, never := o.declared(m)
	if never {
		return "this system never shows it: " + why
	}
	return ""
}

// declared says whether the system never shows m, and the reason.
func (o *Observer) declared(m Milestone) (why string, never bool) {
	why, never = o.profile.missing[m]
	if !never && o.opt.Join != nil {
		why, never = o.opt.Join.Missing[m]
	}
	return why, never
}

// notice returns a channel that is closed once m was seen.
func (o *Observer) notice(m Milestone) <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	c, ok := o.notices[m]
	if !ok {
		c = make(chan struct{})
		o.notices[m] = c
		o.notify()
	}
	return c
}

// notify closes the channels of what was seen; callers hold mu.
func (o *Observer) notify() {
	if !isClosed(o.called) && o.calls() {
		close(o.called)
	}
	for m, c := range o.notices {
		if _, seen := o.seen[m]; seen && o.visible(m) && !isClosed(c) {
			close(c)
		}
	}
}

// calls says whether the guest may be expected to have called the API server:
// a part of its join was seen, or the call itself cannot be; callers hold mu.
func (o *Observer) calls() bool {
	if o.opt.Join == nil || !o.visible(Trigger) {
		return false
	}
	return !o.opt.Join.API.IsValid() || slices.ContainsFunc(JoinMilestones()[1:], func(x Info) bool {
		_, seen := o.seen[x.Milestone]
		return seen
	})
}

func (o *Observer) reason(err *error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return *err
}

// refuse ends the wait for everything of a join, and for nothing else.
func (o *Observer) refuse(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.refusal == nil {
		o.refusal = err
		close(o.unjoined)
	}
}
