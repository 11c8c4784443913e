package shape_test

import (
	"fmt"
	"strings"
	"testing"

	"distrolab/provision"
	"distrolab/provision/internal/shape"
)

// model has a key of each kind.
func model() shape.Model {
	return shape.Model{Root: shape.Object(map[string]shape.Shape{
		"text": shape.Text(nil), "path": shape.Text(func(text string) string {
			if !strings.HasPrefix(text, "/") {
				return "must begin with a slash"
			}
			return ""
		}),
		"flag": shape.Bool(), "number": shape.Number(), "scalar": shape.Scalar(), "any": shape.Any(), "command": shape.Command(),
		"texts": shape.List(shape.Text(nil)), "set": shape.Set(), "map": shape.Map(shape.Number()),
		"inner": shape.Object(map[string]shape.Shape{"key": shape.Text(nil)}),
	})}
}

func TestEachKindTakesItsOwn(t *testing.T) {
	for text, want := range map[string]string{
		"text: a":                     "",
		"text: 2020-01-01":            "",
		"text: !!binary AAA=":         "",
		`text: "0644"`:                "",
		"text: 0644":                  "text: must be text; this is read as a number, so put it in quotes",
		"text: Yes":                   "text: must be text; this is read as true or false, so put it in quotes",
		"text: [a]":                   "text: must be text; this is a list",
		"text: !x a":                  `text: must be text; this is read as of the type "!x", so put it in quotes`,
		"text:":                       "text: has no value; give it one, or leave the key out",
		"path: a":                     "path: must begin with a slash",
		"path: /a":                    "",
		"flag: yes":                   "",
		"flag: true":                  "",
		`flag: "true"`:                "flag: must be true or false; this is text",
		"number: 1":                   "",
		"number: 1.5":                 "number: must be a whole number; this is a number",
		"scalar: 1.5":                 "",
		"scalar: yes":                 "",
		"scalar: {}":                  "scalar: must be text or a number; this is a mapping",
		"any: {a: [b, {c: }]}":        "",
		"command: a b":                "",
		"command: [a, b]":             "",
		"command: [[a]]":              "command[0]: must be text; this is a list",
		"command: {}":                 "command: must be a command: text, or a list of words; this is a mapping",
		"texts: [a, a]":               "",
		"texts: [a, 1]":               "texts[1]: must be text; this is read as a number, so put it in quotes",
		"texts: a":                    "texts: must be a list; this is text",
		"set: [a, a]":                 "set[1]: is there twice; the system refuses that",
		"map: {a: 1, b: x}":           "map.b: must be a whole number; this is text",
		"inner: {kei: a}":             "inner.kei: is no key that the system knows; did you mean key?",
		"inner: {}":                   "",
		"inner: a":                    "inner: must be a mapping of keys to values; this is text",
		"{? [a] : b}":                 "a key must be a plain name",
		"- a":                         "must be a mapping of keys to values; this is a list",
		"a: &x {}\ninner: *x":         "a: is no key that the system knows; there are any, command, flag, inner, map, number, path, scalar, set, text, texts",
		"any: &x {kei: 1}\ninner: *x": "inner.kei: is no key that the system knows; did you mean key?",
		"inner: {<<: {key: a}}":       "inner: a key must be a plain name",
	} {
		var got string
		if found := shape.Check(text, model()); len(found) > 0 {
			got = strings.TrimPrefix(found[0].Path+": "+found[0].Message, ": ")
		}
		if got != want {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestOtherSpellingsAndEmptyValues(t *testing.T) {
	m := model()
	m.Empty, m.Canonical = true, func(key string) string { return strings.ToLower(key) }
	if found := shape.Check("TEXT: a\nflag:\n", m); len(found) != 0 {
		t.Errorf("%+v", found)
	}
}

// TestHostileTextIsBounded: neither memory nor the list of findings grows with
// what a text repeats, and what is shown can be shown.
func TestHostileTextIsBounded(t *testing.T) {
	laughs := "any: &a [x, x, x, x, x, x, x, x, x, x]\ntexts: [l]\n"
	var b strings.Builder
	b.WriteString("map:\n  a: &a0 [x]\n")
	for i := range 30 {
		fmt.Fprintf(&b, "  b%d: &a%d [*a%d, *a%d]\n", i, i+1, i, i)
	}
	recursive := shape.Shape{}
	for range 80 {
		recursive = shape.List(recursive)
	}
	nested := shape.Model{Root: recursive}
	for name, found := range map[string][]provision.Finding{
		"many keys":    shape.Check(strings.Repeat("k: 1\n", 100_000), model()),
		"laughs":       shape.Check(laughs+b.String(), model()),
		"own ancestor": shape.Check("&a [*a]", nested),
		"deep":         shape.Check(strings.Repeat("[", 70)+strings.Repeat("]", 70), nested),
		"deeper":       shape.Check("any: "+strings.Repeat("[", 200_000), model()),
		"control":      shape.Check("\"\\x1b[31m\\n\": 1", model()),
		"long key":     shape.Check(strings.Repeat("k", 1000)+": 1", model()),
		"no UTF-8":     shape.Check("a: \xff", model()),
		"large file":   shape.TooLarge(strings.Repeat("#", 3<<20)),
		"too large":    shape.Check(strings.Repeat("#", 17<<20), model()),
		"two":          shape.Check("text: a\n---\ntext: b", model()),
	} {
		if len(found) == 0 || len(found) > 50 {
			t.Errorf("%s: %d findings", name, len(found))
		}
		for _, f := range found {
			if strings.ContainsAny(f.Path+f.Message, "\x1b\n") || len(f.Path) > 4000 || len(f.Message) > 4000 {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
}

func TestErrorsJoinErrorsOnly(t *testing.T) {
	warning := provision.Finding{Severity: provision.SeverityWarning, Message: "w"}
	if err := shape.Errors([]provision.Finding{warning}); err != nil {
		t.Errorf("a warning became %v", err)
	}
	err := shape.Errors([]provision.Finding{warning, shape.Error(3, 1, "a.b", "is wrong"), shape.Error(0, 0, "", "all is wrong")})
	if err == nil || err.Error() != "line 3 a.b: is wrong\nall is wrong" {
		t.Errorf("got %v", err)
	}
}
