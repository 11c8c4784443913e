package ignition

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// at is the node below the keys, nil where there is none.
func at(n *yaml.Node, keys ...string) *yaml.Node {
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	for _, key := range keys {
		var found *yaml.Node
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				found = n.Content[i+1]
			}
		}
		if found == nil {
			return nil
		}
		n = found
	}
	return n
}

// find is where a JSON text says the version.
func find(text, version string) *yaml.Node {
	n := &yaml.Node{Value: version, Line: 1, Column: 1}
	found := regexp.MustCompile(`"version"\s*:\s*("` + regexp.QuoteMeta(version) + `")`).FindStringSubmatchIndex(text)
	if found != nil {
		n.Line, n.Column = place(text, found[2])
	}
	return n
}

// place is the line and column of an offset in a text, both from 1.
func place(text string, offset int) (line, column int) {
	before := text[:min(max(offset, 0), len(text))]
	return 1 + strings.Count(before, "\n"), len(before) - strings.LastIndex(before, "\n")
}

// jsonOffset is where the reader of JSON stumbled: it counts what it has read.
func jsonOffset(err error) int {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return int(syntax.Offset) - 1
	case errors.As(err, &kind):
		return int(kind.Offset) - 1
	}
	return 0
}

// looksLikeCLC reports whether a document has what only Container Linux Config
// has: a section of its own, or files that name their filesystem.
func looksLikeCLC(root *yaml.Node) bool {
	for _, key := range []string{"etcd", "flannel", "docker", "locksmith", "update", "networkd"} {
		if at(root, key) != nil {
			return true
		}
	}
	files := at(root, "storage", "files")
	return files != nil && files.Kind == yaml.SequenceNode && slices.ContainsFunc(files.Content, func(f *yaml.Node) bool {
		return at(f, "filesystem") != nil
	})
}

// nodeDepth is how deep a tree is nested; it looks no deeper than needed.
func nodeDepth(n *yaml.Node, level int) int {
	deepest := level
	if level > maxDepth {
		return deepest
	}
	for _, child := range n.Content {
		deepest = max(deepest, nodeDepth(child, level+1))
	}
	return deepest
}

// depth is how deep brackets are nested in a JSON text. Brackets in strings
// are not counted.
func depth(text string) int {
	level, deepest, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			level++
			deepest = max(deepest, level)
		case c == '}' || c == ']':
			level--
		}
	}
	return deepest
}

// yamlError takes the line out of an error of the YAML reader.
func yamlError(err error) (line int, message string) {
	message = err.Error()
	if found := regexp.MustCompile(`line (\d+): `).FindStringSubmatchIndex(message); found != nil {
		line, _ = strconv.Atoi(message[found[2]:found[3]])
		message = message[:found[0]] + message[found[1]:]
	}
	return line, message
}

// fieldPath writes a path such as $.storage.files.0.mode as storage.files[0].mode.
func fieldPath(context string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(strings.TrimPrefix(strings.TrimPrefix(context, "$"), "."), ".") {
		switch _, err := strconv.Atoi(part); {
		case err == nil:
			b.WriteString("[" + part + "]")
		case b.Len() > 0:
			b.WriteString("." + part)
		default:
			b.WriteString(part)
		}
	}
	return b.String()
}
