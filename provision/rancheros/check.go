package rancheros

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"distrolab/provision"
	"distrolab/provision/internal/rancher"
	"distrolab/provision/internal/shape"
)

// maxLine is how many bytes of a command line the kernel reads.
const maxLine = 2048

// check reads one document by what its name says it is.
func check(name, text string) []provision.Finding {
	switch {
	case name == rancher.CommandLine:
		return checkLine(strings.TrimSuffix(text, "\n"))
	case strings.HasSuffix(name, ".json"):
		return checkMetaData(text)
	}
	return checkUserData(text)
}

// checkUserData knows a cloud-config by its first line, as the system does.
func checkUserData(text string) []provision.Finding {
	first, _, _ := strings.Cut(text, "\n")
	switch first = strings.TrimRight(first, " \t\r"); {
	case strings.HasPrefix(first, "#!"), first == "#compose":
		return nil // a script, or docker-compose's own format
	case first != strings.TrimSpace(header):
		return append([]provision.Finding{shape.Error(1, 1, "", "the first line must be #cloud-config; without it all is ignored")}, shape.Check(text, model())...)
	}
	return shape.Check(text, model())
}

// checkMetaData knows the two keys that are read.
func checkMetaData(text string) []provision.Finding {
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		line, column := 0, 0
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			line, column = position(text, int(syntax.Offset))
		}
		return []provision.Finding{shape.Error(line, column, "", "is not a JSON object: "+err.Error())}
	}
	var found []provision.Finding
	if err := json.Unmarshal(all["hostname"], new(string)); all["hostname"] != nil && err != nil {
		found = append(found, shape.Error(0, 0, "hostname", "must be text"))
	}
	if err := json.Unmarshal(all["public_keys"], &map[string]string{}); all["public_keys"] != nil && err != nil {
		found = append(found, shape.Error(0, 0, "public_keys", "must be an object that has a text for each name"))
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if key != "hostname" && key != "public_keys" && len(found) < 50 {
			found = append(found, provision.Finding{Severity: provision.SeverityWarning, Path: fmt.Sprintf("%.40q", key), Message: "is not read; the system reads hostname and public_keys only"})
		}
	}
	return found
}

// position is the line and column of a byte that a JSON error names.
func position(text string, offset int) (line, column int) {
	before := text[:max(0, min(offset-1, len(text)))]
	return 1 + strings.Count(before, "\n"), len(before) - strings.LastIndex(before, "\n")
}

// checkLine reads the words that are config into a document, as the system
// does, and checks that.
func checkLine(line string) []provision.Finding {
	if len(line) > maxLine {
		return []provision.Finding{shape.Error(1, maxLine+1, "", fmt.Sprintf("has %d bytes; the kernel reads %d", len(line), maxLine))}
	}
	words, err := rancher.Split(line)
	if err != nil {
		return []provision.Finding{shape.Error(1, 0, "", err.Error())}
	}
	root := &yaml.Node{Kind: yaml.MappingNode}
	columns := map[string]int{} // where the words of a path begin
	column := 1
	var found []provision.Finding
	for _, w := range words {
		key, value, given := strings.Cut(w, "=")
		rest, short := strings.CutPrefix(key, "cc.")
		if !given {
			value = "true"
		}
		switch {
		case !short && !strings.HasPrefix(key, "rancher."):
		case strings.Contains(w, `"`):
			found = append(found, shape.Error(1, column, rest, "must not have quotes or spaces: the system splits the line at every space"))
		default:
			columns[rest] = column
			if problem := put(root, strings.Split(rest, "."), value); problem != "" {
				found = append(found, shape.Error(1, column, rest, problem))
			}
		}
		column += len(w) + 1
	}
	var text bytes.Buffer
	if err := yaml.NewEncoder(&text).Encode(root); err != nil || len(root.Content) == 0 {
		return found
	}
	for _, f := range shape.Check(text.String(), model()) {
		f.Line, f.Column = 1, rancher.Column(columns, f.Path)
		if f.Path != "rancher.password" && f.Path != "rancher.autologin" {
			found = append(found, f)
		}
	}
	return found
}

// put sets a value in the tree, whose keys are the parts between dots.
func put(root *yaml.Node, keys []string, value string) string {
	if len(keys) > 16 {
		return "is nested deeper than the system reads"
	}
	at := root
	for i, key := range keys {
		next := child(at, key)
		last := i == len(keys)-1
		switch {
		case next == nil:
			next = &yaml.Node{Kind: yaml.MappingNode}
			if last {
				*next = read(value)
			}
			name := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key, Style: yaml.DoubleQuotedStyle}
			at.Content = append(at.Content, name, next)
		case last:
			*next = read(value)
		case next.Kind != yaml.MappingNode:
			return "was given a value before, so nothing can be below it"
		}
		at = next
	}
	return ""
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

// read is a value as the system reads it: YAML, in which colons and question
// marks mean nothing.
func read(value string) yaml.Node {
	const colon, question = "\ue000", "\ue001"
	text := strings.NewReplacer(":", colon, "?", question).Replace(value)
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil || len(doc.Content) != 1 {
		return yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
	}
	back := strings.NewReplacer(colon, ":", question, "?")
	node := *doc.Content[0]
	restore(&node, back)
	return node
}

func restore(n *yaml.Node, back *strings.Replacer) {
	n.Value = back.Replace(n.Value)
	for _, c := range n.Content {
		restore(c, back)
	}
}
