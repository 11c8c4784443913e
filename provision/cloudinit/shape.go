package cloudinit

import "strings"

// kind is what a YAML value is to the reader of YAML 1.1 that cloud-init uses.
type kind uint8

const (
	text kind = 1 << iota
	flag      // true or false
	number
	null
	list
	mapping
	anything = text | flag | number | null | list | mapping
)

// String lists the kinds, such as "text or a list".
func (k kind) String() string {
	var names []string
	for _, n := range []struct {
		kind kind
		name string
	}{{text, "text"}, {flag, "true or false"}, {number, "a number"}, {null, "nothing"}, {list, "a list"}, {mapping, "a mapping"}} {
		if k&n.kind != 0 {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, " or ")
}

// shape is what a value may be.
type shape struct {
	kinds   kind
	keys    map[string]shape // of a mapping; nil: any
	item    *shape           // of a list; nil: anything
	words   []string         // the only texts allowed
	needs   []string         // keys that must be there
	instead string           // deprecated: what to write today
}

func of(k kind) shape { return shape{kinds: k} }

func words(allowed ...string) shape { return shape{kinds: text, words: allowed} }

func listOf(item shape) shape { return shape{kinds: list, item: &item} }

func deprecated(s shape, instead string) shape {
	s.instead = instead
	return s
}

// open is a mapping with any keys; closed one with these keys only.
func open() shape { return of(mapping) }

func closed(keys map[string]shape, needs ...string) shape {
	return shape{kinds: mapping, keys: keys, needs: needs}
}

// named is a mapping of which the names of the keys are known, not what they hold.
func named(keys ...string) shape {
	m := map[string]shape{}
	for _, k := range keys {
		m[k] = of(anything)
	}
	return closed(m)
}

// or adds kinds to a shape.
func or(s shape, k kind) shape {
	s.kinds |= k
	return s
}
