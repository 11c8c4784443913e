package provision

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// YAML writes the intent as [ParseIntent] reads it, for a file of the person's
// own: its token is written out. What Hidden says has no place in such a file.
func (i Intent) YAML() ([]byte, error) {
	bare := i
	bare.Files, bare.Units = slices.Clone(i.Files), slices.Clone(i.Units)
	for n := range bare.Files {
		bare.Files[n].Content = ""
	}
	for n := range bare.Units {
		bare.Units[n].Content = ""
	}
	var root yaml.Node
	if err := root.Encode(bare); err != nil {
		return nil, fmt.Errorf("writing intent: %w", err)
	}
	for n, file := range i.Files {
		node := child(&root, "files").Content[n]
		writeText(node, file.Content)
		if mode := child(node, "mode"); mode != nil {
			mode.Value = fmt.Sprintf("0%o", file.Mode)
		}
	}
	for n, unit := range i.Units {
		writeText(child(&root, "units").Content[n], unit.Content)
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(&root); err != nil {
		return nil, fmt.Errorf("writing intent: %w", err)
	}
	return out.Bytes(), nil
}

// writeText sets the content of a file or a unit at the end of its mapping.
// Not every text can be a literal block: the encoder writes some that no reader
// takes, so that the others are quoted.
func writeText(n *yaml.Node, content string) {
	for k := 0; k+1 < len(n.Content); k += 2 {
		if n.Content[k].Value == "content" {
			n.Content = slices.Delete(n.Content, k, k+2)
			break
		}
	}
	if content == "" {
		return
	}
	value := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: content, Style: yaml.DoubleQuotedStyle}
	switch {
	case !utf8.ValidString(content):
		value = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!binary", Value: base64.StdEncoding.EncodeToString([]byte(content))}
	case literal(content):
		value.Style = yaml.LiteralStyle
	}
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "content"}, value)
}

// literal reports whether every reader gets the same from a literal block.
func literal(text string) bool {
	return strings.HasSuffix(text, "\n") && !strings.HasSuffix(text, "\n\n") && printableText(text, true) &&
		!strings.ContainsAny(text[:1], " \n") && !strings.ContainsAny(text, "\t") && !strings.Contains(text, " \n")
}
