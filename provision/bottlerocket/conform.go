package bottlerocket

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
)

// problem is one thing that the system refuses, or of which a person should
// know.
type problem struct {
	path    string // keys, joined by dots
	message string
	warning bool // the system takes it
}

// conform compares a decoded TOML value with a type of the model and returns
// everything that the system would refuse: it ends at the first, a person
// wants to see them all.
func conform(value any, kind reflect.Type) []problem {
	c := &conformer{}
	c.value("", value, kind, "")
	return c.found
}

type conformer struct{ found []problem }

func (c *conformer) add(path, message string, args ...any) {
	if len(c.found) < maxFindings {
		c.found = append(c.found, problem{path: path, message: fmt.Sprintf(message, args...)})
	}
}

// value checks one; the tag is that of the field it is in.
func (c *conformer) value(path string, value any, kind reflect.Type, tag reflect.StructTag) {
	if kind.Kind() == reflect.Interface {
		switch or := tag.Get("or"); or {
		case "": // a table of which the system's model is not written down here
		case "host entry":
			c.hostEntry(path, value)
		default:
			c.union(path, value, or)
		}
		return
	}
	switch kind.Kind() {
	case reflect.Pointer:
		c.value(path, value, kind.Elem(), tag)
	case reflect.Struct:
		c.table(path, value, kind)
	case reflect.Map:
		c.mapping(path, value, kind, tag)
	case reflect.Slice:
		list, ok := value.([]any)
		if !ok {
			c.add(path, "must be a list, not %s", named(value))
			return
		}
		for i, item := range list {
			c.value(fmt.Sprintf("%s[%d]", path, i), item, kind.Elem(), tag)
		}
	default:
		c.scalar(path, value, kind.Kind(), tag.Get("is"))
	}
}

// table checks the keys of a table that has a fixed set of them.
func (c *conformer) table(path string, value any, kind reflect.Type) {
	keys, ok := value.(map[string]any)
	if !ok {
		c.add(path, "must be a table, not %s", named(value))
		return
	}
	fields := map[string]reflect.StructField{}
	for i := range kind.NumField() {
		name, _, _ := strings.Cut(kind.Field(i).Tag.Get("toml"), ",")
		fields[name] = kind.Field(i)
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		field, known := fields[key]
		if !known {
			c.add(below(path, key), "there is no such setting%s", nearest(key, slices.Collect(maps.Keys(fields))))
			continue
		}
		c.value(below(path, key), keys[key], field.Type, field.Tag)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if _, there := keys[name]; !there && fields[name].Tag.Get("need") != "" {
			c.add(path, "%s is missing", name)
		}
	}
}

// mapping checks a table whose keys are a person's own.
func (c *conformer) mapping(path string, value any, kind reflect.Type, tag reflect.StructTag) {
	keys, ok := value.(map[string]any)
	if !ok {
		c.add(path, "must be a table, not %s", named(value))
		return
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if must := wordProblem(tag.Get("keys"), key); must != "" {
			c.add(below(path, key), "the key %s", must)
		}
		c.value(below(path, key), keys[key], kind.Elem(), tag)
	}
}

func (c *conformer) scalar(path string, value any, kind reflect.Kind, is string) {
	switch v := value.(type) {
	case string:
		if kind != reflect.String {
			c.add(path, "must be %s, not a text; leave the quotes out", typeName(kind))
		} else if must := wordProblem(is, v); must != "" {
			c.add(path, "%s", must)
		}
	case int64:
		if kind != reflect.Int64 {
			c.add(path, "must be %s, not a number", typeName(kind))
		} else if low, high := bounds(is); v < low || v > high {
			c.add(path, "must be from %d to %d", low, high)
		}
	case bool:
		if kind != reflect.Bool {
			c.add(path, "must be %s, not true or false", typeName(kind))
		}
	default:
		c.add(path, "must be %s, not %s", typeName(kind), named(value))
	}
}

// union accepts a value of several shapes. What it says of one that fits none
// is what the nearest shape says.
func (c *conformer) union(path string, value any, name string) {
	var first []problem
	similar := false // first is of a shape that is decoded as the value is
	for i, shape := range unions(name) {
		attempt := &conformer{}
		attempt.value(path, value, shape.kind, shape.tag)
		if len(attempt.found) == 0 {
			return
		}
		if fits := reflect.TypeOf(value).Kind() == shape.decoded; i == 0 || fits && !similar {
			first, similar = attempt.found, fits
		}
	}
	for _, p := range first {
		c.add(p.path, "%s", p.message)
	}
}

