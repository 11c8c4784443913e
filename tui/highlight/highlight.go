// Package highlight cuts the text of a config into pieces that a screen can
// colour: keys, strings, constants, comments. It knows YAML, JSON, TOML, ini
// files such as systemd's units, and shell, line by line, which is as much as a
// reader's eye needs; it is no parser and accepts anything.
//
// A library was tried first: chroma v2.20 costs 58 ms for its lexers and 40 ms
// for its styles before main runs (GODEBUG=inittrace=1), more than the whole
// first frame of the app may take, so these few lines stand here instead.
//
// Functions are pure. Pieces hold the text as it is: who shows it cleans it.
package highlight

import (
	"path"
	"strings"

	"charm.land/lipgloss/v2" // github.com/charmbracelet/lipgloss

	"distrolab/tui/style"
)

// Token is what a piece of text is.
type Token uint8

// The tokens.
const (
	Plain    Token = iota
	Key            // name of a setting, or a shell's word of its own
	String         // text
	Constant       // number, true, false, null
	Comment
	Mark    // punctuation
	Section // heading, such as [Service]
	Secret  // stands where a secret was hidden
)

// Style is the look of a token.
func (t Token) Style(s style.Styles) lipgloss.Style {
	switch t {
	case Key:
		return s.Info
	case String:
		return s.OK
	case Constant:
		return s.Of(6)
	case Comment:
		return s.FgFaint
	case Mark:
		return s.FgMuted
	case Section, Secret:
		return s.Accent
	}
	return s.Fg
}

// Span is a piece of a line. The pieces of a line, joined, are the line.
type Span struct {
	Text  string
	Token Token
}

// Language is how a text is cut.
type Language string

// The languages. Text is shown as it is.
const (
	Text  Language = "text"
	YAML  Language = "yaml"
	JSON  Language = "json"
	TOML  Language = "toml"
	INI   Language = "ini"
	Shell Language = "shell"
)

// largest is the size in bytes of the largest text that is coloured.
const largest = 512 << 10

// Detect guesses the language from the name of a document and its content.
func Detect(name, content string) Language {
	head := strings.TrimLeft(content[:min(len(content), 400)], " \n\t")
	if len(content) > largest || !IsText(content) {
		return Text
	}
	switch path.Ext(name) {
	case ".yaml", ".yml", ".bu":
		return YAML
	case ".json", ".ign":
		return JSON
	case ".toml":
		return TOML
	case ".sh":
		return Shell
	case ".service", ".timer", ".socket", ".mount", ".network", ".conf", ".ini":
		return INI
	}
	switch {
	case strings.HasPrefix(head, "#!"):
		return Shell
	case strings.HasPrefix(head, "{"):
		return JSON
	case strings.HasPrefix(head, "[") || assigns(head):
		return TOML
	case strings.Contains(head, ": ") || strings.Contains(head, ":\n"):
		return YAML
	}
	return Text
}

// assigns reports whether the first line that says something sets a key by =.
func assigns(head string) bool {
	for line := range strings.Lines(head) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, _, found := strings.Cut(line, "=")
		return found && !strings.ContainsAny(key, ":{")
	}
	return false
}

// Document cuts every line of a text.
func Document(language Language, lines []string) [][]Span {
	out := make([][]Span, len(lines))
	block := blockScalar{indent: -1}
	for i, line := range lines {
		switch language {
		case YAML:
			out[i] = block.line(line)
		case JSON:
			out[i] = values(nil, line, true)
		case TOML, INI:
			out[i] = settings(line, language)
		case Shell:
			out[i] = shell(line)
		default:
			out[i] = []Span{{line, Plain}}
		}
		out[i] = hideMarks(out[i])
	}
	return out
}

// hideMarks makes the words that stand for a secret a token of their own.
func hideMarks(spans []Span) []Span {
	const hidden = "(secret)"
	var out []Span
	for _, s := range spans {
		for {
			before, after, found := strings.Cut(s.Text, hidden)
			if !found {
				break
			}
			out = appendSpan(out, before, s.Token)
			out = append(out, Span{hidden, Secret})
			s.Text = after
		}
		out = appendSpan(out, s.Text, s.Token)
	}
	return out
}

// appendSpan adds a piece that is not empty, to the last one if that is the same.
func appendSpan(spans []Span, text string, t Token) []Span {
	if text == "" {
		return spans
	}
	if n := len(spans) - 1; n >= 0 && spans[n].Token == t && t != Secret {
		spans[n].Text += text
		return spans
	}
	return append(spans, Span{text, t})
}
