package bottlerocket

import (
	"fmt"
	"strings"
)

// bootEntry is one key of a boot configuration, as a person wrote it.
type bootEntry struct {
	key    string // with those of the braces around it
	values []string
	place  position
}

// bootError is what the kernel would not read.
type bootError struct {
	place   position
	message string
}

func (e *bootError) Error() string {
	return fmt.Sprintf("%d:%d: %s", e.place.line, e.place.column, e.message)
}

// parseBootConfig reads the text of a boot configuration as the kernel does
// (lib/bootconfig.c): statements end with a line, a semicolon or a brace.
func parseBootConfig(text string) ([]bootEntry, error) {
	if len(text) >= maxBootData {
		return nil, &bootError{position{1, 1}, fmt.Sprintf("%d bytes are more than the kernel's limit of %d", len(text), maxBootData-1)}
	}
	p := &bootParser{text: text, place: position{1, 1}}
	for {
		p.skip(" \t\r\n;")
		switch {
		case p.done() && len(p.open) > 0:
			return nil, p.fail("a brace is not closed")
		case p.done():
			return p.entries, nil
		case p.text[0] == '}' && len(p.open) == 0:
			return nil, p.fail("this brace closes nothing")
		case p.text[0] == '}':
			p.take(1)
			p.open = p.open[:len(p.open)-1]
		default:
			if err := p.statement(); err != nil {
				return nil, err
			}
		}
	}
}

type bootParser struct {
	text    string // what is left
	place   position
	open    []string // keys of the open braces
	entries []bootEntry
	nodes   int
}

func (p *bootParser) done() bool { return p.text == "" }

func (p *bootParser) fail(format string, args ...any) error {
	return &bootError{p.place, fmt.Sprintf(format, args...)}
}

// take moves over n bytes and returns them.
func (p *bootParser) take(n int) string {
	taken := p.text[:n]
	p.text = p.text[n:]
	for _, c := range []byte(taken) {
		if c == '\n' {
			p.place = position{p.place.line + 1, 1}
		} else {
			p.place.column++
		}
	}
	return taken
}

// skip moves over the characters, and over comments.
func (p *bootParser) skip(set string) {
	for !p.done() {
		end := strings.IndexFunc(p.text, func(r rune) bool { return !strings.ContainsRune(set, r) })
		if end < 0 {
			end = len(p.text)
		}
		p.take(end)
		if p.done() || p.text[0] != '#' {
			return
		}
		if line := strings.IndexByte(p.text, '\n'); line >= 0 {
			p.take(line)
		} else {
			p.take(len(p.text))
		}
	}
}

// statement reads a key with what belongs to it.
func (p *bootParser) statement() error {
	place := p.place
	end := strings.IndexAny(p.text, " \t\r\n;=+:{}#")
	if end < 0 {
		end = len(p.text)
	}
	key := p.take(end)
	full := strings.Join(append(append([]string{}, p.open...), key), ".")
	if !isBootKey(key) || len(full) > maxBootKey {
		p.place = place
		return p.fail("a key must be words of letters, digits, - and _, joined by dots, of at most %d characters", maxBootKey)
	}
	if p.nodes += 1 + strings.Count(key, "."); p.nodes > maxBootTree {
		return p.fail("there are more keys and values than the kernel's limit of %d", maxBootTree)
	}
	p.skip(" \t")
	switch {
	case strings.HasPrefix(p.text, "{"):
		p.take(1)
		if p.open = append(p.open, key); len(p.open) > 16 {
			return p.fail("there are more than 16 braces in each other")
		}
		return nil
	case strings.HasPrefix(p.text, "="):
		p.take(1)
	case strings.HasPrefix(p.text, "+="), strings.HasPrefix(p.text, ":="):
		p.take(2)
	case p.done(), strings.ContainsRune("\r\n;}", rune(p.text[0])):
		p.entries = append(p.entries, bootEntry{full, nil, place})
		return nil
	default:
		return p.fail("after a key comes =, a brace, or the end of the line")
	}
	values, err := p.values()
	p.entries = append(p.entries, bootEntry{full, values, place})
	return err
}

// values reads one value, or several with commas between them.
func (p *bootParser) values() ([]string, error) {
	var list []string
	for {
		p.skip(" \t")
		value, err := p.value()
		if err != nil {
			return nil, err
		}
		list = append(list, value)
		if p.nodes++; p.nodes > maxBootTree {
			return nil, p.fail("there are more keys and values than the kernel's limit of %d", maxBootTree)
		}
		p.skip(" \t")
		switch {
		case strings.HasPrefix(p.text, ","):
			p.take(1)
			p.skip(" \t\r\n")
		case p.done(), strings.ContainsRune("\r\n;}", rune(p.text[0])):
			return list, nil
		default:
			return nil, p.fail("after a quoted value comes a comma or the end of the line")
		}
	}
}

func (p *bootParser) value() (string, error) {
	place := p.place
	var value string
	if strings.HasPrefix(p.text, `"`) || strings.HasPrefix(p.text, "'") {
		end := strings.IndexByte(p.text[1:], p.text[0])
		if end < 0 {
			return "", p.fail("the quote is not closed")
		}
		value = p.take(end + 2)[1 : end+1]
	} else {
		end := strings.IndexAny(p.text, ",;\n#}")
		if end < 0 {
			end = len(p.text)
		}
		value = strings.TrimRight(p.take(end), " \t\r")
	}
	if !isBootValue(value) {
		p.place = place
		return "", p.fail("a value must be printable ASCII and not hold both kinds of quotes")
	}
	return value, nil
}
