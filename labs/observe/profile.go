package observe

import (
	"fmt"
	"regexp"
	"slices"

	"distrolab/distros"
)

// maxPattern bounds the length of a pattern from the catalog, in bytes.
const maxPattern = 1024

// Profile is a distro's boot profile, checked and compiled.
type Profile struct {
	Finish    Milestone // the milestone that ends a boot
	Port      uint16    // management port; 0: none
	Banner    string    // prefix of the first bytes there; "": any byte
	PowersOff bool      // the guest ends by itself

	patterns []pattern
	faults   []fault
	missing  map[Milestone]string
}

// pattern shows a milestone on the console.
type pattern struct {
	m        Milestone
	re       *regexp.Regexp
	need     [][]byte // every match contains one of these; nil: none are known
	declared bool     // written in the catalog, so that a miss is an error
}

// fault is a console line that explains a failed boot.
type fault struct {
	pattern
	cause string
	fatal bool
}

// Compile checks a boot profile and adds the defaults: patterns for milestones
// of which the profile says nothing, and the fault lines every Linux has.
func Compile(b distros.BootProfile) (Profile, error) {
	p := Profile{
		Finish: BootComplete, Banner: b.Banner, PowersOff: b.PowersOff,
		missing: make(map[Milestone]string, len(b.Missing)),
	}
	if b.ManagementPort < 0 || b.ManagementPort > 65535 {
		return Profile{}, fmt.Errorf("reading boot profile: management_port %d is not a TCP port", b.ManagementPort)
	}
	p.Port = uint16(b.ManagementPort)
	if b.Finish != "" {
		p.Finish = Milestone(b.Finish)
	}
	for name, why := range b.Missing {
		if _, ok := known(Milestone(name)); !ok {
			return Profile{}, fmt.Errorf("reading boot profile: missing: there is no milestone %q", name)
		}
		p.missing[Milestone(name)] = why
	}
	if err := p.addPatterns(b.Patterns); err != nil {
		return Profile{}, err
	}
	if err := p.addFaults(b.Faults); err != nil {
		return Profile{}, err
	}
	return p, p.checkFinish()
}

// addPatterns compiles the catalog's patterns, and the defaults of milestones
// that the catalog neither describes nor declares missing.
func (p *Profile) addPatterns(declared map[string]string) error {
	visible := consoleMilestones()
	for name := range declared {
		if _, ok := known(Milestone(name)); !ok {
			return fmt.Errorf("reading boot profile: patterns: there is no milestone %q", name)
		}
		if !slices.Contains(visible, Milestone(name)) {
			return fmt.Errorf("reading boot profile: patterns: %s is not seen on the console; remove its pattern", name)
		}
	}
	defaults := defaultPatterns()
	for _, m := range visible {
		text, ok := declared[string(m)]
		if !ok {
			if _, never := p.missing[m]; never {
				continue
			}
			if text = defaults[m]; text == "" {
				continue
			}
		}
		c, err := compilePattern(m, text)
		if err != nil {
			return fmt.Errorf("reading boot profile: patterns: %s: %w", m, err)
		}
		c.declared = ok
		p.patterns = append(p.patterns, c)
	}
	return nil
}

func (p *Profile) addFaults(declared []distros.Fault) error {
	for i, f := range declared {
		c, err := compilePattern("", f.Pattern)
		if err != nil {
			return fmt.Errorf("reading boot profile: faults[%d]: %w", i, err)
		}
		p.faults = append(p.faults, fault{pattern: c, cause: f.Cause, fatal: true})
	}
	for _, f := range defaultFaults() {
		c, err := compilePattern("", f.text)
		if err != nil {
			return fmt.Errorf("reading default fault lines: %w", err)
		}
		p.faults = append(p.faults, fault{pattern: c, cause: f.cause, fatal: f.fatal})
	}
	return nil
}

// checkFinish refuses a finish line that can never be reached.
func (p *Profile) checkFinish() error {
	if _, ok := known(p.Finish); !ok {
		return fmt.Errorf("reading boot profile: finish: there is no milestone %q", p.Finish)
	}
	if why, never := p.missing[p.Finish]; never {
		return fmt.Errorf("reading boot profile: finish %s is declared missing (%s); name another finish", p.Finish, why)
	}
	return nil
}

// waitsForAnswer says whether the end of a boot also waits for the management port.
func (p *Profile) waitsForAnswer() bool {
	_, never := p.missing[ManagementByte]
	return p.Port != 0 && !never
}

func compilePattern(m Milestone, text string) (pattern, error) {
	if len(text) > maxPattern {
		return pattern{}, fmt.Errorf("pattern is longer than %d bytes", maxPattern)
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return pattern{}, fmt.Errorf("compiling pattern: %w", err)
	}
	if re.MatchString("") {
		return pattern{}, fmt.Errorf("pattern %q matches an empty line", text)
	}
	return pattern{m: m, re: re, need: requiredLiterals(text)}, nil
}
