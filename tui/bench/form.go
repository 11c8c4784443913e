package bench

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"distrolab/labs/results"
	"distrolab/labs/session"
)

// field is one line of the form.
type field int

const (
	fieldSystems field = iota
	fieldScenario
	fieldBlocks
	fieldWarmups
	fieldSeed
	fieldDeadline
	fieldBudget
	fieldCache
	fieldBaseline
	fieldDirectory
	fields // their number
)

// label is the name of a field.
func (f field) label() string {
	switch f {
	case fieldSystems:
		return "Systems"
	case fieldScenario:
		return "Measure"
	case fieldBlocks:
		return "Blocks"
	case fieldWarmups:
		return "Warm-ups"
	case fieldSeed:
		return "Seed"
	case fieldDeadline:
		return "Deadline"
	case fieldBudget:
		return "Budget"
	case fieldCache:
		return "Page cache"
	case fieldBaseline:
		return "Baseline"
	}
	return "Results in"
}

// help says what a field means.
func (f field) help() string {
	switch f {
	case fieldSystems:
		return "What is measured. The marks of the other screens are taken first; enter chooses others."
	case fieldScenario:
		return "Boot: until the system says that it is up; 2nd boot: of a disk that has booted once, unmeasured. Cold join: from power-on to a ready node. Warm join: from the join command on a machine that has booted."
	case fieldBlocks:
		return "Each block runs every system once, in shuffled order. An interval needs 6, a benchmark 10."
	case fieldWarmups:
		return "Unmeasured runs of each system before the first block: they bring the images into memory."
	case fieldSeed:
		return "Draws the order within the blocks; the same seed gives the same order again. r draws another."
	case fieldDeadline:
		return "The longest time of one run, such as 10m. A run that passes it counts as infinitely slow."
	case fieldBudget:
		return "The time for the session, such as 30m: no block is begun that would end later. Empty: as long as it takes."
	case fieldCache:
		return "Warm: the host has in memory what the warm-up read. Cold: nothing of the image. Each run is looked at, and one that is not so does not count."
	case fieldBaseline:
		return "The system that the others are compared with."
	}
	return "A directory that gets a copy of the results; one that holds a session is refused. They are in distrolab's store anyway."
}

// scenarios are what can be measured, with their words.
func scenarios() []results.Scenario {
	return []results.Scenario{results.FirstBoot, results.JoinCold, results.JoinWarm, results.SecondBoot}
}

func scenarioWord(s results.Scenario) string {
	switch s {
	case results.JoinCold:
		return "cold join"
	case results.JoinWarm:
		return "warm join"
	case results.SecondBoot:
		return "2nd boot"
	}
	return "boot"
}

// form is the design that is being made.
type form struct {
	design  Design
	own     bool  // systems were chosen here, not by marks
	focus   field // selected line
	editing *editor
	picking *picker
	problem string // of what was typed last
}

func newForm(seed uint64) form {
	return form{design: Design{Scenario: results.FirstBoot, Cache: results.CacheWarm, Blocks: 10, Warmups: 1, Seed: seed}}
}

// problems say why the design cannot run, the first being the reason shown.
func (f form) problems() []string {
	var list []string
	d := f.design
	if len(d.Systems) == 0 {
		list = append(list, "choose at least one system")
	}
	if len(d.Systems) > session.MaxSystems {
		list = append(list, fmt.Sprintf("at most %d systems", session.MaxSystems))
	}
	if f.editing != nil {
		list = append(list, "finish the input first: enter takes it, esc leaves it")
	}
	return list
}

// text is the value of a field as it is typed.
func (f form) text(at field) string {
	d := f.design
	switch at {
	case fieldBlocks:
		return strconv.Itoa(d.Blocks)
	case fieldWarmups:
		return strconv.Itoa(d.Warmups)
	case fieldSeed:
		return strconv.FormatUint(d.Seed, 10)
	case fieldDeadline:
		if d.Deadline == 0 {
			return ""
		}
		return d.Deadline.String()
	case fieldBudget:
		if d.Budget == 0 {
			return ""
		}
		return d.Budget.String()
	case fieldCache:
		return d.Cache
	case fieldBaseline:
		return d.baseline()
	case fieldDirectory:
		return d.Directory
	}
	return strings.Join(d.Systems, " ")
}

// set takes what was typed into a field.
func (f *form) set(at field, text string) error {
	text = strings.TrimSpace(text)
	switch at {
	case fieldBlocks:
		return f.number(text, 1, session.MaxBlocks, &f.design.Blocks)
	case fieldWarmups:
		return f.number(text, 0, session.MaxWarmups, &f.design.Warmups)
	case fieldSeed:
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil || n == 0 || n >= session.MaxSeed {
			return fmt.Errorf("a seed is a number from 1 to %d", uint64(session.MaxSeed)-1)
		}
		f.design.Seed = n
	case fieldDeadline:
		return length(text, "deadline", "the default", &f.design.Deadline)
	case fieldBudget:
		return length(text, "budget", "as long as it takes", &f.design.Budget)
	case fieldDirectory:
		f.design.Directory = text
	}
	return nil
}

func (f *form) number(text string, least, most int, to *int) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return fmt.Errorf("take a number from %d to %d", least, most)
	}
	*to = n
	return nil
}

// length reads a length of time; empty is 0.
func length(text, what, empty string, to *time.Duration) error {
	if text == "" {
		*to = 0
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Second {
		return fmt.Errorf("a %s is a time such as 90s or 10m; empty takes %s", what, empty)
	}
	*to = d
	return nil
}

// steps says whether a field is changed by steps.
func (f field) steps() bool {
	return slices.Contains([]field{fieldScenario, fieldBlocks, fieldWarmups, fieldCache, fieldBaseline}, f)
}

// chosen says whether a field can only be stepped through, not typed.
func (f field) chosen() bool {
	return slices.Contains([]field{fieldScenario, fieldCache, fieldBaseline}, f)
}

// step changes a field by one: the next choice, or the next number.
func (f *form) step(by int) {
	f.problem = ""
	d := &f.design
	switch f.focus {
	case fieldScenario:
		all := scenarios()
		i := slices.Index(all, d.Scenario)
		d.Scenario = all[(i+by+len(all))%len(all)]
	case fieldCache:
		d.Cache = map[string]string{results.CacheWarm: results.CacheCold}[d.Cache]
		if d.Cache == "" {
			d.Cache = results.CacheWarm
		}
	case fieldBaseline:
		if n := len(d.Systems); n > 0 {
			d.Baseline = d.Systems[(max(slices.Index(d.Systems, d.baseline()), 0)+by+n)%n]
		}
	case fieldBlocks:
		d.Blocks = min(max(d.Blocks+by, 1), session.MaxBlocks)
	case fieldWarmups:
		d.Warmups = min(max(d.Warmups+by, 0), session.MaxWarmups)
	}
}

// estimate is how long the design will take by what earlier sessions took, and
// which systems none of them had.
func (f form) estimate(known Known) (time.Duration, []string) {
	pace := known.Pace[f.design.Scenario]
	var whole time.Duration
	var unknown []string
	for _, s := range f.design.Systems {
		one, ok := pace[s]
		if !ok {
			unknown = append(unknown, s)
			continue
		}
		whole += one * time.Duration(f.design.Blocks+f.design.Warmups)
	}
	return whole, unknown
}
