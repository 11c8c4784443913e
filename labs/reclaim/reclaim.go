// Package reclaim finds what crashed labs left on this machine, takes it back,
// and proves that nothing is left. It touches only what is recorded in a lab's
// ledger, tagged in libvirt with this home, or inside this home's directories.
package reclaim

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"distrolab/labs/home"
	"distrolab/labs/hypervisor"
	"distrolab/labs/ledger"
)

// Options are where to look.
type Options struct {
	Home home.Home
	URI  string // libvirt, for tagged domains that no ledger names
	// Connect opens libvirt. It is called at most once for each URI.
	Connect func(ctx context.Context, uri string) (*hypervisor.Connection, error)
}

// Leftover is something that belongs to no lab that runs.
type Leftover struct {
	Kind  ledger.Kind `json:"kind"` // domain, process or directory
	ID    string      `json:"id"`
	Lab   string      `json:"lab"`
	Error string      `json:"error,omitempty"` // why it could not be taken back
}

// Report is what was looked at and what was found.
type Report struct {
	Checked   []string   `json:"checked"`   // places, one sentence each
	Unchecked []string   `json:"unchecked"` // places that could not be looked at, with the reason
	Leftovers []Leftover `json:"leftovers"`
	Running   []string   `json:"running"` // labs that run and were left alone
}

// sweeper holds the connections of one call.
type sweeper struct {
	opt         Options
	connections map[string]*hypervisor.Connection
	refused     map[string]error // a libvirt that did not answer is asked once
}

func newSweeper(opt Options) *sweeper {
	return &sweeper{opt: opt, connections: make(map[string]*hypervisor.Connection), refused: make(map[string]error)}
}

// Sweep takes back everything that dead labs left. What could not be taken back
// carries its error.
func Sweep(ctx context.Context, opt Options) (Report, error) {
	return look(ctx, opt, func(s *sweeper, lab ledger.Lab) []Leftover { return s.reclaimLab(ctx, lab) },
		func(s *sweeper, stray *Leftover) {
			if err := s.take(ctx, *stray); err != nil {
				stray.Error = err.Error()
			}
		})
}

// Survey lists what dead labs left and takes nothing.
func Survey(ctx context.Context, opt Options) (Report, error) {
	return look(ctx, opt, func(_ *sweeper, lab ledger.Lab) []Leftover {
		return []Leftover{{Kind: ledger.Directory, ID: lab.Dir, Lab: lab.Name}}
	}, func(*sweeper, *Leftover) {})
}

// look visits every dead lab and every stray.
func look(ctx context.Context, opt Options, dead func(*sweeper, ledger.Lab) []Leftover, stray func(*sweeper, *Leftover)) (Report, error) {
	s := newSweeper(opt)
	defer s.close()
	report := Report{Checked: places(opt), Unchecked: []string{}, Leftovers: []Leftover{}, Running: []string{}}
	labs, err := ledger.Labs(opt.Home.Labs())
	if err != nil {
		return report, err
	}
	for _, lab := range labs {
		if !lab.Alive {
			report.Leftovers = append(report.Leftovers, dead(s, lab)...)
		}
	}
	seen, err := s.see(ctx)
	if ctx.Err() != nil {
		return report, context.Cause(ctx)
	}
	if err != nil {
		report.Unchecked = append(report.Unchecked, domainsOf(opt)+": "+err.Error())
	} else {
		report.Checked = append([]string{domainsOf(opt)}, report.Checked...)
	}
	// Listed again after looking around: what a lab made that started meanwhile
	// is then known as its own.
	if labs, err = ledger.Labs(opt.Home.Labs()); err != nil {
		return report, err
	}
	for _, lab := range labs {
		if lab.Alive {
			report.Running = append(report.Running, lab.Name)
		}
	}
	for _, found := range seen.strays(opt.Home, report.Running) {
		stray(s, &found)
		report.Leftovers = append(report.Leftovers, found)
	}
	return report, nil
}

func domainsOf(opt Options) string {
	return "domains of " + opt.URI + " with the tag of " + opt.Home.Data
}

// places are those that can always be looked at.
func places(opt Options) []string {
	return []string{
		"processes with a file below " + opt.Home.Labs() + " or " + opt.Home.Run,
		"sockets in " + opt.Home.Run,
		"files in " + opt.Home.Labs(),
	}
}

func (s *sweeper) reclaimLab(ctx context.Context, lab ledger.Lab) []Leftover {
	uri := lab.Owner.URI
	if uri == "" {
		uri = s.opt.URI
	}
	taken, err := ledger.Reclaim(ctx, lab, lazyDomains{s, uri})
	found := make([]Leftover, 0, len(taken)+1)
	for _, r := range taken {
		found = append(found, Leftover{Kind: r.Kind, ID: r.ID, Lab: lab.Name})
	}
	if err != nil {
		found = append(found, Leftover{Kind: ledger.Directory, ID: lab.Dir, Lab: lab.Name, Error: err.Error()})
	}
	return found
}

