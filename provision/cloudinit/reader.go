package cloudinit

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"distrolab/provision"
)

// Limits of a document. Aliases may make a short one endless.
const (
	maxDepth = 60
	maxNodes = 200_000
)

// reader reads one YAML document and collects what is to be said of it.
type reader struct {
	lines string
	loose bool // keys that nobody knows are allowed
	nodes int
	found []provision.Finding
}

func (r *reader) add(severity string, n *yaml.Node, at, message string) {
	if len(r.found) < maxFindings {
		r.found = append(r.found, provision.Finding{Severity: severity, Line: n.Line, Column: n.Column, Path: at, Message: message})
	}
}

func (r *reader) fail(n *yaml.Node, at, message string) {
	r.add(provision.SeverityError, n, at, message)
}

func (r *reader) warn(n *yaml.Node, at, message string) {
	r.add(provision.SeverityWarning, n, at, message)
}

// parse reads the only document there may be; nil where that fails.
func (r *reader) parse() *yaml.Node {
	dec := yaml.NewDecoder(strings.NewReader(r.lines))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: 1, Column: 1}
	case err != nil:
		r.syntax(err)
		return nil
	}
	switch err := dec.Decode(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		r.syntax(err)
		return nil
	default:
		r.fail(&second, "", "a second YAML document begins here; cloud-init reads a file of one only")
		return nil
	}
	return doc.Content[0]
}

// syntax says what the parser found, or better: which tab it stumbled over.
func (r *reader) syntax(err error) {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 0
	if n, _ := fmt.Sscanf(message, "line %d:", &line); n == 1 {
		_, message, _ = strings.Cut(message, ": ")
		if fromParser(message) {
			line++ // it counts from 0 there
		}
	}
	for i, text := range strings.Split(r.lines, "\n") {
		if indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]; strings.Contains(indent, "\t") && strings.TrimSpace(text) != "" {
			line, message = i+1, "is indented by a tab; YAML takes spaces only"
			break
		}
	}
	r.found = append(r.found, provision.Finding{Severity: provision.SeverityError, Line: line, Message: "this is not YAML: " + clip(message)})
}

// fromParser tells the messages of yaml.v3's parser from those of its scanner.
func fromParser(message string) bool {
	return strings.HasPrefix(message, "did not find expected key") || strings.HasPrefix(message, "did not find expected node") ||
		strings.HasPrefix(message, "did not find expected '-'") || strings.HasPrefix(message, "did not find expected ','") ||
		strings.HasPrefix(message, "did not find expected <")
}

// check compares the value at a path with what it may be.
func (r *reader) check(n *yaml.Node, s shape, at string, depth int) {
	if r.nodes++; r.nodes > maxNodes || depth > maxDepth || len(r.found) >= maxFindings {
		return
	}
	for n.Kind == yaml.AliasNode && n.Alias != nil && n.Alias != n {
		n = n.Alias
	}
	kind := kindOf(n)
	if kind&s.kinds == 0 {
		r.fail(n, at, wrongKind(n, kind, s.kinds, at))
		return
	}
	switch {
	case kind == mapping:
		r.mapping(n, s, at, depth)
	case kind == list && s.item != nil:
		for i, item := range n.Content {
			r.check(item, *s.item, fmt.Sprintf("%s[%d]", at, i), depth+1)
		}
	case kind == text && s.words != nil && !slices.Contains(s.words, n.Value):
		r.fail(n, at, fmt.Sprintf("is %q and must be one of %s%s", clip(n.Value), strings.Join(s.words, ", "), suggestion(n.Value, s.words)))
	}
}

// wrongKind explains a value of the wrong kind.
func wrongKind(n *yaml.Node, is, wanted kind, at string) string {
	_, last, _ := cutLast(at)
	switch {
	case is == mapping && wanted&text != 0 && (strings.Contains(at, "runcmd[") || strings.Contains(at, "bootcmd[")):
		return "this command became a mapping, because it holds a colon with a space after it; put the whole command in quotes"
	case wanted == text && is&(number|flag) != 0:
		return fmt.Sprintf("%s without quotes is %s, not text; write %q", clip(n.Value), is, clip(n.Value))
	case at == "":
		return fmt.Sprintf("the file is %s and must be %s", is, wanted)
	case wanted == list && is == text:
		return fmt.Sprintf("is text and must be a list: write each value of %s on a line of its own that begins with a dash", last)
	}
	return fmt.Sprintf("is %s and must be %s", is, wanted)
}

// mapping checks the keys and what they hold.
func (r *reader) mapping(n *yaml.Node, s shape, at string, depth int) {
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content) && len(r.found) < maxFindings; i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		below := join(at, clip(key.Value))
		if key.Value == "<<" && key.Style == 0 {
			continue
		}
		if line, twice := first[key.Value]; twice {
			r.warn(key, below, fmt.Sprintf("is there twice, first in line %d; the last counts and the first is dropped", line))
		}
		first[key.Value] = key.Line
		if s.keys == nil {
			if s.item != nil {
				r.check(value, *s.item, below, depth+1)
			}
			continue
		}
		known, ok := s.keys[key.Value]
		if !ok {
			r.unknown(key, s, below)
			continue
		}
		if known.instead != "" {
			r.warn(key, below, "is deprecated; use "+known.instead+" instead")
		}
		r.check(value, known, below, depth+1)
	}
	for _, name := range s.needs {
		if _, ok := first[name]; !ok {
			r.fail(n, join(at, name), "is missing")
		}
	}
}

// unknown speaks of a key that cloud-init does not know.
func (r *reader) unknown(key *yaml.Node, s shape, at string) {
	near := suggestion(key.Value, sortedNames(s.keys))
	switch {
	case r.loose && near != "":
		r.warn(key, at, "is not read by cloud-init itself"+near)
	case r.loose:
	case at == "network":
		r.fail(key, at, "is not read from user-data; write it into the file "+networkConfig)
	default:
		r.fail(key, at, "cloud-init knows no such key here, and ignores it"+near)
	}
}

// join is the path of a key below another.
func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

// cutLast takes the last name off a path.
func cutLast(at string) (before, last string, found bool) {
	i := strings.LastIndex(at, ".")
	if i < 0 {
		return "", at, false
	}
	return at[:i], at[i+1:], true
}

// child is the value of a mapping's key, nil when there is none. The last of
// several counts.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	var value *yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			value = n.Content[i+1]
		}
	}
	return value
}

// items are those of a list, none of anything else.
func items(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}
