package config

import (
	"fmt"
	"slices"
	"strings"

	"distrolab/provision"
)

// kind is how a field is edited.
type kind int

const (
	line   kind = iota // one line of text
	secret             // the same, hidden
	words              // several words on one line
	text               // several lines
	choice             // one of a few words
	list               // any number of groups
)

// field is one thing of the form. Its path is that of the intent, relative to
// its group.
type field struct {
	kind     kind
	path     string
	label    string
	heading  string // begins a section of the form
	hint     string // an example
	help     string
	options  []string            // of a choice
	commas   bool                // words may be separated by commas
	exact    bool                // problems of parts of its path are told elsewhere
	when     func(g *group) bool // shown; nil: always
	value    string
	items    []*group
	new      func() *group       // an empty item
	thing    string              // what an item is, such as "user"
	at       func(*group) string // how the path names an item; nil: by its number
	fromFile bool                // i brings a file in
}

// group is fields that belong together: the form, or one item of a list.
type group struct {
	fields []*field
	title  func(g *group) (name, note string) // of an item, for its row
}

// find is the field of a path; it must be there.
func (g *group) find(path string) *field {
	for _, f := range g.fields {
		if f.path == path {
			return f
		}
	}
	return &field{}
}

// get is the value of a field, without spaces at its ends.
func (g *group) get(path string) string { return strings.TrimSpace(g.find(path).value) }

// list are the words of a field; none is nil.
func (g *group) list(path string) []string { return g.find(path).words() }

func (f *field) words() []string {
	return strings.FieldsFunc(f.value, func(r rune) bool {
		return r == ' ' || r == '\t' || r == '\n' || f.commas && r == ','
	})
}

// about says what the field is, with an example.
func (f *field) about() string {
	if f.hint == "" {
		return f.help
	}
	return f.help + " Such as: " + f.hint
}

// visible are the fields that are shown now.
func (g *group) visible() []*field {
	return slices.DeleteFunc(slices.Clone(g.fields), func(f *field) bool { return f.when != nil && !f.when(g) })
}

// clone copies the group with all below it.
func (g *group) clone() *group {
	c := &group{title: g.title}
	for _, f := range g.fields {
		other := *f
		other.items = nil
		for _, item := range f.items {
			other.items = append(other.items, item.clone())
		}
		c.fields = append(c.fields, &other)
	}
	return c
}

// inline says that items of the list are edited in their row: they are one line.
func (f *field) inline() bool {
	return f.kind == list && len(f.new().fields) == 1
}

// itemPath is the path of an item of the list, which is at base.
func (f *field) itemPath(base string, i int) string {
	at := fmt.Sprint(i)
	if f.at != nil {
		at = f.at(f.items[i])
	}
	return joined(base, f.path) + "[" + at + "]"
}

func joined(base, path string) string {
	if base == "" || path == "" {
		return base + path
	}
	return base + "." + path
}

// problem is what is wrong at a path, "" for nothing.
func problemAt(problems []provision.Problem, path string, exact bool) string {
	for _, p := range problems {
		if p.Path == path || !exact && provision.Below(p.Path, path) {
			return p.Message
		}
	}
	return ""
}
