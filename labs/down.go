package labs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"distrolab/labs/home"
	"distrolab/labs/ledger"
)

// Down ends a lab and returns when nothing of it is left.
func Down(ctx context.Context, h home.Home, lab string) error {
	owner, err := ledger.ReadOwner(h.Lab(lab))
	if errors.Is(err, fs.ErrNotExist) {
		return unknownLab(h, lab)
	}
	if err != nil {
		return err
	}
	if owner.Purpose != "lab" {
		return fmt.Errorf("%s is a session of bench; interrupt that command instead", lab)
	}
	if !owner.Process.Alive() {
		return fmt.Errorf("the process of lab %s is gone; `distrolab gc` takes back what it left", lab)
	}
	if err := Connect(h, lab).Down(ctx); err != nil {
		return err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		alive := owner.Process.Alive() // first: it removes the directory last and ends
		if _, err := os.Stat(h.Lab(lab)); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if !alive {
			return fmt.Errorf("lab %s did not end cleanly; `distrolab gc` takes back what is left", lab)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

func unknownLab(h home.Home, lab string) error {
	all, err := ledger.Labs(h.Labs())
	if err != nil {
		return err
	}
	e := &UnknownLabError{Name: lab}
	for _, l := range all {
		e.Known = append(e.Known, l.Name)
	}
	return e
}
