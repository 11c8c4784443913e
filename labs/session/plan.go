package session

import (
	"fmt"
	"slices"
	"time"

	"distrolab/labs/results"
)

// longestBudget bounds a session's time.
const longestBudget = 14 * 24 * time.Hour

// Plan reads the mode and the rule out of what was asked for: a number of blocks
// is taken as it is, a target makes it the most, and neither leaves the number to
// the mode. Without a mode it is what the blocks are good for.
func Plan(r results.Request) (results.Mode, Rule, error) {
	switch {
	case r.Blocks < 0 || r.Blocks > MaxBlocks:
		return "", Rule{}, fmt.Errorf("%d blocks: take 1 to %d", r.Blocks, MaxBlocks)
	case r.Target < 0 || r.Target >= 1:
		return "", Rule{}, fmt.Errorf("a target of %g: give a share of the median below 1, such as 0.03", r.Target)
	case r.Budget < 0 || r.Budget > longestBudget:
		return "", Rule{}, fmt.Errorf("a budget of %s: take at most %s", r.Budget, longestBudget)
	case r.Mode != "" && !slices.Contains(Modes(), r.Mode):
		return "", Rule{}, fmt.Errorf("mode %.20q: take one of %v", r.Mode, Modes())
	}
	mode := r.Mode
	if mode == "" {
		mode = results.ModeBench
		if r.Blocks > 0 {
			mode = ModeOf(r.Blocks)
		}
	}
	rule := RuleOf(mode)
	if r.Target > 0 {
		rule.Target, rule.Every = r.Target, lookEvery
		if !rule.adaptive() {
			rule.Most = mostBlocks
		}
	}
	if r.Blocks > 0 && r.Target == 0 {
		rule = Fixed(r.Blocks)
	} else if r.Blocks > 0 {
		rule.Most, rule.Least = r.Blocks, min(rule.Least, r.Blocks)
	}
	if least := LeastBlocks(mode); rule.Most < least {
		return "", Rule{}, fmt.Errorf("%d blocks are too few for mode %s, which needs %d", rule.Most, mode, least)
	}
	rule.Budget = r.Budget
	return mode, rule, nil
}
