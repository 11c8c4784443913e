// Package yamldoc writes YAML that every reader understands the same way.
//
// cloud-init reads YAML 1.1, Butane something between 1.1 and 1.2: to one of
// them a plain yes, 12:30:45 or 0644 is no string. So a string is written
// plain only when its form leaves no doubt, as a literal block when it is
// text of several lines, and double-quoted otherwise. Mappings keep the order
// in which they were written. The package touches nothing outside memory.
package yamldoc

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Node is a part of a document; the zero Node is not written.
type Node struct{ yaml *yaml.Node }

// Pair is one entry of a mapping.
type Pair struct {
	Key   string
	Value Node
}

// Map is a mapping in the order given; pairs with a zero Node are left out.
func Map(pairs ...Pair) Node {
	m := &yaml.Node{Kind: yaml.MappingNode}
	for _, p := range pairs {
		if p.Value.yaml != nil {
			m.Content = append(m.Content, Text(p.Key).yaml, p.Value.yaml)
		}
	}
	return Node{m}
}

// List is a sequence, one item a line. An empty List is the zero Node.
func List(items ...Node) Node {
	if len(items) == 0 {
		return Node{}
	}
	s := &yaml.Node{Kind: yaml.SequenceNode}
	for _, item := range items {
		s.Content = append(s.Content, item.yaml)
	}
	return Node{s}
}

// Words is a sequence of strings on one line, as commands are written. No
// words make the zero Node.
func Words(words ...string) Node {
	list := Texts(words)
	if list.yaml == nil {
		return list
	}
	list.yaml.Style = yaml.FlowStyle
	for _, w := range list.yaml.Content {
		if w.Style == yaml.LiteralStyle || strings.Contains(w.Value, ",") {
			w.Style = yaml.DoubleQuotedStyle
		}
	}
	return list
}

// Texts is a sequence of strings, one a line. No strings make the zero Node.
func Texts(texts []string) Node {
	items := make([]Node, 0, len(texts))
	for _, t := range texts {
		items = append(items, Text(t))
	}
	return List(items...)
}

// Text is a string. It must be [Plain]; other bytes have no exact form in YAML.
func Text(s string) Node {
	return Node{&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: style(s)}}
}

// Quoted is a string always written in double quotes.
func Quoted(s string) Node {
	n := Text(s)
	n.yaml.Style = yaml.DoubleQuotedStyle
	return n
}

// Bool is true or false.
func Bool(b bool) Node {
	return Node{&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: fmt.Sprint(b)}}
}

// Int is a decimal number.
func Int(i int) Node {
	return Node{&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: fmt.Sprint(i)}}
}

// Octal is a file mode as YAML 1.1 writes numbers of base eight: 0644.
func Octal(mode int) Node {
	return Node{&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: fmt.Sprintf("%#04o", mode)}}
}

// Marshal writes the document, two spaces to a level.
func Marshal(root Node) (string, error) {
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(root.yaml); err != nil {
		return "", fmt.Errorf("writing YAML: %w", err)
	}
	if err := enc.Close(); err != nil {
		return "", fmt.Errorf("writing YAML: %w", err)
	}
	return out.String(), nil
}

// Plain reports whether s is text that survives every YAML reader byte by
// byte: valid UTF-8 without control characters (newline and tab are fine),
// without the line breaks that only YAML 1.1 knows, and without a byte order
// mark.
func Plain(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		switch {
		case r == '\n', r == '\t':
		case r < 0x20, r >= 0x7f && r < 0xa0:
			return false
		case r == 0x2028, r == 0x2029, r == 0xfeff, r == 0xfffe, r == 0xffff:
			return false
		}
	}
	return true
}

// style picks the most readable style that no reader can mistake.
func style(s string) yaml.Style {
	switch {
	case unmistakable(s):
		return 0
	case block(s):
		return yaml.LiteralStyle
	}
	return yaml.DoubleQuotedStyle
}

// block reports whether s may be a literal block: text of several lines whose
// indentation no writer or reader has to guess.
func block(s string) bool {
	lines := strings.Split(s, "\n")
	if len(lines) < 2 || len(lines) == 2 && lines[1] == "" && len(s) < 2 {
		return false
	}
	if strings.ContainsAny(s[:1], " \t\n") || !Plain(s) {
		return false
	}
	for _, line := range lines {
		if strings.TrimRight(line, " \t") != line {
			return false
		}
	}
	return !strings.HasSuffix(s, "\n\n")
}

// unmistakable reports whether s, written plain, is a string in every YAML: it
// begins with a letter or slash, holds nothing with a meaning, and is none of
// the words that mean true, false or nothing.
func unmistakable(s string) bool {
	if s == "" || len(s) > 1024 {
		return false
	}
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return false
	}
	if first := s[0]; first != '/' && !letter(first) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		inner := c == ' ' && i+1 < len(s) && s[i+1] != ' '
		if !letter(c) && !(c >= '0' && c <= '9') && !strings.ContainsRune("/._-@+=", rune(c)) && !inner {
			return false
		}
	}
	return true
}

// letter reports whether c is an ASCII letter.
func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