// sight is what of this home exists, whoever it belongs to.
type sight struct {
	domains   []hypervisor.Tagged
	processes []process
	sockets   []string // directories
}

// see looks around. Without libvirt it still sees the rest.
func (s *sweeper) see(ctx context.Context) (sight, error) {
	found := sight{processes: processes(os.DirFS("/proc")), sockets: socketDirectories(s.opt.Home)}
	c, err := s.connect(ctx, s.opt.URI)
	if err == nil {
		found.domains, err = c.List(ctx, s.opt.Home.Data)
	}
	return found, err
}

func socketDirectories(h home.Home) []string {
	entries, err := os.ReadDir(h.Run)
	if err != nil {
		return nil // there are none, or the directory is not ours
	}
	var found []string
	for _, e := range entries {
		if e.IsDir() {
			found = append(found, filepath.Join(h.Run, e.Name()))
		}
	}
	return found
}

// strays are those that belong to no lab that runs: they were made between two
// lines of a ledger, or their ledger is gone.
func (s sight) strays(h home.Home, running []string) []Leftover {
	var strays []Leftover
	for _, d := range s.domains {
		if !slices.Contains(running, d.Tag.Owner) {
			strays = append(strays, Leftover{Kind: ledger.Domain, ID: d.Name, Lab: d.Tag.Owner})
		}
	}
	for _, p := range s.processes {
		if !isStray(h, p.arguments, running) {
			continue
		}
		if id, err := ledger.Identify(p.pid); err == nil {
			strays = append(strays, Leftover{Kind: ledger.Process, ID: id.String()})
		}
	}
	for _, dir := range s.sockets {
		if !slices.ContainsFunc(running, func(lab string) bool { return h.Sockets(lab) == dir }) {
			strays = append(strays, Leftover{Kind: ledger.Directory, ID: dir})
		}
	}
	return strays
}

func (s *sweeper) take(ctx context.Context, l Leftover) error {
	switch l.Kind {
	case ledger.Domain:
		return lazyDomains{s, s.opt.URI}.DestroyDomain(ctx, l.ID)
	case ledger.Process:
		id, err := ledger.ParseIdentity(l.ID)
		if err != nil {
			return err
		}
		return ledger.End(ctx, id)
	default:
		return os.RemoveAll(l.ID)
	}
}

// connectLimit is how long a daemon may take to answer before gc goes on
// without it.
const connectLimit = 30 * time.Second

// How often, and how far apart, a daemon that hangs up is asked again.
const (
	maxTries   = 5
	retryAfter = 500 * time.Millisecond
)

func (s *sweeper) connect(ctx context.Context, uri string) (*hypervisor.Connection, error) {
	if c, ok := s.connections[uri]; ok {
		return c, nil
	}
	if err := s.refused[uri]; err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	c, err := s.open(ctx, uri)
	if err != nil {
		s.refused[uri] = err
		return nil, err
	}
	s.connections[uri] = c
	return c, nil
}

// open connects, and again when the daemon hangs up: after a crash it may be on
// its way down, or up and not ready.
func (s *sweeper) open(ctx context.Context, uri string) (*hypervisor.Connection, error) {
	for tries := 1; ; tries++ {
		c, err := s.opt.Connect(ctx, uri)
		if !errors.Is(err, hypervisor.ErrDisconnected) || tries == maxTries {
			return c, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(retryAfter):
		}
	}
}

func (s *sweeper) close() {
	for _, c := range s.connections {
		c.Close()
	}
}

// lazyDomains opens libvirt only when a domain is to be destroyed.
type lazyDomains struct {
	s   *sweeper
	uri string
}

// DestroyDomain ends a domain of this home; one that is gone is no error, and
// one of someone else is left alone.
func (l lazyDomains) DestroyDomain(ctx context.Context, name string) error {
	c, err := l.s.connect(ctx, l.uri)
	if err != nil {
		return err
	}
	m, err := c.Lookup(ctx, name)
	if errors.Is(err, hypervisor.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	tag, ours, err := m.Tag(ctx)
	if err != nil {
		return err
	}
	if !ours || tag.Home != l.s.opt.Home.Data {
		return nil
	}
	return m.Destroy(ctx)
}

// process is one line of the process table.
type process struct {
	pid       int
	arguments string // NUL between them
}

// processes reads the process table (proc_pid_cmdline(5)). One that ends while
// it is read is left out.
func processes(proc fs.FS) []process {
	entries, err := fs.ReadDir(proc, ".")
	if err != nil {
		return nil
	}
	var found []process
	for _, e := range entries {
		var pid int
		if _, err := fmt.Sscan(e.Name(), &pid); err != nil || pid == os.Getpid() {
			continue
		}
		if line, err := fs.ReadFile(proc, e.Name()+"/cmdline"); err == nil {
			found = append(found, process{pid: pid, arguments: string(line)})
		}
	}
	return found
}
