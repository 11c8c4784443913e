package bench

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"distrolab/distros/image"
	"distrolab/labs/access"
	"distrolab/labs/holder"
	"distrolab/labs/home"
	"distrolab/labs/hypervisor"
	"distrolab/labs/ledger"
	"distrolab/labs/machine"
	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/labs/session"
)

// Options are what a session needs of the world.
type Options struct {
	Home       home.Home
	URI        string // libvirt
	RuntimeDir string // XDG_RUNTIME_DIR, for the session daemon
	Directory  string // of the results; "" chooses one below the home
	Host       fs.FS  // the host's root, for its facts
	Key        access.Key
	Run        machine.Runner
	Log        *slog.Logger
	Tool       results.Tool
	OnProgress func(session.Progress) // called in order, quickly
	Gate       *session.Gate          // holds the session between runs; nil: never
}

// Session is an experiment that runs.
type Session struct {
	opt     Options
	design  Design
	meta    results.Session
	store   *results.Store
	lab     string
	record  *ledger.Ledger
	libvirt *hypervisor.Connection
	host    hypervisor.Host
	plane   *plane // nil: the runs are boots
	undo    []func() error

	done     int
	total    int
	started  time.Time
	paused   time.Duration // that the gate has held so far
	failures []int         // of each subject, in a row
	dropped  []bool
}

// giveUpAfter is how many failures in a row end the measuring of a subject: a
// guest that never boots would cost a deadline in every block.
const giveUpAfter = 2

// Run runs the experiment and returns its directory. What has finished is in
// it even after an error; ctx ends the session between two instants, taking the
// machine that runs back.
func Run(ctx context.Context, opt Options, design Design) (directory string, err error) {
	id, err := newID(time.Now())
	if err != nil {
		return "", err
	}
	s := &Session{opt: opt, design: design, lab: "bench-" + id[len(id)-6:],
		failures: make([]int, len(design.Subjects)), dropped: make([]bool, len(design.Subjects)),
		total: len(design.Subjects) * (design.Blocks + design.Warmups)}
	defer func() { err = errors.Join(err, s.close()) }()
	for _, step := range []func(context.Context) error{s.holdImages, s.own, s.makeSockets, s.connect} {
		if err := step(ctx); err != nil {
			return "", err
		}
	}
	if err := s.open(ctx, id); err != nil {
		return "", err
	}
	s.tell(session.Progress{Step: session.StepStarted, Directory: s.store.Dir()})
	if err = s.raise(ctx); err == nil {
		err = s.runAll(ctx)
	}
	s.tell(session.Progress{Step: session.StepDone})
	return s.store.Dir(), err
}

// newID names a session by its time, so that names sort, and a random end.
func newID(now time.Time) (string, error) {
	var end [3]byte
	if _, err := rand.Read(end[:]); err != nil {
		return "", fmt.Errorf("naming the session: %w", err)
	}
	return now.UTC().Format("20060102-150405-") + hex.EncodeToString(end[:]), nil
}

func (s *Session) holdImages(context.Context) error {
	store, err := image.Open(s.opt.Home.Images())
	if err != nil {
		return err
	}
	images := []string{}
	for _, subject := range s.design.Subjects {
		images = append(images, subject.Image)
	}
	if join := s.design.Join; join != nil && join.Cluster.Recipe != nil {
		images = append(images, join.Cluster.Recipe.Machine.Image)
	}
	for _, id := range images {
		release, err := store.Hold(id)
		if err != nil {
			return err
		}
		s.onClose(func() error { release(); return nil })
	}
	return nil
}

func (s *Session) own(context.Context) error {
	self, err := ledger.Identify(os.Getpid())
	if err != nil {
		return err
	}
	uri := s.opt.URI
	s.record, err = ledger.Create(s.opt.Home.Lab(s.lab), ledger.Owner{
		Lab: s.lab, Purpose: "bench", URI: uri, Process: self, Created: time.Now()})
	if err != nil {
		return fmt.Errorf("making the lab of the session: %w", err)
	}
	s.onClose(s.record.Remove)
	return nil
}

func (s *Session) makeSockets(context.Context) error {
	dir := s.opt.Home.Sockets(s.lab)
	if err := s.record.Record(ledger.Resource{Kind: ledger.Directory, ID: dir}); err != nil {
		return err
	}
	s.onClose(func() error { return os.RemoveAll(dir) })
	return holder.MakeSockets(dir)
}

