package combustion

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"distrolab/provision"
)

// Limits of a script that somebody hands in.
const (
	maxScript   = 16 << 20 // bytes
	maxFindings = 50
)

// Check reads a script that a person wrote: Combustion's own lines, then the
// shell by a parser, then what a first boot makes of some commands.
func Check(_, text string, _ provision.Target) []provision.Finding {
	c := &checker{}
	if len(text) > maxScript {
		c.bad(0, 0, "the script has %d bytes, more than the limit of %d; put large things into a package", len(text), maxScript)
		return c.found
	}
	first, _, _ := strings.Cut(text, "\n")
	switch {
	case !strings.HasPrefix(first, "#!"):
		c.bad(1, 1, "the first line must name the program that runs the script, such as #!/bin/bash")
	case strings.HasSuffix(first, "\r"):
		c.bad(1, len(first), "the lines end as on Windows; the kernel would look for a program whose name ends so. Save the file with Unix line ends")
	}
	given := c.flags(text)
	switch program := interpreter(first); program {
	case "bash", "sh", "dash", "":
		c.shell(text, program, given)
	default:
		c.warn(1, 1, "the script is not read further: only shell scripts are checked, not %s", program)
	}
	return c.found
}

// checker collects findings, so many and no more.
type checker struct{ found []provision.Finding }

func (c *checker) add(severity string, line, column int, message string, args []any) {
	if len(c.found) < maxFindings {
		c.found = append(c.found, provision.Finding{Severity: severity, Line: line, Column: column, Message: fmt.Sprintf(message, args...)})
	}
}

func (c *checker) bad(line, column int, message string, args ...any) {
	c.add(provision.SeverityError, line, column, message, args)
}

func (c *checker) warn(line, column int, message string, args ...any) {
	c.add(provision.SeverityWarning, line, column, message, args)
}

// interpreter is the name of the program in the first line, without its path.
func interpreter(first string) string {
	words := strings.Fields(strings.TrimPrefix(first, "#!"))
	if len(words) == 0 || !strings.HasPrefix(first, "#!") {
		return ""
	}
	if path.Base(words[0]) == "env" && len(words) > 1 {
		return path.Base(words[1])
	}
	return path.Base(words[0])
}

// flags reads the lines for Combustion and says which flags are set. They
// count only when spelled exactly, anywhere in the file.
func (c *checker) flags(text string) map[string]bool {
	given := map[string]bool{}
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		rest, exact := strings.CutPrefix(line, flagLine)
		if !exact {
			bare := strings.ToLower(strings.Join(strings.Fields(line), ""))
			if strings.HasPrefix(line, "#") && strings.HasPrefix(bare, "#combustion:") {
				c.warn(number, 1, "Combustion does not see this line; it must begin exactly with %q", flagLine)
			}
			continue
		}
		for word := range strings.FieldsSeq(rest) {
			switch {
			case word == flagNetwork, word == flagPrepare:
				given[word] = true
			default:
				c.warn(number, strings.Index(line, word)+1, "%.40q is no flag of Combustion; there are %s and %s%s", word, flagNetwork, flagPrepare, meant(word))
			}
		}
	}
	return given
}

// meant guesses which flag was meant, by its first letters.
func meant(word string) string {
	for _, flag := range []string{flagNetwork, flagPrepare} {
		if len(word) >= 3 && strings.HasPrefix(strings.ToLower(word), flag[:3]) {
			return "; did you mean " + flag + "?"
		}
	}
	return ""
}

// shell parses the script and looks at its commands.
func (c *checker) shell(text, program string, given map[string]bool) {
	variant := syntax.LangBash
	if program == "sh" || program == "dash" {
		variant = syntax.LangPOSIX
	}
	file, err := syntax.NewParser(syntax.Variant(variant)).Parse(strings.NewReader(text), "")
	if err != nil {
		var parse syntax.ParseError
		var language syntax.LangError
		switch {
		case errors.As(err, &parse):
			c.bad(int(parse.Pos.Line()), int(parse.Pos.Col()), "the shell cannot read this: %s", parse.Text)
		case errors.As(err, &language):
			c.bad(int(language.Pos.Line()), int(language.Pos.Col()), "%s cannot read this: %v", program, err)
		default:
			c.bad(0, 0, "the shell cannot read this: %v", err)
		}
		return
	}
	look := &commands{checker: c, given: given}
	syntax.Walk(file, look.visit)
	if given[flagPrepare] && !strings.Contains(text, "--prepare") {
		c.warn(1, 1, "the script asks to be called with --prepare as well, but does not look for it: it would run twice, the first time in the initrd")
	}
}

// commands judges what a script calls.
type commands struct {
	*checker
	given     map[string]bool
	homeReady bool // the script mounts /home
	told      bool // of the network
}

// visit looks at one part of the script; words that are computed are unknown.
func (c *commands) visit(node syntax.Node) bool {
	call, ok := node.(*syntax.CallExpr)
	if !ok || len(call.Args) == 0 {
		return true
	}
	var words []string
	for _, arg := range call.Args {
		words = append(words, arg.Lit())
	}
	line, column := int(call.Pos().Line()), int(call.Pos().Col())
	switch words[0] {
	case "zypper", "curl", "wget", "git":
		if !c.given[flagNetwork] && !c.told {
			c.told = true
			c.warn(line, column, "%s needs the network, which is up only if a line says %s %s", words[0], flagLine, flagNetwork)
		}
	case "mount":
		// A name that is computed may be any.
		c.homeReady = c.homeReady || slices.Contains(words[1:], "/home") || slices.Contains(words[1:], "")
	case "useradd":
		if !c.homeReady {
			c.warn(line, column, "/home is not mounted while the script runs, so the home directory would be lost; write mount /home before")
		}
	case "transactional-update":
		c.bad(line, column, "the script runs inside a transaction already, and transactional-update refuses to open a second one; call zypper itself")
	case "systemctl":
		if slices.Contains(words[1:], "start") || slices.Contains(words[1:], "restart") || slices.Contains(words[1:], "--now") {
			c.warn(line, column, "no service runs yet, so nothing can be started; write systemctl enable, and it starts when the system boots")
		}
	case "reboot", "poweroff":
		c.warn(line, column, "the machine goes on booting into the new snapshot by itself; %s here would lose it", words[0])
	}
	return true
}
