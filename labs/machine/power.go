package machine

import (
	"context"
	"os"

	"distrolab/labs/hypervisor"
)

// Shutdown presses the power button and returns at once. Whether and when the
// guest obeys is its own affair; then Gone is closed.
func (m *Machine) Shutdown(ctx context.Context) error { return m.domain.Shutdown(ctx) }

// Usage asks what the machine takes of this host now.
func (m *Machine) Usage(ctx context.Context) (hypervisor.Usage, error) { return m.domain.Usage(ctx) }

// DiskPath is the disk that the guest writes to, over its image; "" when it has none.
func (m *Machine) DiskPath() string {
	if m.spec.Files.Disk == "" {
		return ""
	}
	return m.overlayPath()
}

// Rest ends the machine as Stop does and leaves its disk. [Prepare] with Again
// boots from it.
func (m *Machine) Rest(ctx context.Context) error {
	m.rests.Store(true)
	return m.Stop(ctx)
}

func (m *Machine) removeDirectory(context.Context) error {
	if m.rests.Load() {
		return nil
	}
	return os.RemoveAll(m.directory)
}
