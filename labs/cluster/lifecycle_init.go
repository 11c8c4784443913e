package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"distrolab/labs/access"
	"distrolab/labs/machine"
	"distrolab/labs/observe"
	"distrolab/provision/kubeadm"
)

const (
	initPoll = 3 * time.Second
	lines    = 40       // of the journal that are looked at after a failure
	maxLines = 64 << 10 // bytes
)

// awaitInit waits until the unit that runs kubeadm init is done.
func awaitInit(ctx context.Context, shell *access.Client) error {
	for {
		state, err := shell.Run(ctx, "systemctl show -p ActiveState -p SubState --value "+kubeadm.ControlPlaneUnit, 1024)
		if err != nil {
			return fmt.Errorf("asking for the state of kubeadm init: %w", err)
		}
		switch strings.Join(strings.Fields(state), " ") {
		case "active exited":
			return nil
		case "failed failed":
			return initFailure(ctx, shell)
		}
		if !sleep(ctx, initPoll) {
			return errors.Join(context.Cause(ctx), initFailure(context.WithoutCancel(ctx), shell))
		}
	}
}

// initFailure says what the journal has on a failed kubeadm init.
func initFailure(ctx context.Context, shell *access.Client) error {
	ctx, cancel := context.WithTimeout(ctx, loginLimit)
	defer cancel()
	text, err := shell.Run(ctx, fmt.Sprintf("sudo journalctl --no-pager -o cat -n %d -u %s", lines, kubeadm.ControlPlaneUnit), maxLines)
	if err != nil && text == "" {
		return fmt.Errorf("kubeadm init failed, and its journal cannot be read: %w", err)
	}
	if faults := observe.DiagnoseJoin(text); len(faults) > 0 {
		f := faults[len(faults)-1]
		return fmt.Errorf("kubeadm init failed with %q: %s", f.Line, f.Cause)
	}
	return fmt.Errorf("kubeadm init failed; its journal ends with:\n%s", strings.ToValidUTF8(text, "\uFFFD"))
}

// settle waits until the control plane is at rest.
func settle(ctx context.Context, m *machine.Machine, r Recipe) error {
	c, err := connect(ctx, m, r)
	if err != nil {
		return err
	}
	defer c.API.Close()
	if err := c.API.Ready(ctx); err != nil {
		return err
	}
	return c.API.AwaitRest(ctx, quietTime)
}

// sleep waits; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
