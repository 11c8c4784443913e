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
	"time"

	"distrolab/distros/image"
	"distrolab/labs/access"
	"distrolab/labs/bench/quiet"
	"distrolab/labs/holder"
	"distrolab/labs/home"
	"distrolab/labs/hypervisor"
	"distrolab/labs/ledger"
	"distrolab/labs/machine"
	"distrolab/labs/results"
	"distrolab/labs/session"
)

// Options are what a session needs of the world.
type Options struct {
	Home       home.Home
	URI        string // libvirt
	RuntimeDir string // XDG_RUNTIME_DIR, for the session daemon
	Store      *results.Store
	Host       fs.FS // the host's root, for its facts
	Key        access.Key
	Run        machine.Runner
	Log        *slog.Logger
	Tool       results.Tool
	OnProgress func(session.Progress) // called in order, quickly
	Gate       *session.Gate          // holds the session between runs; nil: never
	Earlier    *Earlier               // the session to go on with; nil: a new one
}

// Session is an experiment that runs.
type Session struct {
	opt     Options
	design  Design
	meta    results.Session
	results *results.Recorder
	lab     string
	record  *ledger.Ledger
	libvirt *hypervisor.Connection
	host    hypervisor.Host
	plane   *plane // nil: the runs are boots
	undo    []func() error

	quiet     *quiet.Watch
	headlines [][]float64   // of each subject, seconds
	done      int           // runs, warm-ups included
	planned   int           // blocks, as far as is known
	started   time.Time     // this sitting
	paused    time.Duration // that the gate has held so far
	inBlocks  time.Duration // that the complete blocks of this sitting took
	blocks    int           // complete ones of this sitting
	failures  []int         // of each subject, in a row
	dropped   []bool
	lasted    []int // blocks of each dropped subject
}

// Run runs the experiment and returns the id of its session, when it has begun.
// What has finished is in the store even after an error; ctx ends the session
// between two instants, taking the machine that runs back.
func Run(ctx context.Context, opt Options, design Design) (begun string, err error) {
	id, err := opt.id(time.Now())
	if err != nil {
		return "", err
	}
	lab, err := newID(time.Now()) // what a killed sitting left is in the lab of its own
	if err != nil {
		return "", err
	}
	n := len(design.Subjects)
	s := &Session{opt: opt, design: design, lab: "bench-" + lab[len(lab)-6:], started: time.Now(),
		failures: make([]int, n), dropped: make([]bool, n), lasted: make([]int, n), headlines: make([][]float64, n)}
	s.planned = design.Rule.Planned(0)
	s.quiet = quiet.New(opt.Host, s.ours(ctx))
	defer func() { err = errors.Join(err, s.close()) }()
	for _, step := range []func(context.Context) error{s.holdImages, s.own, s.makeSockets, s.connect} {
		if err := step(ctx); err != nil {
			return "", err
		}
	}
	if err := s.open(ctx, id); err != nil {
		return "", err
	}
	s.tell(session.Progress{Step: session.StepStarted})
	why := ""
	if err = s.raise(ctx); err == nil {
		why, err = s.runAll(ctx)
	}
	err = errors.Join(err, s.results.Finish(context.WithoutCancel(ctx), how(ctx, err)))
	s.tell(session.Progress{Step: session.StepDone, Reason: why})
	return id, err
}

// how says in what way a session ended.
func how(ctx context.Context, err error) results.State {
	var dropped *DroppedError
	switch {
	case err == nil, errors.As(err, &dropped):
		return results.StateDone
	case ctx.Err() != nil:
		return results.StateStopped
	}
	return results.StateFailed
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

func (s *Session) tell(p session.Progress) {
	p.Session, p.Done, p.Total = s.meta.ID, s.done, s.total()
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
