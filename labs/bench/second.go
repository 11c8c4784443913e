package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"distrolab/labs/machine"
	"distrolab/labs/observe"
	"distrolab/labs/results"
)

// pressAgain is how often the power button is pressed: a guest whose boot is
// complete may not listen to it yet.
const pressAgain = 10 * time.Second

// firstBoot boots the machine once, unmeasured, and has it power off by itself,
// so that the boot after it is the second of a disk that is in order. The error
// is the guest's.
func (r *attempt) firstBoot(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.session.design.Deadline,
		fmt.Errorf("the deadline of %s passed", r.session.design.Deadline))
	defer cancel()
	// The disk stays only after a clean end.
	defer func() {
		if err != nil {
			err = errors.Join(err, r.machine.Stop(context.WithoutCancel(ctx)))
		}
	}()
	if err := r.machine.Start(ctx); err != nil {
		return err
	}
	if err := r.machine.Await(ctx); err != nil {
		if r.poweredOff(err, r.machine.Observer().Finish("").Events) {
			return r.machine.Rest(context.WithoutCancel(ctx))
		}
		return fmt.Errorf("%w; %s", err, r.machine.Explain())
	}
	if err := r.powerOff(ctx); err != nil {
		return err
	}
	return r.machine.Rest(context.WithoutCancel(ctx))
}

// powerOff presses the power button until the guest has ended. One that ends by
// itself is left alone.
func (r *attempt) powerOff(ctx context.Context) error {
	again := time.NewTicker(pressAgain)
	defer again.Stop()
	var refused error
	for {
		if !r.spec.Boot.PowersOff {
			err := r.machine.Shutdown(ctx)
			if err != nil && refused != nil {
				return err // and not only because it was about to end
			}
			refused = err
		}
		select {
		case <-r.machine.Gone():
			return nil
		case <-ctx.Done():
			return fmt.Errorf("waiting for it to power off: %w", context.Cause(ctx))
		case <-again.C:
		}
	}
}

// poweredOff says whether a guest that ends by itself has reached its finish.
func (r *attempt) poweredOff(ended error, events []observe.Event) bool {
	var stopped *observe.StoppedError
	return errors.As(ended, &stopped) && r.spec.Boot.PowersOff && r.spec.Finished(observe.Timeline{Events: events})
}

// beforeSecond makes the machine and gives it its first boot. A run that it does
// not survive is recorded as failed, without a timeline.
func (r *attempt) beforeSecond(ctx context.Context) (lost *results.Run, err error) {
	if r.session.design.scenario() != results.SecondBoot {
		return nil, nil
	}
	if r.machine, err = r.prepare(ctx, machine.Options{Firmware: true, Probe: true}); err != nil {
		return nil, err
	}
	failed := r.firstBoot(ctx)
	if failed == nil {
		return nil, nil
	}
	if ctx.Err() != nil {
		return nil, failed
	}
	r.before()
	run := r.describe(ctx, r.machine.Observer().Finish("its first boot failed"), nil, observe.CanaryResult{})
	run.Events, run.Taints = []observe.Event{}, []string{}
	run.Outcome, run.Cause = results.OutcomeFailed, "its first boot, which is not measured: "+failed.Error()
	return &run, nil
}

// prepare makes the machine of the run.
func (r *attempt) prepare(ctx context.Context, opt machine.Options) (*machine.Machine, error) {
	m, err := machine.Prepare(ctx, r.session.surroundings(r.network), r.spec, opt)
	if err != nil {
		// Errors of this machine, such as a full disk: every other run would fail too.
		return nil, fmt.Errorf("run %s: %w", r.id, err)
	}
	return m, nil
}
