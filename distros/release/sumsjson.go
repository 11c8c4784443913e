package release

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
)

// maxDepth bounds how deep a JSON list may nest; the deepest known has six.
const maxDepth = 32

// readJSONSums finds digests in JSON whose shape is not known: a file and its
// digest belong together if they are values inside one object, and no smaller
// object holds such a pair. That fits Oracle's {"kvm": {"image": …, "sha256":
// …}} as well as Debian's items, where both lie deeper.
func readJSONSums(list []byte, digits int, wanted func(name string) bool) ([]listed, error) {
	var root any
	if err := json.Unmarshal(list, &root); err != nil {
		return nil, err
	}
	found := newFindings(digits, wanted)
	if _, err := found.walk(root, maxDepth); err != nil {
		return nil, err
	}
	return found.all(), nil
}

// loose are names and digests below a value that found no partner there.
type loose struct {
	names   map[string]bool
	digests map[string]bool
}

func (f *findings) walk(value any, depth int) (loose, error) {
	here := loose{names: map[string]bool{}, digests: map[string]bool{}}
	if depth == 0 {
		return here, nil
	}
	switch v := value.(type) {
	case string:
		if digest := digestValue(v, f.digits); digest != "" {
			here.digests[digest] = true
		} else if name := path.Base(v); f.wanted(name) {
			here.names[name] = true
		}
	case []any:
		for _, item := range v {
			below, err := f.walk(item, depth-1)
			if err != nil {
				return here, err
			}
			here.join(below)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			below, err := f.walk(v[key], depth-1)
			if err != nil {
				return here, err
			}
			here.join(below)
		}
		return f.pair(here)
	}
	return here, nil
}

func (l loose) join(other loose) {
	maps.Copy(l.names, other.names)
	maps.Copy(l.digests, other.digests)
}

// pair takes what an object holds, if it is names and digests.
func (f *findings) pair(l loose) (loose, error) {
	if len(l.names) == 0 || len(l.digests) == 0 {
		return l, nil
	}
	for name := range l.names {
		for digest := range l.digests {
			if err := f.add(name, digest); err != nil {
				return l, err
			}
		}
	}
	return loose{names: map[string]bool{}, digests: map[string]bool{}}, nil
}
