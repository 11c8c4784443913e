package distros

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"
)

// Bounds of one entry's texts.
const (
	maxTextBytes    = 1000 // a sentence or two
	maxPatternBytes = 300  // an RE2 pattern for one console line
)

// checker gathers the problems of one entry. Its methods are the rules, one for
// each part of the entry.
type checker struct {
	file     string
	root     ast.Node
	problems []Problem
}

// bad notes a problem of the field at path.
func (c *checker) bad(message string, path ...any) {
	c.problems = append(c.problems, Problem{
		File: c.file, Line: lineOf(c.root, path), Field: fieldName(path), Message: message,
	})
}

// match notes a problem unless the whole value matches; meaning says in words
// what is allowed.
func (c *checker) match(value, pattern, meaning string, path ...any) {
	if ok, err := regexp.MatchString(`^(?:`+pattern+`)$`, value); err != nil || !ok {
		c.bad(fmt.Sprintf("%q is not %s", clip(value, 64), meaning), path...)
	}
}

func (c *checker) oneOf(value string, allowed []string, path ...any) {
	if !slices.Contains(allowed, value) {
		c.bad(fmt.Sprintf("%q is not one of %s", clip(value, 64), strings.Join(allowed, ", ")), path...)
	}
}

func (c *checker) filled(value string, path ...any) {
	if strings.TrimSpace(value) == "" {
		c.bad("is empty; say it in words", path...)
	}
}

func (c *checker) between(value, low, high int, path ...any) {
	if value < low || value > high {
		c.bad(fmt.Sprintf("%d is not between %d and %d", value, low, high), path...)
	}
}

// text refuses what could play with the reader's terminal, in any value.
func (c *checker) text(root ast.Node) {
	ast.Walk(textVisitor{c}, root)
}

// anchors notes anchors and aliases, and says whether there are some. They
// must be found before decoding, which would write all of them out: a few lines
// can stand for gigabytes.
func (c *checker) anchors(root ast.Node) bool {
	before := len(c.problems)
	ast.Walk(anchorVisitor{c}, root)
	return len(c.problems) > before
}

type anchorVisitor struct{ c *checker }

// Visit looks at one node; ast.Walk calls it for each.
func (v anchorVisitor) Visit(node ast.Node) ast.Visitor {
	switch node.(type) {
	case *ast.AliasNode, *ast.AnchorNode:
		textVisitor(v).add(node, "uses an anchor or alias; write the value out")
	}
	return v
}

type textVisitor struct{ c *checker }

// Visit looks at one node; ast.Walk calls it for each.
func (v textVisitor) Visit(node ast.Node) ast.Visitor {
	value := ""
	switch n := node.(type) {
	case *ast.StringNode:
		value = n.Value
	case *ast.LiteralNode:
		value = n.Value.Value
	}
	if len(value) > maxTextBytes {
		v.add(node, fmt.Sprintf("is %d bytes long; at most %d are allowed", len(value), maxTextBytes))
	}
	if strings.ContainsFunc(value, unprintable) {
		v.add(node, "holds a control character, which could change the reader's terminal")
	}
	return v
}

func (v textVisitor) add(node ast.Node, message string) {
	field := strings.TrimPrefix(strings.TrimPrefix(node.GetPath(), "$"), ".")
	v.c.problems = append(v.c.problems, Problem{
		File: v.c.file, Line: nodeLine(node), Field: clip(field, 80), Message: message,
	})
}

func unprintable(r rune) bool {
	return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar)
}

func (c *checker) entry(d Distro) {
	c.match(d.Name, nameForm, "a name: small letters, digits and -, at most 32", "name")
	if d.Name != entryName(c.file) {
		c.bad(fmt.Sprintf("must be %q, as the file is called", clip(entryName(c.file), 64)), "name")
	}
	c.aliases(d)
	c.filled(d.Title, "title")
	c.filled(d.Vendor, "vendor")
	c.filled(d.Summary, "summary")
	c.oneOf(string(d.Kind), kinds(), "kind")
	if (d.Kind == KindStandIn) != (d.StandsFor != "") {
		c.bad("is for kind stand-in, and required there", "stands_for")
	}
	c.support(d.Support)
	c.facts(d.Facts, d.Support.State)
	c.release(d.Release)
	c.config(d.Config, "config")
	for i, other := range d.Others {
		c.config(other, "other_configs", i)
	}
	c.userland(d.Userland)
	c.hardware(d.Hardware)
	c.boot(d.Boot)
	for i, trap := range d.Traps {
		c.filled(trap, "traps", i)
	}
}

func (c *checker) hardware(h Hardware) {
	c.between(h.MemoryMiB, 64, 1<<20, "hardware", "memory_mib")
	c.between(h.DiskGiB, 0, 4096, "hardware", "disk_gib")
	if len(h.Firmware) == 0 && !h.Direct {
		c.bad("is empty; name bios, uefi or both, or set direct_kernel", "hardware", "firmware")
	}
	for i, f := range h.Firmware {
		c.oneOf(f, firmwares(), "hardware", "firmware", i)
	}
	if h.CPULevel != "" {
		c.oneOf(h.CPULevel, cpuLevels(), "hardware", "cpu_level")
	}
}

func (c *checker) boot(b BootProfile) {
	if b.User != "" {
		c.match(b.User, `[a-z_][a-z0-9_-]{0,31}`, "a user name", "boot", "user")
	}
	c.between(b.ManagementPort, 0, 65535, "boot", "management_port")
	known := Milestones()
	for _, name := range slices.Sorted(maps.Keys(b.Patterns)) {
		c.oneOf(name, known, "boot", "patterns", name)
		c.pattern(b.Patterns[name], "boot", "patterns", name)
	}
	for _, name := range slices.Sorted(maps.Keys(b.Missing)) {
		c.oneOf(name, known, "boot", "missing", name)
		c.filled(b.Missing[name], "boot", "missing", name)
		if _, both := b.Patterns[name]; both {
			c.bad("has a pattern too; a milestone is either seen or missing", "boot", "missing", name)
		}
	}
	for i, f := range b.Faults {
		c.pattern(f.Pattern, "boot", "faults", i, "pattern")
		c.filled(f.Cause, "boot", "faults", i, "cause")
		for k, kind := range f.Except {
			c.oneOf(string(kind), deliveries(), "boot", "faults", i, "except", k)
		}
	}
	if b.Finish != "" {
		c.oneOf(b.Finish, known, "boot", "finish")
	}
	if _, missing := b.Missing[b.FinishLine()]; missing {
		c.bad(fmt.Sprintf("%s ends the boot but is never seen; name another milestone", b.FinishLine()), "boot", "finish")
	}
}

func (c *checker) pattern(p string, path ...any) {
	c.filled(p, path...)
	if len(p) > maxPatternBytes {
		c.bad(fmt.Sprintf("is %d bytes long; at most %d are allowed", len(p), maxPatternBytes), path...)
		return
	}
	if _, err := regexp.Compile(p); err != nil {
		c.bad(fmt.Sprintf("is not an RE2 pattern: %s", clip(err.Error(), 200)), path...)
	}
}

// FinishLine is the milestone that ends a boot.
func (b BootProfile) FinishLine() string {
	if b.Finish == "" {
		return "boot_complete"
	}
	return b.Finish
}
