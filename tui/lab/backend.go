package lab

import (
	"context"
	"io"
	"os/exec"

	"distrolab/labs"
	"distrolab/labs/cluster"
	"distrolab/provision"
)

// Backend is everything that the screen needs of the world.
type Backend interface {
	Observer
	Operator
	Starter
}

// Observer shows labs. Its methods may wait until ctx ends.
type Observer interface {
	// Watch calls changed with all labs, at once and whenever something of them
	// has changed, from one goroutine, until ctx ends or the labs cannot be
	// watched.
	Watch(ctx context.Context, changed func([]labs.Status)) error
	// Usage asks what the running machines of a lab take of this host.
	Usage(ctx context.Context, lab string) ([]labs.Usage, error)
	// Nodes asks the API of a lab's cluster.
	Nodes(ctx context.Context, lab string) ([]cluster.Node, error)
	// Console opens the live console of a machine.
	Console(ctx context.Context, lab, machine string) (io.ReadWriteCloser, error)
	// Log opens the end of what a machine's console has said, at most so many
	// bytes; it is there when nothing runs, too.
	Log(lab, machine string, most int64) (io.ReadCloser, error)
}

// Operator works on labs that are there.
type Operator interface {
	Stop(ctx context.Context, lab, machine string, now bool) error
	Boot(ctx context.Context, lab, machine string) error
	Forward(ctx context.Context, lab, machine string, f labs.Forward) (labs.Forward, error)
	// SaveLog writes a machine's whole console log into a new file.
	SaveLog(ctx context.Context, lab, machine, path string) (bytes int64, err error)
	Down(ctx context.Context, lab string) error
	// Reclaim takes back what a crash left, and says in a line what that was.
	Reclaim(ctx context.Context) (string, error)
	// SSH and Attach are programs for the terminal: a login, and the console.
	SSH(lab string, m labs.MachineStatus) *exec.Cmd
	Attach(lab, machine string) *exec.Cmd
}

// Starter brings labs up.
type Starter interface {
	// Up brings a lab up and follows it until its machines have booted. report
	// gets what is done, a line each. When ctx ends first, or on an error before
	// the lab runs, the lab is taken back.
	Up(ctx context.Context, p Plan, report func(string)) error
}

// Plan is a lab as it was asked for.
type Plan struct {
	Lab       string
	Systems   []string // names in the catalog, one for each machine
	VCPUs     int      // of each; 0: the default
	MemoryMiB int      // of each; 0: the default
	Cluster   bool     // the machines join a control plane of their own
	Intent    *provision.Intent
}
