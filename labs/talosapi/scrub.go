package talosapi

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// hidden stands for a secret that the machine sent back.
const hidden = "(secret)"

// shortest is how long a text must be to be taken for a secret; blanking
// shorter ones would spoil every sentence.
const shortest = 6

// scrubber blanks the secrets of one config in texts.
type scrubber struct{ secrets []string }

// newScrubber collects the texts of a machine config that nobody should read
// in an error: all below keys that name secrets, and contents of files. Talos
// quotes what it cannot read.
func newScrubber(config string) scrubber {
	var s scrubber
	documents := yaml.NewDecoder(strings.NewReader(config))
	for {
		var root yaml.Node
		if documents.Decode(&root) != nil {
			break // the end, or a text that Talos will refuse to read as well
		}
		s.walk(&root, false, 0)
	}
	// A long one first, so that a part of it does not spoil its whole.
	slices.SortFunc(s.secrets, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	s.secrets = slices.Compact(s.secrets)
	return s
}

// maxDepth is far more than a machine config has.
const maxDepth = 64

func (s *scrubber) walk(n *yaml.Node, secret bool, depth int) {
	if depth > maxDepth {
		return
	}
	switch n.Kind {
	case yaml.ScalarNode:
		if secret {
			s.add(n.Value)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			s.walk(n.Content[i+1], secret || namesSecret(n.Content[i].Value), depth+1)
		}
	default:
		for _, child := range n.Content {
			s.walk(child, secret, depth+1)
		}
	}
}

// add takes a value whole and by its lines, because an error quotes lines.
func (s *scrubber) add(value string) {
	for _, text := range append(strings.Split(value, "\n"), value) {
		if text = flat(text); len(text) >= shortest {
			s.secrets = append(s.secrets, text)
		}
	}
}

// namesSecret knows the keys of Talos's documents whose values are secret.
func namesSecret(key string) bool {
	return slices.Contains([]string{
		"token", "secret", "key", "content", "password", "auth", "identityToken",
		"aescbcEncryptionSecret", "secretboxEncryptionSecret",
	}, key)
}

// clean is a foreign text without secrets, safe to show.
func (s scrubber) clean(text string) string {
	text = flat(text)
	for _, secret := range s.secrets {
		text = strings.ReplaceAll(text, secret, hidden)
	}
	return cut(text)
}

func (s scrubber) cleanAll(texts []string) []string {
	var all []string
	for _, text := range texts[:min(len(texts), 20)] {
		all = append(all, s.clean(text))
	}
	return boundedAll(all)
}
