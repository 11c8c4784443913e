package provision

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// hidden stands where a secret was.
const hidden = "(secret)"

// Secret is a text that is not to be shown: every way of printing it gives
// "(secret)". [Secret.Reveal] is the only way to the text.
type Secret string

// Reveal returns the text itself, for a config.
func (s Secret) Reveal() string { return string(s) }

// String hides the text.
func (s Secret) String() string { return hidden }

// Format hides the text from every verb of package fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalJSON hides the text; what holds secrets is not written as JSON.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(hidden) }

// Secrets lists the texts of the intent that are not to be shown.
func (i Intent) Secrets() []string {
	var texts []string
	if i.Join != nil && i.Join.Token != "" {
		texts = append(texts, i.Join.Token.Reveal())
	}
	for _, s := range i.Hidden {
		texts = append(texts, s.Reveal())
	}
	return texts
}

// Redacted returns the Config with every secret hidden in its texts, for a
// screen or a log. It is no longer what the guest reads.
func (c Config) Redacted() Config {
	c.Sources = redactAll(c.Sources, c.Secrets)
	c.Documents = redactAll(c.Documents, c.Secrets)
	return c
}

func redactAll(docs []Document, secrets []string) []Document {
	docs = slices.Clone(docs)
	for i := range docs {
		docs[i].Content = Redact(docs[i].Content, secrets)
	}
	return docs
}

// Redact hides the secrets in a text.
func Redact(text string, secrets []string) string {
	// The longest first: one secret may be a part of another.
	secrets = slices.Clone(secrets)
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, hidden)
		}
	}
	return text
}

// Redacted returns the Intent with its secrets hidden in the texts that it
// holds, for a screen or a log.
func (i Intent) Redacted() Intent {
	i.Files, i.Units = slices.Clone(i.Files), slices.Clone(i.Units)
	for n := range i.Files {
		i.Files[n].Content = Redact(i.Files[n].Content, i.Secrets())
	}
	for n := range i.Units {
		i.Units[n].Content = Redact(i.Units[n].Content, i.Secrets())
	}
	return i
}

// HideTokens hides whatever looks like a token in a line of somebody's file,
// before the line is shown in an error.
func HideTokens(line string) string {
	line = regexp.MustCompile(`(?i)(\b(?:token|password|secret)\b["']?\s*:\s*)[^,}\s].*?(,|}|$)`).ReplaceAllString(line, "${1}"+hidden+"${2}")
	return regexp.MustCompile(`\b[a-z0-9]{6}\.[a-z0-9]{16}\b`).ReplaceAllString(line, hidden)
}