func (s *Session) connect(ctx context.Context) error {
	connection, err := hypervisor.Open(ctx, hypervisor.Options{URI: s.opt.URI, RuntimeDir: s.opt.RuntimeDir, Log: s.opt.Log})
	if err != nil {
		return err
	}
	s.libvirt = connection
	s.onClose(func() error { return s.libvirt.Close() })
	s.host, err = connection.Host(ctx)
	return err
}

// open writes the design down before the first run.
func (s *Session) open(_ context.Context, id string) error {
	s.meta = results.Session{
		ID: id, Started: time.Now(), Mode: mode(s.design.Blocks), Scenario: s.scenario(), Finish: s.finish(),
		Blocks: s.design.Blocks, Warmups: s.design.Warmups, Seed: s.design.Seed, Deadline: s.design.Deadline,
		StopRule: fmt.Sprintf("%d complete blocks", s.design.Blocks),
		Env:      s.environment(), Tool: s.opt.Tool,
	}
	for _, m := range s.design.Subjects {
		s.meta.Subjects = append(s.meta.Subjects, subjectOf(m))
	}
	directory := s.opt.Directory
	if directory == "" {
		directory = filepath.Join(s.opt.Home.Results(), id)
	}
	store, err := results.Create(directory, s.meta)
	if err != nil {
		return err
	}
	s.store = store
	s.onClose(store.Close)
	return os.MkdirAll(filepath.Join(store.Dir(), logsDirectory), 0o755)
}

// scenario is what the session measures.
func (s *Session) scenario() results.Scenario {
	if s.design.Join != nil {
		return s.design.Join.Scenario
	}
	return results.FirstBoot
}

// finish is the milestone that ends a run, where all subjects have the same.
func (s *Session) finish() observe.Milestone {
	if s.design.Join != nil {
		return observe.FirstPod
	}
	return ""
}

// mode says what that many blocks are good for (measuring.md, F).
func mode(blocks int) results.Mode {
	switch {
	case blocks < 6:
		return results.ModeDemo
	case blocks < 10:
		return results.ModeQuick
	default:
		return results.ModeBench
	}
}

// runAll runs the warm-ups and then the blocks.
func (s *Session) runAll(ctx context.Context) error {
	s.started = time.Now()
	for n := range s.design.Warmups {
		for i := range s.design.Subjects {
			if s.dropped[i] {
				continue
			}
			if err := s.runOne(ctx, place{subject: i, pos: n*len(s.design.Subjects) + i + 1, phase: results.PhaseWarmup}); err != nil {
				return err
			}
		}
	}
	for b, block := range session.Order(s.design.Seed, len(s.design.Subjects), s.design.Blocks) {
		for pos, i := range block {
			if s.dropped[i] {
				continue
			}
			if err := s.runOne(ctx, place{subject: i, block: b + 1, pos: pos + 1, phase: results.PhaseMeasure}); err != nil {
				return err
			}
		}
	}
	return s.verdict()
}

// verdict is an error when some subject could not be measured to the end.
func (s *Session) verdict() error {
	var lost []string
	for i, d := range s.dropped {
		if d {
			lost = append(lost, s.design.Subjects[i].Distro)
		}
	}
	if len(lost) > 0 {
		return &DroppedError{Names: lost, Directory: s.store.Dir()}
	}
	return nil
}

// DroppedError says which systems were given up because they did not boot.
type DroppedError struct {
	Names     []string
	Directory string
}

func (e *DroppedError) Error() string {
	return fmt.Sprintf("gave up on %v, which did not boot; the console of each run is in %s", e.Names, filepath.Join(e.Directory, logsDirectory))
}

func (s *Session) tell(p session.Progress) {
	p.Session, p.Done, p.Total = s.meta.ID, s.done, s.total
	if s.opt.OnProgress != nil {
		s.opt.OnProgress(p)
	}
}

func (s *Session) onClose(f func() error) { s.undo = append(s.undo, f) }

func (s *Session) close() error {
	var errs []error
	for i := len(s.undo) - 1; i >= 0; i-- {
		errs = append(errs, s.undo[i]())
	}
	return errors.Join(errs...)
}
