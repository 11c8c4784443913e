package shape

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"distrolab/provision"
)

// Limits of a text, so that a hostile one costs little. What a renderer wrote
// may be larger than what a person did: it holds files.
const (
	maxBytes    = 16 << 20
	maxFile     = 2 << 20
	maxDepth    = 64
	maxVisits   = 200_000 // nodes, those behind aliases counted each time
	maxFindings = 50
)

// TooLarge is the finding of a file that a person cannot have written; none of
// another.
func TooLarge(source string) []provision.Finding {
	if len(source) <= maxFile {
		return nil
	}
	return []provision.Finding{Error(0, 0, "", fmt.Sprintf("%d bytes are more than the limit of %d; put large files into the image", len(source), maxFile))}
}

// Check says what the system would not accept of the text.
func Check(source string, m Model) []provision.Finding {
	switch {
	case len(source) > maxBytes:
		return []provision.Finding{Error(0, 0, "", fmt.Sprintf("%d bytes are more than the limit of %d", len(source), maxBytes))}
	case !utf8.ValidString(source):
		return []provision.Finding{Error(0, 0, "", "must be UTF-8 text; write other bytes in base64")}
	}
	dec := yaml.NewDecoder(strings.NewReader(source))
	var doc yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return []provision.Finding{Error(0, 0, "", "is empty; the least config is a line such as hostname: node1")}
	} else if err != nil {
		return []provision.Finding{syntax(err)}
	}
	c := &checker{model: m}
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		c.node(doc.Content[0], m.Root, "", 0)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		c.add(&doc, "", "a second document follows, which is not read; put all in one")
	}
	return c.found
}

// Errors joins the findings that are errors; nil when there is none.
func Errors(found []provision.Finding) error {
	var list []error
	for _, f := range found {
		if f.Severity != provision.SeverityError {
			continue
		}
		at := f.Path
		if f.Line > 0 {
			at = strings.TrimSpace(fmt.Sprintf("line %d %s", f.Line, f.Path))
		}
		list = append(list, errors.New(strings.TrimPrefix(at+": "+f.Message, ": ")))
	}
	return errors.Join(list...)
}

// Error is a finding of that severity.
func Error(line, column int, path, message string) provision.Finding {
	return provision.Finding{Severity: provision.SeverityError, Line: line, Column: column, Path: path, Message: message}
}

// syntax finds the line in an error of the YAML reader, which leaves out the
// first.
func syntax(err error) provision.Finding {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if _, scanErr := fmt.Sscanf(message, "line %d:", &line); scanErr == nil {
		_, message, _ = strings.Cut(message, ": ")
	}
	return Error(line, 0, "", "is not YAML: "+message)
}

type checker struct {
	model  Model
	visits int
	found  []provision.Finding
}

func (c *checker) add(n *yaml.Node, path, message string, args ...any) {
	if len(c.found) < maxFindings {
		c.found = append(c.found, Error(n.Line, n.Column, path, fmt.Sprintf(message, args...)))
	}
}

// node checks one place.
func (c *checker) node(n *yaml.Node, s Shape, path string, depth int) {
	place := n
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	c.visits++
	switch {
	case len(c.found) >= maxFindings:
		return
	case c.visits > maxVisits:
		if c.visits == maxVisits+1 {
			c.add(place, path, "more than %d values; no config needs as many", maxVisits)
		}
		return
	case depth > maxDepth:
		c.add(place, path, "is nested deeper than %d levels", maxDepth)
		return
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		if s.kind != anything && !c.model.Empty {
			c.add(place, path, "has no value; give it one, or leave the key out")
		}
		return
	}
	switch s.kind {
	case object, mapping:
		c.mapping(n, s, path, depth)
	case list:
		c.list(n, s, path, depth)
	case command:
		if n.Kind == yaml.SequenceNode {
			c.list(n, List(Text(nil)), path, depth)
		} else if wrong := wrongScalar(n, text); wrong != "" {
			c.add(place, path, "must be %s; this is %s", s.want(), wrong)
		}
	case text, scalar, boolean, number:
		c.scalar(n, s, path)
	}
}

// scalar checks a single value.
func (c *checker) scalar(n *yaml.Node, s Shape, path string) {
	wrong := wrongScalar(n, s.kind)
	switch {
	case wrong == "":
	case s.kind == text && n.Kind == yaml.ScalarNode:
		c.add(n, path, "must be text; this is read as %s, so put it in quotes", wrong)
		return
	default:
		c.add(n, path, "must be %s; this is %s", s.want(), wrong)
		return
	}
	if s.test != nil {
		if problem := s.test(n.Value); problem != "" {
			c.add(n, path, "%s", problem)
		}
	}
}

// wrongScalar says what the node is when it is not what is wanted. The systems
// read YAML 1.1, where a bare yes is no text.
func wrongScalar(n *yaml.Node, want kind) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	}
	tag := n.ShortTag()
	bare := n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) == 0
	if tag == "!!str" && bare && slices.Contains([]string{"y", "n", "yes", "no", "on", "off"}, strings.ToLower(n.Value)) {
		tag = "!!bool"
	}
	is := map[string]string{"!!bool": "true or false", "!!int": "a number", "!!float": "a number", "!!timestamp": "text", "!!str": "text", "!!binary": "text"}[tag]
	switch {
	case is == "":
		return "of the type " + fmt.Sprintf("%.40q", tag)
	case want == scalar, want == text && is == "text", want == boolean && is == "true or false", want == number && tag == "!!int":
		return ""
	}
	return is
}

// list checks each item.
func (c *checker) list(n *yaml.Node, s Shape, path string, depth int) {
	if n.Kind != yaml.SequenceNode {
		c.add(n, path, "must be %s; this is %s", s.want(), wrongScalar(n, list))
		return
	}
	seen := map[string]bool{}
	for i, item := range n.Content {
		at := fmt.Sprintf("%s[%d]", path, i)
		c.node(item, *s.item, at, depth+1)
		if s.unique && item.Kind == yaml.ScalarNode {
			if seen[item.Value] {
				c.add(item, at, "is there twice; the system refuses that")
			}
			seen[item.Value] = true
		}
	}
}

// mapping checks keys and values.
func (c *checker) mapping(n *yaml.Node, s Shape, path string, depth int) {
	if n.Kind != yaml.MappingNode {
		c.add(n, path, "must be %s; this is %s", s.want(), wrongScalar(n, mapping))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content) && len(c.found) < maxFindings; i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := key.Value
		at := strings.TrimPrefix(path+"."+shorten(name), ".")
		switch {
		case key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge":
			c.add(key, path, "a key must be a plain name")
			continue
		case seen[name]:
			c.add(key, at, "is there twice")
		}
		seen[name] = true
		if s.kind == mapping {
			c.node(value, *s.item, at, depth+1)
			continue
		}
		field, ok := s.fields[name]
		if !ok && c.model.Canonical != nil {
			field, ok = s.fields[c.model.Canonical(name)]
		}
		if !ok {
			c.add(key, at, "%s", unknown(name, s.fields))
			continue
		}
		c.node(value, field, at, depth+1)
	}
}

// shorten keeps a path readable and printable.
func shorten(name string) string {
	quoted := strings.Trim(fmt.Sprintf("%.40q", name), `"`)
	return quoted
}
