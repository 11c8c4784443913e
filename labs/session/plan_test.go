package session_test

import (
	"strings"
	"testing"
	"time"

	"distrolab/labs/results"
	"distrolab/labs/session"
)

func TestPlan(t *testing.T) {
	tests := map[string]struct {
		asked results.Request
		mode  results.Mode
		rule  session.Rule
		err   string
	}{
		"nothing":                   {results.Request{}, results.ModeBench, session.Rule{Least: 10, Most: 40, Every: 5, Target: 0.03}, ""},
		"quick":                     {results.Request{Mode: results.ModeQuick}, results.ModeQuick, session.Rule{Least: 6, Most: 40, Every: 5, Target: 0.05}, ""},
		"demo":                      {results.Request{Mode: results.ModeDemo}, results.ModeDemo, session.Rule{Least: 2, Most: 2, Every: 5}, ""},
		"ci":                        {results.Request{Mode: results.ModeCI, Budget: time.Hour}, results.ModeCI, session.Rule{Least: 10, Most: 40, Every: 5, Target: 0.03, Budget: time.Hour}, ""},
		"one block":                 {results.Request{Blocks: 1}, results.ModeDemo, session.Rule{Least: 1, Most: 1, Every: 5}, ""},
		"six blocks":                {results.Request{Blocks: 6}, results.ModeQuick, session.Rule{Least: 6, Most: 6, Every: 5}, ""},
		"bench with its own blocks": {results.Request{Mode: results.ModeBench, Blocks: 12}, results.ModeBench, session.Rule{Least: 12, Most: 12, Every: 5}, ""},
		"a target":                  {results.Request{Target: 0.01}, results.ModeBench, session.Rule{Least: 10, Most: 40, Every: 5, Target: 0.01}, ""},
		"a target and the most":     {results.Request{Target: 0.01, Blocks: 20}, results.ModeBench, session.Rule{Least: 10, Most: 20, Every: 5, Target: 0.01}, ""},
		"too few for the mode":      {results.Request{Mode: results.ModeBench, Blocks: 9}, "", session.Rule{}, "needs 10"},
		"unknown mode":              {results.Request{Mode: "fast"}, "", session.Rule{}, "fast"},
		"negative blocks":           {results.Request{Blocks: -1}, "", session.Rule{}, "take 1 to"},
		"a target in per cent":      {results.Request{Target: 3}, "", session.Rule{}, "0.03"},
		"negative budget":           {results.Request{Budget: -time.Second}, "", session.Rule{}, "budget"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			mode, rule, err := session.Plan(test.asked)
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Fatalf("error %v, want %q", err, test.err)
			}
			if mode != test.mode || rule != test.rule {
				t.Errorf("%s %+v, want %s %+v", mode, rule, test.mode, test.rule)
			}
		})
	}
}
