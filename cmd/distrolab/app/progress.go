package app

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/labs/session"
	"distrolab/labs/stats"
	"distrolab/tui/chart"
)

// runPrinter prints a session for people, a line for each finished run. On a
// terminal the last line shows what happens now and is rewritten.
type runPrinter struct {
	a        *application
	terminal bool
	titles   map[observe.Milestone]string
	took     map[string][]float64 // seconds of the headline, by system
	trigger  time.Duration        // of the join of the run that is under way
	width    int                  // of the line that shows what happens now
}

func newRunPrinter(a *application) *runPrinter {
	p := &runPrinter{a: a, titles: map[observe.Milestone]string{}, took: map[string][]float64{}}
	if f, ok := a.world.Err.(interface{ Fd() uintptr }); ok {
		p.terminal = term.IsTerminal(int(f.Fd()))
	}
	for _, info := range append(observe.Milestones(), observe.JoinMilestones()...) {
		p.titles[info.Milestone] = info.Title
	}
	return p
}

func (p *runPrinter) show(progress session.Progress) {
	switch progress.Step {
	case session.StepStarted:
		p.line(fmt.Sprintf("session %s: %d runs", progress.Session, progress.Total))
	case session.StepPlane:
		p.now("control plane: " + progress.Reason)
	case session.StepRun:
		p.trigger = 0
		p.now(p.heading(progress) + " starts")
	case session.StepMilestone:
		p.now(fmt.Sprintf("%s %.1f s: %s", p.heading(progress), p.since(progress.Milestone).Seconds(), p.titles[progress.Milestone.M]))
	case session.StepRunDone:
		p.finished(progress)
	case session.StepDropped:
		p.line(fmt.Sprintf("giving up on %s: %s", progress.OS, progress.Reason))
	case session.StepNoise:
		p.now("waiting for a quiet machine: " + progress.Reason)
	case session.StepQuiet:
		p.line(progress.Reason)
	case session.StepDone:
		p.now("")
		if progress.Reason != "" {
			p.line("done: " + progress.Reason)
		}
	}
}

// since is when a milestone came: of a join, after its trigger.
func (p *runPrinter) since(m *observe.Event) time.Duration {
	if m.M == observe.Trigger {
		p.trigger = m.T
	}
	if observe.IsJoin(m.M) {
		return m.T - p.trigger
	}
	return m.T
}

func (p *runPrinter) heading(progress session.Progress) string {
	where := "warm-up"
	if progress.Phase == results.PhaseMeasure {
		where = fmt.Sprintf("block %d", progress.Block)
	}
	return fmt.Sprintf("%d/%d %s %s", progress.Done+1, progress.Total, where, progress.OS)
}

// finished prints how a run ended and the running median of its system.
func (p *runPrinter) finished(progress session.Progress) {
	v := p.a.view()
	text := chart.RunLine(*progress.Run, progress.Done, progress.Total, max(v.width, 80), v.glyphs, v.styles)
	if progress.Phase == results.PhaseWarmup {
		p.line(strings.TrimRight(text, " ") + left(progress.Left))
		return
	}
	if took, ok := progress.Run.Headline(); ok && progress.Run.Outcome == results.OutcomeOK {
		p.took[progress.OS] = append(p.took[progress.OS], took.Seconds())
	}
	p.line(strings.TrimRight(text, " ") + p.median(progress.OS) + left(progress.Left))
}

func (p *runPrinter) median(os string) string {
	sample := slices.Clone(p.took[os])
	if len(sample) < 2 {
		return ""
	}
	iv := stats.MedianInterval(sample, stats.Confidence95)
	if !iv.Bounded() {
		return fmt.Sprintf("  median so far %s", results.Seconds(iv.Median))
	}
	return fmt.Sprintf("  median so far %s [%s, %s]", results.Seconds(iv.Median), results.Digits(iv.Low), results.Digits(iv.High))
}

// line prints a line that stays.
func (p *runPrinter) line(text string) {
	p.now("")
	fmt.Fprintln(p.a.world.Err, text)
}

// now shows what happens at this moment, on a terminal only.
func (p *runPrinter) now(text string) {
	if !p.terminal {
		return
	}
	if w := p.a.world.OutWidth; w > 1 && len(text) > w-1 {
		text = text[:w-1]
	}
	fmt.Fprintf(p.a.world.Err, "\r%s%s\r%s", text, strings.Repeat(" ", max(0, p.width-len(text))), text)
	p.width = len(text)
	if text == "" {
		fmt.Fprint(p.a.world.Err, "\r")
	}
}
