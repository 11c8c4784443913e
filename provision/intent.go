package provision

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	strict "github.com/goccy/go-yaml"
	"go.yaml.in/yaml/v3"
)

// Limits of an intent file. They keep a hostile file from costing memory or
// time; no intent comes near them.
const (
	maxIntentBytes = 1 << 20
	maxIntentNodes = 20000
	maxIntentDepth = 8
)

// ParseIntent reads an Intent from YAML and validates it. The name is the
// file's, for messages. Unknown and repeated keys, anchors, merge keys, a
// second document and modes that are not octal are errors. Every error shows
// the line and a caret; problems of [Intent.Validate] come all at once, as an
// [*InvalidIntentError].
func ParseIntent(name string, text []byte) (Intent, error) {
	src, err := newSource(name, text)
	if err != nil {
		return Intent{}, err
	}
	// The tree is read first by the parser that bounds nesting and knows
	// positions; the strict one then decodes what is known to be harmless.
	root, err := src.tree()
	if err != nil {
		return Intent{}, err
	}
	var intent Intent
	if err := strict.NewDecoder(strings.NewReader(src.text), strict.Strict()).Decode(&intent); err != nil {
		return Intent{}, src.decodeError(err)
	}
	problems := intent.problems()
	problems = append(problems, modeProblems(root)...)
	if len(problems) > 0 {
		return Intent{}, src.located(root, problems)
	}
	return intent, nil
}

// source is one intent file: its printable name and its text with YAML's line
// breaks, which include those of other systems, made newlines.
type source struct{ name, text string }

func newSource(name string, text []byte) (source, error) {
	src := source{name: printable(name)}
	switch {
	case len(text) > maxIntentBytes:
		return source{}, fmt.Errorf("reading intent %s: %d bytes are more than the limit of %d", src.name, len(text), maxIntentBytes)
	case !utf8.Valid(text):
		return source{}, fmt.Errorf("reading intent %s: it is not UTF-8 text; write binary content with !!binary and base64", src.name)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	src.text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(text))
	return src, nil
}

// tree reads the one document of the source and refuses what an intent never
// needs and an attacker likes: anchors, merge keys, tags, depth.
func (s source) tree() (*yaml.Node, error) {
	dec := yaml.NewDecoder(strings.NewReader(s.text))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("reading intent %s: it is empty; the least intent is a line such as hostname: node1", s.name)
	case err != nil:
		return nil, s.syntaxError(err)
	}
	switch err := dec.Decode(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return nil, s.syntaxError(err)
	default:
		return nil, fmt.Errorf("reading intent %s: it holds more than one YAML document; one file is one intent", s.name)
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, s.at(root.Line, root.Column, "an intent is a mapping, such as hostname: node1")
	}
	budget := maxIntentNodes
	if err := s.checkNode(root, 0, &budget); err != nil {
		return nil, err
	}
	return root, nil
}

// checkNode walks the tree below n.
func (s source) checkNode(n *yaml.Node, depth int, budget *int) error {
	*budget--
	message := ""
	switch {
	case *budget < 0:
		message = fmt.Sprintf("an intent has at most %d values", maxIntentNodes)
	case depth > maxIntentDepth:
		message = fmt.Sprintf("an intent is at most %d levels deep", maxIntentDepth)
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		message = "anchors and aliases are not read; write the value out"
	case n.Tag == "!!merge":
		message = "merge keys are not read; write the values out"
	case n.Style&yaml.TaggedStyle != 0 && n.Tag != "!!binary":
		message = "tags are not read, except !!binary for base64 content"
	}
	if message != "" {
		return s.at(n.Line, n.Column, message)
	}
	for _, child := range n.Content {
		if err := s.checkNode(child, depth+1, budget); err != nil {
			return err
		}
	}
	return nil
}

// modeProblems finds file modes not written in octal: 644 would be 01204.
func modeProblems(root *yaml.Node) []Problem {
	octal := regexp.MustCompile(`^0o?[0-7]*[1-7][0-7]*$`)
	var problems []Problem
	files := child(root, "files")
	if files == nil || files.Kind != yaml.SequenceNode {
		return nil
	}
	for i, file := range files.Content {
		mode := child(file, "mode")
		if mode != nil && (mode.Style != 0 || !octal.MatchString(mode.Value)) {
			problems = append(problems, Problem{
				Path:    fmt.Sprintf("files[%d].mode", i),
				Message: fmt.Sprintf("%q must be octal and not zero, with a leading zero and without quotes, such as 0644", mode.Value),
			})
		}
	}
	return problems
}

// child is the value of a mapping's key, nil when there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
