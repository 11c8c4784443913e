package session

import (
	"fmt"
	"time"

	"distrolab/labs/results"
)

// Rule says how many blocks a session runs and when it has seen enough. It looks
// at the width of the intervals, never at whether systems differ: stopping on a
// difference would find one where there is none (docs/statistics.md).
type Rule struct {
	Least  int           // blocks before the first look
	Most   int           // blocks at the most
	Every  int           // blocks between two looks
	Target float64       // relative half width of every headline's interval that is enough; 0: all blocks are run
	Budget time.Duration // time for the session; 0: as long as it takes
}

// The blocks that a mode stands for, and how it stops.
const (
	demoBlocks  = 2
	quickBlocks = 6
	benchBlocks = 10
	mostBlocks  = 40
	lookEvery   = 5

	quickTarget = 0.05
	benchTarget = 0.03
)

// RuleOf is the rule of a mode, as long as nothing else is asked for.
func RuleOf(mode results.Mode) Rule {
	switch mode {
	case results.ModeDemo:
		return Fixed(demoBlocks)
	case results.ModeQuick:
		return Rule{Least: quickBlocks, Most: mostBlocks, Every: lookEvery, Target: quickTarget}
	default:
		return Rule{Least: benchBlocks, Most: mostBlocks, Every: lookEvery, Target: benchTarget}
	}
}

// Fixed is the rule of a number of blocks that was asked for.
func Fixed(blocks int) Rule { return Rule{Least: blocks, Most: blocks, Every: lookEvery} }

// ModeOf says what that many blocks are good for, where no mode is asked for.
func ModeOf(blocks int) results.Mode {
	switch {
	case blocks < quickBlocks:
		return results.ModeDemo
	case blocks < benchBlocks:
		return results.ModeQuick
	default:
		return results.ModeBench
	}
}

// LeastBlocks is with how few blocks a session may still have that mode.
func LeastBlocks(mode results.Mode) int {
	switch mode {
	case results.ModeDemo:
		return 1
	case results.ModeQuick, results.ModeCI:
		return quickBlocks
	default:
		return benchBlocks
	}
}

// Modes are the modes, the least demanding first.
func Modes() []results.Mode {
	return []results.Mode{results.ModeDemo, results.ModeQuick, results.ModeBench, results.ModeCI}
}

// Words is the rule for people, as a session's record holds it.
func (r Rule) Words() string {
	text := fmt.Sprintf("%d complete blocks", r.Most)
	if r.adaptive() {
		text = fmt.Sprintf("after %d blocks, and then after every %d, enough when each system's 95 %% interval is within %s of its median; at most %d blocks",
			r.Least, r.Every, percent(r.Target), r.Most)
	}
	if r.Budget > 0 {
		text += fmt.Sprintf("; no block that would end after %s", r.Budget)
	}
	return text
}

func (r Rule) adaptive() bool { return r.Target > 0 && r.Least < r.Most }

// Due says whether the intervals are looked at after that many blocks.
func (r Rule) Due(blocks int) bool {
	return r.adaptive() && blocks >= r.Least && (blocks-r.Least)%max(r.Every, 1) == 0
}

// Planned is how many blocks will run as far as is known after that many: up to
// the next look.
func (r Rule) Planned(blocks int) int {
	if !r.adaptive() {
		return r.Most
	}
	next := r.Least
	for next <= blocks {
		next += max(r.Every, 1)
	}
	return min(next, r.Most)
}

func percent(share float64) string { return fmt.Sprintf("%.3g %%", share*100) }
