package bench

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"distrolab/labs/results"
	"distrolab/labs/session"
	"distrolab/tui/rows"
)

// The bounds of what can be typed.
const (
	mostVCPUs     = 64
	mostMemoryMiB = 1 << 20
)

// form is the design that is being made.
type form struct {
	design  Design
	own     bool      // systems were chosen here, not by marks
	list    rows.List // of the design's fields; the selected line
	editing *editor
	picking *picker
	problem string // of what was typed last
}

func newForm(seed uint64) form {
	f := form{design: Design{Request: results.Request{Scenario: results.FirstBoot, Cache: results.CacheWarm, Blocks: 10, Warmups: 1, Seed: seed}}}
	f.list.SetCount(len(f.design.fields()))
	return f
}

// focus is the selected line.
func (f form) focus() field { return f.design.fields()[max(f.list.Selected(), 0)] }

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
	if _, _, err := d.plan(); err != nil {
		list = append(list, err.Error())
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
		return numberOr(d.Blocks, "")
	case fieldWarmups:
		return strconv.Itoa(d.Warmups)
	case fieldSeed:
		return strconv.FormatUint(d.Seed, 10)
	case fieldDeadline:
		return durationOr(d.Deadline, "")
	case fieldBudget:
		return durationOr(d.Budget, "")
	case fieldTarget:
		return percentOr(d.Target, "")
	case fieldVCPUs:
		return numberOr(d.VCPUs, "")
	case fieldMemory:
		return numberOr(d.MemoryMiB, "")
	case fieldIntent:
		return d.Intent
	case fieldKubeconfig:
		return d.Kubeconfig
	case fieldDirectory:
		return d.Directory
	}
	return strings.Join(d.Systems, " ")
}

// set takes what was typed into a field.
func (f *form) set(at field, text string) error {
	text = strings.TrimSpace(text)
	d := &f.design
	switch at {
	case fieldBlocks:
		return number(text, 1, session.MaxBlocks, &d.Blocks)
	case fieldWarmups:
		if text == "" {
			return errors.New("0 is none")
		}
		return number(text, 0, session.MaxWarmups, &d.Warmups)
	case fieldSeed:
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil || n == 0 || n >= session.MaxSeed {
			return fmt.Errorf("a seed is a number from 1 to %d", uint64(session.MaxSeed)-1)
		}
		d.Seed = n
	case fieldDeadline:
		return length(text, "deadline", "the default", &d.Deadline)
	case fieldBudget:
		return length(text, "budget", "as long as it takes", &d.Budget)
	case fieldTarget:
		return share(text, &d.Target)
	case fieldVCPUs:
		return number(text, 1, mostVCPUs, &d.VCPUs)
	case fieldMemory:
		return number(text, 1, mostMemoryMiB, &d.MemoryMiB)
	case fieldIntent:
		d.Intent = text
	case fieldKubeconfig:
		d.Kubeconfig = text
	case fieldDirectory:
		d.Directory = text
	}
	return nil
}

// number reads a number; empty is 0, which leaves the choice to others.
func number(text string, least, most int, to *int) error {
	if text == "" {
		*to = 0
		return nil
	}
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

// share reads per cent; empty is 0.
func share(text string, to *float64) error {
	if text == "" {
		*to = 0
		return nil
	}
	percent, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(text, "%")), 64)
	if err != nil || !(percent >= 0.1 && percent <= 50) {
		return errors.New("a target is per cent of the median, from 0.1 to 50, such as 3; empty takes the mode's")
	}
	*to = percent / 100
	return nil
}

func durationOr(d time.Duration, empty string) string {
	if d == 0 {
		return empty
	}
	return d.String()
}

func percentOr(share float64, empty string) string {
	if share == 0 {
		return empty
	}
	return strconv.FormatFloat(share*100, 'g', 4, 64)
}

// estimate is how long that many blocks of the design will take by what earlier
// sessions took, and which systems none of them had.
func (f form) estimate(known Known, blocks int) (time.Duration, []string) {
	pace := known.Pace[f.design.Scenario]
	var whole time.Duration
	var unknown []string
	for _, s := range f.design.Systems {
		one, ok := pace[s]
		if !ok {
			unknown = append(unknown, s)
			continue
		}
		whole += one * time.Duration(blocks+f.design.Warmups)
	}
	return whole, unknown
}
