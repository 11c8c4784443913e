package bench

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distrolab/labs/access"
	"distrolab/labs/machine"
	"distrolab/labs/observe"
	"distrolab/labs/results"
	"distrolab/labs/session"
	"distrolab/provision"
)

// earlier is a session of two systems, four blocks and one warm-up of each, that
// ended in the middle of its third block.
func earlier() *Earlier {
	s := results.Session{ID: "20261127-101500-3fa2c1", Scenario: results.FirstBoot, Mode: results.ModeDemo, Seed: 7, Blocks: 4,
		Subjects: []results.Subject{{OS: "a", ImageSHA256: "ia", ConfigSHA256: "ca"}, {OS: "b", ImageSHA256: "ib", ConfigSHA256: "cb"}},
		Env:      results.Environment{Fingerprint: "here"}}
	run := func(subject, block, pos int, phase results.Phase, o results.Outcome) results.Run {
		r := results.Run{Subject: s.Subjects[subject], Block: block, Pos: pos, Phase: phase, Outcome: o, Scenario: results.FirstBoot}
		r.Events = []observe.Event{{M: observe.VCPUStart}, {M: observe.BootComplete, T: 5e9}}
		return r
	}
	const ok = results.OutcomeOK
	return &Earlier{Session: s, Runs: []results.Run{
		run(0, 0, 1, results.PhaseWarmup, ok), run(1, 0, 2, results.PhaseWarmup, ok),
		run(1, 1, 1, results.PhaseMeasure, ok), run(0, 1, 2, results.PhaseMeasure, ok),
		run(0, 2, 1, results.PhaseMeasure, results.OutcomeTimeout), run(1, 2, 2, results.PhaseMeasure, results.OutcomeTainted),
		run(1, 3, 1, results.PhaseMeasure, ok),
	}}
}

func goingOn() *Session {
	s := &Session{opt: Options{Earlier: earlier()}, headlines: make([][]float64, 2), dropped: make([]bool, 2), lasted: make([]int, 2),
		design: Design{Subjects: []machine.Spec{{Distro: "a", ImageSHA256: "ia"}, {Distro: "b", ImageSHA256: "ib"}}, Rule: session.Fixed(4), Warmups: 1}}
	s.planned = 4
	s.takeOver(s.opt.Earlier)
	return s
}

func TestGoingOnRepeatsNothing(t *testing.T) {
	s := goingOn()
	if got := s.firstBlock(); got != 2 {
		t.Errorf("%d whole blocks", got)
	}
	var missing [][2]int
	for block := 1; block <= 4; block++ {
		for subject := range 2 {
			if !s.has(subject, block) {
				missing = append(missing, [2]int{block, subject})
			}
		}
	}
	if diff := cmp.Diff([][2]int{{3, 0}, {4, 0}, {4, 1}}, missing); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
	if s.earlierWarmups() != 2 || s.done != 7 || s.total() != 2*(4+1)+2 {
		t.Errorf("warm-ups to %d, %d of %d runs", s.earlierWarmups(), s.done, s.total())
	}
	want := [][]float64{{5, math.Inf(1)}, {5, 5}} // a timeout counts, a tainted run does not
	if diff := cmp.Diff(want, s.headlines); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
}

func TestGoingOnRefusesAnotherExperiment(t *testing.T) {
	same := earlier().Session
	if err := earlier().sameAs(same); err != nil {
		t.Fatalf("the same: %v", err)
	}
	tests := map[string]func(*results.Session){
		"what it measures":   func(s *results.Session) { s.Scenario = results.SecondBoot },
		"seed":               func(s *results.Session) { s.Seed = 8 },
		"number of blocks":   func(s *results.Session) { s.Blocks = 5 },
		"target":             func(s *results.Session) { s.Target = 0.1 },
		"mode":               func(s *results.Session) { s.Mode = results.ModeCI },
		"deadline":           func(s *results.Session) { s.Deadline = 1 },
		"number of systems":  func(s *results.Session) { s.Subjects = s.Subjects[:1] },
		"host's fingerprint": func(s *results.Session) { s.Env.Fingerprint = "elsewhere" },
		"system 2":           func(s *results.Session) { s.Subjects[1].OS = "c" },
		"image of a":         func(s *results.Session) { s.Subjects[0].ImageSHA256 = "other" },
		"config of b":        func(s *results.Session) { s.Subjects[1].ConfigSHA256 = "other" },
		"state of the cache": func(s *results.Session) { s.Request = &results.Request{Cache: results.CacheCold} },
		"virtual CPUs":       func(s *results.Session) { s.Request = &results.Request{VCPUs: 8} },
		"firmware":           func(s *results.Session) { s.Request = &results.Request{Firmware: "uefi"} },
		"memory":             func(s *results.Session) { s.Request = &results.Request{MemoryMiB: 9} },
	}
	for what, change := range tests {
		e := earlier()
		e.Session.Request = &results.Request{}
		now := earlier().Session
		now.Request = &results.Request{}
		change(&now)
		err := e.sameAs(now)
		var changed *ChangedError
		if !errors.As(err, &changed) || !strings.Contains(changed.What, what) || !strings.Contains(err.Error(), "begin a new session") {
			t.Errorf("%s: %v", what, err)
		}
	}
	budget := earlier().Session
	budget.Budget = 1
	if err := earlier().sameAs(budget); err != nil {
		t.Errorf("another budget: %v", err)
	}
}

func TestIDOfASession(t *testing.T) {
	if id, err := (Options{Earlier: earlier()}).id(earlier().Session.Started); err != nil || id != earlier().Session.ID {
		t.Errorf("%q, %v", id, err)
	}
	if _, err := (Options{Earlier: &Earlier{Session: results.Session{ID: "x"}}}).id(earlier().Session.Started); err == nil {
		t.Error("a name that nobody gave is taken")
	}
}

// TestConfigDigestIsOfTheConfig keeps digests of different sessions comparable:
// each draws its own key and token.
func TestConfigDigestIsOfTheConfig(t *testing.T) {
	digest := func(key, token, rest string) string {
		s := &Session{opt: Options{Key: access.Key{Authorized: key + "\n"}}, design: Design{Join: &Join{}}}
		s.design.Join.Cluster.Token = token
		config := provision.Config{Documents: []provision.Document{{Name: "user-data", Content: "keys: [" + key + "]\ntoken: " + token + "\n" + rest}}}
		return configDigest(config, s.drawn())
	}
	first := digest("ssh-ed25519 AAAA first", "abcdef.0123456789abcdef", "x")
	if digest("ssh-ed25519 BBBB second", "fedcba.fedcba9876543210", "x") != first {
		t.Error("another key makes another config")
	}
	if digest("ssh-ed25519 AAAA first", "abcdef.0123456789abcdef", "y") == first {
		t.Error("another config has the same digest")
	}
	if len(first) != 64 {
		t.Errorf("%q is no SHA-256", first)
	}
}
