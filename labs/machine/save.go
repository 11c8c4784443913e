package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Save ends the machine and keeps it as it is at this moment: its disk, with
// memory and devices inside, is moved to path, which must be on the same file
// system as the lab. A machine with that [Saved] state goes on from there.
func (m *Machine) Save(ctx context.Context, path, snapshot string) (Saved, error) {
	if m.spec.Files.Disk == "" {
		return Saved{}, fmt.Errorf("saving machine %s: it has no disk to hold its state", m.spec.Name)
	}
	if err := m.domain.SaveSnapshot(ctx, snapshot); err != nil {
		return Saved{}, err
	}
	if err := m.destroy(ctx); err != nil { // nobody may write the disk any more
		return Saved{}, fmt.Errorf("saving machine %s: %w", m.spec.Name, err)
	}
	if err := os.Rename(m.overlayPath(), path); err != nil {
		return Saved{}, fmt.Errorf("saving machine %s: %w", m.spec.Name, err)
	}
	if err := os.Chmod(path, 0o600); err != nil { // it holds the memory, secrets too
		return Saved{}, errors.Join(fmt.Errorf("saving machine %s: %w", m.spec.Name, err), os.Remove(path))
	}
	return Saved{Disk: path, Snapshot: snapshot}, nil
}

// copySaved gives the machine a copy of its own: QEMU reads a snapshot only from
// the disk itself, not from one below it.
func (m *Machine) copySaved(ctx context.Context) error {
	return m.env.Run(ctx, "cp", "--reflink=auto", "--sparse=always", m.spec.Saved.Disk, m.overlayPath())
}
