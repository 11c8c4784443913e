package clustertest

import (
	"fmt"
	"slices"
	"syscall"
)

// Pause stops a program as a machine does that has no time for it; what is
// returned lets it go on.
func (c *Cluster) Pause(name string) (resume func() error, err error) {
	i := slices.IndexFunc(c.running, func(p *process) bool { return p.name == name })
	if i < 0 {
		return nil, fmt.Errorf("pausing %s: it does not run", name)
	}
	p := c.running[i].cmd.Process
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return nil, fmt.Errorf("pausing %s: %w", name, err)
	}
	return func() error { return p.Signal(syscall.SIGCONT) }, nil
}
