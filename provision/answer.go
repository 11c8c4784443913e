package provision

import "strings"

// Answer is how one system does a part of an intent: what happens, what cannot
// be done, or both where the part was split.
type Answer struct {
	Does   []string `json:"does,omitempty"`
	Cannot []Gap    `json:"cannot,omitempty"`
}

// Answer collects what the config says of a field and of parts of it.
func (c Config) Answer(field string) Answer {
	var a Answer
	for _, s := range c.Steps {
		for _, f := range s.Fields {
			if Concerns(f, field) {
				a.Does = append(a.Does, s.Does)
				break
			}
		}
	}
	for _, g := range c.Gaps {
		if Concerns(g.Field, field) {
			a.Cannot = append(a.Cannot, g)
		}
	}
	return a
}

// Concerns reports whether a path is a field, a part of it, or the whole that
// it is a part of.
func Concerns(path, field string) bool {
	return path == field || Below(path, field) || Below(field, path)
}

// Below reports whether a path is a part of a field: users[0].name of users[0].
func Below(path, field string) bool {
	rest, found := strings.CutPrefix(path, field)
	return found && rest != "" && (rest[0] == '.' || rest[0] == '[')
}
