package highlight

import (
	"regexp"
	"strings"
	"sync"
)

// blockScalar follows YAML's literal texts, whose lines are no settings: they
// go on while lines are indented more than their key.
type blockScalar struct{ indent int }

// line cuts one line of YAML.
func (b *blockScalar) line(line string) []Span {
	trimmed := strings.TrimLeft(line, " ")
	indent := len(line) - len(trimmed)
	if b.indent >= 0 && (trimmed == "" || indent > b.indent) {
		return appendSpan(nil, line, String)
	}
	b.indent = -1
	out := appendSpan(nil, line[:indent], Plain)
	for strings.HasPrefix(trimmed, "- ") || trimmed == "-" {
		n := min(2, len(trimmed))
		out, trimmed = appendSpan(out, trimmed[:n], Mark), trimmed[n:]
		indent += n
	}
	switch {
	case strings.HasPrefix(trimmed, "#"):
		return appendSpan(out, trimmed, Comment)
	case trimmed == "---" || trimmed == "...":
		return appendSpan(out, trimmed, Mark)
	}
	key, rest := yamlKey(trimmed)
	if key != "" {
		out = appendSpan(appendSpan(out, key, Key), ":", Mark)
	}
	value := strings.TrimSpace(rest)
	if value != "" && (value[0] == '|' || value[0] == '>') && len(value) <= 3 {
		b.indent = indent
		return appendSpan(out, rest, Mark)
	}
	return values(out, rest, false)
}

// yamlKey cuts a line at the colon that ends its key; no key is "".
func yamlKey(line string) (key, rest string) {
	from := 0
	if line != "" && (line[0] == '"' || line[0] == '\'') {
		end := strings.IndexByte(line[1:], line[0])
		if end < 0 {
			return "", line
		}
		from = end + 2
	} else if strings.HasPrefix(line, "{") || strings.HasPrefix(line, "[") {
		return "", line
	}
	for i := from; i < len(line); i++ {
		if i > 0 && line[i] == ':' && (i+1 == len(line) || line[i+1] == ' ') {
			return line[:i], line[i+1:]
		}
		if line[i] == ' ' && i+1 < len(line) && line[i+1] == '#' {
			break
		}
	}
	return "", line
}

// values cuts flow: quoted texts, numbers, words, brackets. In JSON, and within
// brackets, a quoted text before a colon is a key.
func values(out []Span, text string, json bool) []Span {
	for text != "" {
		switch c := text[0]; {
		case c == '"' || c == '\'' && !json:
			n := quoted(text)
			token := String
			if strings.HasPrefix(strings.TrimLeft(text[n:], " "), ":") {
				token = Key
			}
			out, text = appendSpan(out, text[:n], token), text[n:]
		case strings.IndexByte("{}[],", c) >= 0 || c == ':' && json:
			out, text = appendSpan(out, text[:1], Mark), text[1:]
		case c == ' ' || c == '\t':
			if !json && strings.HasPrefix(text[1:], "#") {
				return appendSpan(appendSpan(out, text[:1], Plain), text[1:], Comment)
			}
			out, text = appendSpan(out, text[:1], Plain), text[1:]
		default:
			n := strings.IndexAny(text, ",]}")
			if json {
				n = strings.IndexAny(text, " ,]}:")
			}
			if at := strings.Index(text, " #"); !json && at >= 0 && (n < 0 || at < n) {
				n = at
			}
			if n <= 0 {
				n = len(text)
			}
			out, text = appendSpan(out, text[:n], word(text[:n])), text[n:]
		}
	}
	return out
}

// quoted is the length of the quoted text at the beginning.
func quoted(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			if text[0] == '"' {
				i++
			}
		case text[0]:
			return i + 1
		}
	}
	return len(text)
}

// word tells constants from text.
func word(text string) Token {
	if patterns().constant.MatchString(strings.TrimSpace(text)) {
		return Constant
	}
	return String
}

// expressions are compiled once.
type expressions struct{ constant, assignment, shellWord *regexp.Regexp }

var patterns = sync.OnceValue(func() expressions {
	return expressions{
		constant:   regexp.MustCompile(`^([-+]?[0-9][0-9_.]*|0[xo][0-9a-fA-F]+|true|false|null|yes|no|~)$`),
		assignment: regexp.MustCompile(`^\s*(export\s+)?[A-Za-z_][A-Za-z0-9_]*=`),
		shellWord:  regexp.MustCompile(`^(if|then|elif|else|fi|for|while|until|do|done|case|esac|in|set|exit|return|export|exec|trap|local)$`),
	}
})

// settings cuts a line of TOML or of an ini file.
func settings(line string, language Language) []Span {
	trimmed := strings.TrimLeft(line, " \t")
	out := appendSpan(nil, line[:len(line)-len(trimmed)], Plain)
	switch {
	case trimmed == "":
		return out
	case trimmed[0] == '#' || trimmed[0] == ';':
		return appendSpan(out, trimmed, Comment)
	case trimmed[0] == '[' && strings.HasSuffix(strings.TrimRight(trimmed, " "), "]") && !strings.Contains(trimmed, "="):
		return appendSpan(out, trimmed, Section)
	}
	key, value, found := strings.Cut(trimmed, "=")
	if !found {
		return values(out, trimmed, false)
	}
	out = appendSpan(appendSpan(out, key, Key), "=", Mark)
	if language == INI {
		return appendSpan(out, value, word(value))
	}
	return values(out, value, false)
}

// shell cuts a line of a script: comments, texts, assignments, the shell's own
// words.
func shell(line string) []Span {
	trimmed := strings.TrimLeft(line, " \t")
	if strings.HasPrefix(trimmed, "#") {
		return appendSpan(nil, line, Comment)
	}
	var out []Span
	if at := patterns().assignment.FindStringIndex(line); at != nil {
		out, line = appendSpan(out, line[:at[1]], Key), line[at[1]:]
	}
	for line != "" {
		switch c := line[0]; {
		case c == '"' || c == '\'':
			n := quoted(line)
			out, line = appendSpan(out, line[:n], String), line[n:]
		case c == '#' && (len(out) == 0 || strings.HasSuffix(out[len(out)-1].Text, " ")):
			return appendSpan(out, line, Comment)
		case strings.IndexByte("|&;<>(){}", c) >= 0:
			out, line = appendSpan(out, line[:1], Mark), line[1:]
		case c == ' ' || c == '\t':
			out, line = appendSpan(out, line[:1], Plain), line[1:]
		default:
			n := strings.IndexAny(line, " \t\"'|&;<>(){}")
			if n <= 0 {
				n = len(line)
			}
			token := Plain
			if patterns().shellWord.MatchString(line[:n]) {
				token = Key
			}
			out, line = appendSpan(out, line[:n], token), line[n:]
		}
	}
	return out
}
