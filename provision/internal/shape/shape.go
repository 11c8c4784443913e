// Package shape checks a YAML document against a model of what a system reads:
// which keys there are and what each may hold. It says every problem with its
// line, column and path, and what would be right.
//
// The formats that read a file of their own kind (k3OS, RancherOS) describe it
// with it. It is pure, bounded for hostile text, never shows a value, because
// values may be secrets, and may import provision.
package shape

// Model is what a system reads.
type Model struct {
	Root      Shape
	Canonical func(key string) string // other spellings of a key that the system takes; nil is none
	Empty     bool                    // whether a key without a value is accepted
}

// Shape is what may stand at one place.
type Shape struct {
	kind   kind
	fields map[string]Shape
	item   *Shape
	unique bool
	test   func(text string) string
}

type kind int

const (
	anything kind = iota
	text
	scalar
	boolean
	number
	list
	mapping
	object
	command
)

// Any accepts everything.
func Any() Shape { return Shape{} }

// Text is a string. The test, when there is one, returns what is wrong with
// it, or nothing; it must not repeat the string.
func Text(test func(text string) string) Shape { return Shape{kind: text, test: test} }

// Scalar is a string or a number, which the system reads as a string.
func Scalar() Shape { return Shape{kind: scalar} }

// Bool is true or false.
func Bool() Shape { return Shape{kind: boolean} }

// Number is a whole number.
func Number() Shape { return Shape{kind: number} }

// List is a list of equal things.
func List(item Shape) Shape { return Shape{kind: list, item: &item} }

// Set is a list of strings none of which is there twice.
func Set() Shape {
	s := List(Text(nil))
	s.unique = true
	return s
}

// Map has keys that a person chooses.
func Map(value Shape) Shape { return Shape{kind: mapping, item: &value} }

// Object has the keys that the system knows.
func Object(fields map[string]Shape) Shape { return Shape{kind: object, fields: fields} }

// Command is a string for the shell, or a list of words.
func Command() Shape { return Shape{kind: command} }

// want names the kind for a person.
func (s Shape) want() string {
	switch s.kind {
	case text:
		return "text"
	case scalar:
		return "text or a number"
	case boolean:
		return "true or false"
	case number:
		return "a whole number"
	case list:
		return "a list"
	case command:
		return "a command: text, or a list of words"
	}
	return "a mapping of keys to values"
}

// Field is the shape of an object's key.
func (s Shape) Field(key string) (Shape, bool) {
	field, ok := s.fields[key]
	return field, ok
}

// Below is the shape below a key, by any spelling of it; anything where there
// is none.
func (s Shape) Below(key string, canonical func(string) string) Shape {
	switch s.kind {
	case mapping:
		return *s.item
	case object:
		if field, ok := s.fields[key]; ok {
			return field
		}
		return s.fields[canonical(key)]
	}
	return Shape{}
}

// IsList reports whether it is a list.
func (s Shape) IsList() bool { return s.kind == list }

// IsBool reports whether it is true or false.
func (s Shape) IsBool() bool { return s.kind == boolean }
