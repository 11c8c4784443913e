package k3os

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"distrolab/provision"
	"distrolab/provision/internal/rancher"
	"distrolab/provision/internal/shape"
)

// Check reads one file that a person wrote: config.yaml, user-data, or a file
// named cmdline with kernel words.
func Check(name, text string, _ provision.Target) []provision.Finding {
	if found := shape.TooLarge(text); found != nil {
		return found
	}
	return check(path.Base(name), text)
}

func check(name, text string) []provision.Finding {
	switch {
	case name == rancher.CommandLine:
		return checkLine(strings.TrimSuffix(text, "\n"))
	case strings.HasPrefix(text, "#!"):
		return nil // a script is user data too
	}
	return shape.Check(text, model())
}

// maxLine is how many bytes of a command line the kernel reads.
const maxLine = 2048

// checkLine reads the words that are config into a document, as k3OS does, and
// checks that.
func checkLine(line string) []provision.Finding {
	if len(line) > maxLine {
		return []provision.Finding{shape.Error(1, maxLine+1, "", fmt.Sprintf("has %d bytes; the kernel reads %d", len(line), maxLine))}
	}
	words, err := rancher.Split(line)
	if err != nil {
		return []provision.Finding{shape.Error(1, 0, "", err.Error())}
	}
	m := model()
	t := tree{shape: m.Root, root: &yaml.Node{Kind: yaml.MappingNode}, columns: map[string]int{}}
	column := 1
	for _, w := range words {
		t.word(w, column)
		column += len(w) + 1
	}
	if len(t.root.Content) == 0 {
		return t.found
	}
	var text bytes.Buffer
	if err := yaml.NewEncoder(&text).Encode(t.root); err != nil {
		return append(t.found, shape.Error(1, 0, "", "cannot be read as a config: "+err.Error()))
	}
	for _, f := range shape.Check(text.String(), m) {
		f.Line, f.Column = 1, rancher.Column(t.columns, f.Path)
		t.found = append(t.found, f)
	}
	return t.found
}

// tree is a document that words build.
type tree struct {
	shape   shape.Shape
	root    *yaml.Node
	columns map[string]int // where the words of a path begin
	found   []provision.Finding
}

// word takes one word in, unless it is the kernel's or a script's.
func (t *tree) word(w string, column int) {
	key, value, given := strings.Cut(w, "=")
	if !given {
		value = "true"
	}
	keys := strings.Split(strings.Trim(key, `"`), ".")
	field, ours := t.shape.Field(keys[0])
	if !ours {
		field, ours = t.shape.Field(canonical(keys[0]))
	}
	if !ours || key == "k3os.mode" || key == "k3os.fallback_mode" {
		return
	}
	if strings.Contains(key, "[") {
		t.found = append(t.found, shape.Error(1, column, strings.Join(keys, "."), "a dot in brackets ends the key all the same; write a setting's name with slashes, such as k3os.sysctls.net/ipv4/ip_forward=1"))
		return
	}
	t.put(keys, field, strings.Trim(value, `"`), column)
}

// put sets a value; a key that is there already becomes a list.
func (t *tree) put(keys []string, field shape.Shape, value string, column int) {
	at := t.root
	for i, key := range keys {
		if i > 0 {
			field = field.Below(key, canonical)
		}
		name := strings.Join(keys[:i+1], ".")
		next := child(at, key)
		last := i == len(keys)-1
		if next == nil {
			next = &yaml.Node{Kind: yaml.MappingNode}
			if last {
				next = leaf(field, value)
			}
			at.Content = append(at.Content, text(key), next)
			t.columns[name] = column
		} else if last && next.Kind == yaml.SequenceNode {
			next.Content = append(next.Content, text(value))
		} else if last || next.Kind != yaml.MappingNode {
			t.found = append(t.found, shape.Error(1, column, name, "was given a value before, and is no list"))
			return
		}
		at = next
	}
}

// leaf is a first value: the beginning of a list where the field is one.
func leaf(field shape.Shape, value string) *yaml.Node {
	switch {
	case field.IsList():
		return &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{text(value)}}
	case field.IsBool() && (value == "true" || value == "false"):
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: value}
	}
	return text(value)
}

func text(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: yaml.DoubleQuotedStyle}
}

// child is the value of a key; nil when there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
