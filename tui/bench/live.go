package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/labs/session"
)

// mostTold bounds the lines that are kept of what a session said.
const mostTold = 500

// stage is how far a session is.
type stage int

const (
	preparing stage = iota
	running
	pausing // the run under way ends, then it is held
	held
	stopping
	over
)

// word is a stage in one word, and a letter glyph never stands alone.
func (s stage) word() string {
	switch s {
	case preparing:
		return "preparing"
	case running:
		return "running"
	case pausing:
		return "pausing after this run"
	case held:
		return "paused"
	case stopping:
		return "stopping"
	}
	return "ended"
}

// weight is what a line of the log means.
type weight int

const (
	plainLine weight = iota
	doubtLine
	badLine
)

// said is one line of the log.
type said struct {
	text   string
	weight weight
}

// current is the run under way.
type current struct {
	system  string
	phase   results.Phase
	block   int
	id      string
	events  []observe.Event
	trigger time.Duration // of a join
}

// cell is one run of the map of blocks.
type cell struct {
	system  int // index in the design
	outcome results.Outcome
	running bool
}

// live is a session as far as it has told of itself.
type live struct {
	design  Design
	queue   *queue
	gate    *session.Gate
	stop    context.CancelCauseFunc
	asked   bool // to stop
	stage   stage
	id      string
	now     *current
	done    int
	total   int
	left    *time.Duration
	step    string // of the control plane
	runs    []results.Run
	blocks  [][]cell // 0: warm-ups
	dropped map[string]string
	log     []said
	err     error

	comparison results.Comparison // of the runs so far
	counted    int                // runs in it
	counting   bool
}

func newLive(d Design, stop context.CancelCauseFunc) *live {
	d.Systems = slices.Clone(d.Systems)
	return &live{design: d, queue: newQueue(), gate: &session.Gate{}, stop: stop, total: d.Runs(),
		blocks: make([][]cell, d.most()+1), dropped: map[string]string{}}
}

func (l *live) say(w weight, text string) {
	l.log = append(l.log, said{text, w})
	if extra := len(l.log) - mostTold; extra > 0 {
		l.log = slices.Delete(l.log, 0, extra)
	}
}

// hear takes what the session said.
func (l *live) hear(t told) {
	if t.note != "" {
		l.say(plainLine, t.note)
		return
	}
	p := t.progress
	if p.Total > 0 {
		l.done, l.total = p.Done, p.Total
	}
	if p.Left != nil {
		l.left = p.Left
	}
	switch p.Step {
	case session.StepStarted:
		l.begin(p)
	case session.StepPlane:
		l.step = p.Reason
		l.say(plainLine, "control plane: "+p.Reason)
	case session.StepRun:
		l.step = ""
		l.now = &current{system: p.OS, phase: p.Phase, block: p.Block, id: p.RunID}
		l.blocks[l.row(p)] = append(l.blocks[l.row(p)], cell{system: l.index(p.OS), running: true})
	case session.StepMilestone:
		l.milestone(p)
	case session.StepRunDone:
		l.finished(p)
	case session.StepDropped:
		l.dropped[p.OS] = p.Reason
		l.say(badLine, "gave up on "+p.OS+": "+p.Reason)
	case session.StepPaused:
		l.stage = held
		l.say(plainLine, "paused: the next run waits")
	case session.StepResumed:
		l.stage = running
		l.say(plainLine, "goes on, "+p.Reason)
	}
}

func (l *live) begin(p session.Progress) {
	l.id = p.Session
	if l.stage == preparing {
		l.stage = running
	}
	l.say(plainLine, "session "+p.Session)
}

// row is where a run stands in the map of blocks.
func (l *live) row(p session.Progress) int {
	if p.Phase == results.PhaseWarmup || p.Block < 0 || p.Block >= len(l.blocks) {
		return 0
	}
	return p.Block
}

func (l *live) index(system string) int { return max(slices.Index(l.design.Systems, system), 0) }

func (l *live) milestone(p session.Progress) {
	if l.now == nil || p.Milestone == nil {
		return
	}
	if p.Milestone.M == observe.Trigger {
		l.now.trigger = p.Milestone.T
	}
	l.now.events = append(l.now.events, *p.Milestone)
}

func (l *live) finished(p session.Progress) {
	l.now = nil
	if p.Run == nil {
		return
	}
	if row := l.blocks[l.row(p)]; len(row) > 0 {
		row[len(row)-1].running, row[len(row)-1].outcome = false, p.Run.Outcome
	}
	run := *p.Run
	where := "warm-up"
	if run.Phase == results.PhaseMeasure {
		where = fmt.Sprintf("block %d", run.Block)
	}
	switch {
	case run.Outcome == results.OutcomeTimeout || run.Outcome == results.OutcomeFailed:
		l.say(badLine, fmt.Sprintf("%s, %s: %s: %s", p.OS, where, run.Outcome, run.Cause))
	case run.Outcome == results.OutcomeTainted:
		l.say(doubtLine, fmt.Sprintf("%s, %s: not valid: %s", p.OS, where, strings.Join(run.Taints, "; ")))
	case len(run.Taints) > 0:
		l.say(doubtLine, fmt.Sprintf("%s, %s: doubtful: %s", p.OS, where, strings.Join(run.Taints, "; ")))
	}
	run.Guest, run.Files = nil, nil // nothing here shows them
	l.runs = append(l.runs, run)
}

// end takes note of the end of the session.
func (l *live) end(id string, err error) {
	l.stage, l.now, l.step, l.left = over, nil, "", nil
	if id != "" {
		l.id = id
	}
	if l.asked && (errors.Is(err, errStopped) || errors.Is(err, context.Canceled)) {
		err = nil
	}
	l.err = err
	if err != nil {
		l.say(badLine, err.Error())
	}
	for _, row := range l.blocks {
		for i := range row {
			if row[i].running {
				row[i].running, row[i].outcome = false, results.OutcomeFailed
			}
		}
	}
}

// since is when a milestone came: of a join, after its trigger.
func (c *current) since(e observe.Event) time.Duration {
	if observe.IsJoin(e.M) {
		return e.T - c.trigger
	}
	return e.T
}

// summary is what the session has brought, in one sentence.
func (l *live) summary() string {
	runs := fmt.Sprintf("%d of %d runs", l.done, l.total)
	switch {
	case l.id == "" && l.err == nil:
		return "stopped before the first run"
	case l.id == "":
		return "nothing was measured"
	case l.asked:
		return "stopped: " + runs + " are kept"
	case l.err != nil:
		return "ended early: " + runs + " are kept"
	}
	return "done: " + runs
}