// hostEntry is a line of /etc/hosts: a list of two, of which the second is a
// list itself.
func (c *conformer) hostEntry(path string, value any) {
	pair, _ := value.([]any)
	if len(pair) != 2 {
		c.add(path, `must be an address and a list of names, such as ["10.0.0.1", ["a.lab"]]`)
		return
	}
	c.value(path+"[0]", pair[0], reflect.TypeFor[string](), `is:"address"`)
	c.value(path+"[1]", pair[1], reflect.TypeFor[[]string](), `is:"hostname"`)
}

// shape is one of those that a value may have.
type shape struct {
	kind    reflect.Type
	decoded reflect.Kind // as which TOML decodes it
	tag     reflect.StructTag
}

// unions lists the shapes of the values that have several.
func unions(name string) []shape {
	text, list, number, flag, table := reflect.String, reflect.Slice, reflect.Int64, reflect.Bool, reflect.Map
	switch name {
	case "addresses":
		return []shape{{reflect.TypeFor[string](), text, `is:"address"`}, {reflect.TypeFor[[]string](), list, `is:"address"`}}
	case "taints":
		return []shape{{reflect.TypeFor[[]string](), list, `is:"taint"`}, {reflect.TypeFor[string](), text, `is:"taint"`}}
	case "mirrors":
		return []shape{{reflect.TypeFor[[]registryMirror](), list, ""}, {reflect.TypeFor[map[string][]string](), table, `keys:"line" is:"url"`}}
	case "percent":
		return []shape{{reflect.TypeFor[int64](), number, `is:"percent"`}, {reflect.TypeFor[string](), text, `is:"percent"`}}
	case "limit":
		return []shape{{reflect.TypeFor[int64](), number, `is:"natural"`}, {reflect.TypeFor[string](), text, `is:"unlimited"`}}
	case "time servers":
		return []shape{{reflect.TypeFor[[]string](), list, `is:"url"`}, {reflect.TypeFor[[]timeServer](), list, ""}, {reflect.TypeFor[map[string]*timeServer](), table, `keys:"identifier"`}}
	case "bytes":
		return []shape{{reflect.TypeFor[int64](), number, ""}, {reflect.TypeFor[string](), text, `is:"line"`}}
	case "dhcp4":
		return []shape{{reflect.TypeFor[bool](), flag, ""}, {reflect.TypeFor[dhcp4Options](), table, ""}}
	case "dhcp6":
		return []shape{{reflect.TypeFor[bool](), flag, ""}, {reflect.TypeFor[dhcp6Options](), table, ""}}
	}
	return nil
}

// bounds are those of the system's own number types.
func bounds(is string) (low, high int64) {
	switch is {
	case "u8":
		return 0, math.MaxUint8
	case "u32":
		return 0, math.MaxUint32
	case "i32":
		return math.MinInt32, math.MaxInt32
	case "natural":
		return 0, math.MaxInt32
	case "percent":
		return 0, 100
	case "vlan":
		return 0, 4094
	}
	return math.MinInt64, math.MaxInt64
}

// below appends a key to a path, quoted where a dot would mislead.
func below(path, key string) string {
	if len(key) > 100 {
		key = key[:100] + "…"
	}
	if key == "" || strings.ContainsAny(key, ". \t\n\"'[]") {
		key = fmt.Sprintf("%q", key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func typeName(kind reflect.Kind) string {
	switch kind {
	case reflect.String:
		return "a text in quotes"
	case reflect.Bool:
		return "true or false"
	}
	return "a whole number"
}

func named(value any) string {
	switch value.(type) {
	case string:
		return "a text"
	case int64:
		return "a number"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "a value of this kind"
}

// nearest proposes a key that was perhaps meant.
func nearest(key string, known []string) string {
	slices.Sort(known)
	plain := func(s string) string { return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(s)) }
	for _, k := range known {
		if plain(k) == plain(key) || len(key) > 3 && strings.HasPrefix(plain(k), plain(key)) {
			return fmt.Sprintf("; did you mean %s?", k)
		}
	}
	if len(known) > 12 {
		return ""
	}
	return "; here are " + strings.Join(known, ", ")
}
