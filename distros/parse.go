package distros

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// parseEntry reads one catalog file and returns its entry and the checker
// that found its problems. A file that cannot be read as an entry at all yields the
// reasons for that only.
func parseEntry(file string, text []byte) (Distro, *checker) {
	c := &checker{file: file}
	var d Distro
	if !c.read(text, &d) {
		return Distro{}, c
	}
	c.entry(d)
	return d, c
}

// yamlProblem turns the YAML library's error into ours. Its message without
// the excerpt is kept, because the problem names file and line already.
func yamlProblem(file string, err error) Problem {
	p := Problem{File: file, Message: clip(err.Error(), 300)}
	var located yaml.Error
	if errors.As(err, &located) {
		p.Message = clip(located.GetMessage(), 300)
		if t := located.GetToken(); t != nil && t.Position != nil {
			p.Line = t.Position.Line
		}
	}
	return p
}

// unknownFields finds the keys that no entry has. The YAML library would stop
// at the first one.
func unknownFields(file string, node ast.Node, want reflect.Type, at string) []Problem {
	var found []Problem
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, pair := range n.Values {
			found = append(found, unknownPair(file, pair, want, at)...)
		}
	case *ast.MappingValueNode: // what the library makes of a mapping with one key
		found = unknownPair(file, n, want, at)
	case *ast.SequenceNode:
		if want.Kind() != reflect.Slice {
			return nil // decoding says what is expected
		}
		for i, item := range n.Values {
			found = append(found, unknownFields(file, item, want.Elem(), fmt.Sprintf("%s[%d]", at, i))...)
		}
	}
	return found
}

func unknownPair(file string, pair *ast.MappingValueNode, want reflect.Type, at string) []Problem {
	if want.Kind() != reflect.Struct {
		return nil
	}
	key := keyText(pair)
	here := strings.TrimPrefix(at+"."+key, ".")
	for f := range want.Fields() {
		if yamlName(f) == key {
			return unknownFields(file, pair.Value, f.Type, here)
		}
	}
	return []Problem{{
		File: file, Line: nodeLine(pair.Key), Field: clip(here, 80),
		Message: "is not a field here; there are " + strings.Join(yamlNames(want), ", "),
	}}
}

func yamlName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}

func yamlNames(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		names = append(names, yamlName(f))
	}
	return names
}

// lineOf finds the line of a field: of its value, or of the deepest part of
// its path that the file has.
func lineOf(root ast.Node, path []any) int {
	line := nodeLine(root)
	for _, step := range path {
		root = child(root, step)
		if root == nil {
			return line
		}
		line = nodeLine(root)
	}
	return line
}

// child returns the value of a key or the item of an index; nil if there is none.
func child(node ast.Node, step any) ast.Node {
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, pair := range n.Values {
			if keyText(pair) == step {
				return pair.Value
			}
		}
	case *ast.MappingValueNode:
		if keyText(n) == step {
			return n.Value
		}
	case *ast.SequenceNode:
		if i, ok := step.(int); ok && i < len(n.Values) {
			return n.Values[i]
		}
	}
	return nil
}

func keyText(pair *ast.MappingValueNode) string {
	if s, ok := pair.Key.(*ast.StringNode); ok {
		return s.Value
	}
	if t := pair.Key.GetToken(); t != nil {
		return t.Value
	}
	return ""
}

func nodeLine(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

// fieldName writes a path as people do: facts[2].checked.
func fieldName(path []any) string {
	var b strings.Builder
	for _, step := range path {
		if i, ok := step.(int); ok {
			b.WriteString("[" + strconv.Itoa(i) + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		fmt.Fprint(&b, step)
	}
	return clip(b.String(), 80)
}
