package distros

import (
	"fmt"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
)

// Reading is one YAML file that people write, being read: what is wrong with
// it gathers here. Catalog entries and the profiles of distros/score are read
// this way, so that both say the same of the same mistake.
type Reading struct {
	c       *checker
	decoded bool
}

// ReadStrict reads a file that holds one YAML document into v, which points to
// a struct with yaml tags. Fields that the struct has not, control characters
// and aliases are problems; what values mean is for the caller to check.
func ReadStrict(file string, text []byte, v any) *Reading {
	r := &Reading{c: &checker{file: file}}
	r.decoded = r.c.read(text, v)
	return r
}

// Decoded says whether v was filled. If not, its values are not worth checking.
func (r *Reading) Decoded() bool { return r.decoded }

// Bad notes what is wrong with the field at a path of keys and indices.
func (r *Reading) Bad(message string, path ...any) { r.c.bad(message, path...) }

// Problems returns what was found, in the order of finding.
func (r *Reading) Problems() []Problem { return r.c.problems }

// read decodes the text into v and notes what is wrong with it as YAML. It
// says whether v was filled.
func (c *checker) read(text []byte, v any) bool {
	if problem := tooDeep(text); problem != "" {
		c.problems = []Problem{{File: c.file, Message: problem}}
		return false
	}
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		c.problems = []Problem{yamlProblem(c.file, err)}
		return false
	}
	if len(tree.Docs) == 1 && tree.Docs[0].Body == nil {
		c.problems = []Problem{{File: c.file, Message: "is empty"}}
		return false
	}
	if len(tree.Docs) != 1 {
		c.problems = []Problem{{File: c.file, Message: fmt.Sprintf("has %d YAML documents; there must be one", len(tree.Docs))}}
		return false
	}
	c.root = tree.Docs[0].Body
	if c.problems = unknownFields(c.file, c.root, reflect.TypeOf(v).Elem(), ""); len(c.problems) > 0 {
		return false
	}
	if c.anchors(c.root) {
		return false
	}
	if err := yaml.NodeToValue(c.root, v, yaml.Strict()); err != nil {
		c.problems = []Problem{yamlProblem(c.file, err)}
		return false
	}
	c.text(c.root)
	return true
}
