package bottlerocket

import (
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// position is a place in a text, from 1; the zero value is unknown.
type position struct{ line, column int }

// positions finds where each key of a TOML text is, by its path as [conform]
// writes it. Keys of inline tables are not looked for: their line is that of
// the key they belong to.
func positions(text string) map[string]position {
	at := map[string]position{}
	var p unstable.Parser
	p.Reset([]byte(text))
	table, tables := "", map[string]int{}
	for p.NextExpression() {
		node := p.Expression()
		path, place := "", position{}
		for keys := node.Key(); keys.Next(); {
			key := keys.Node()
			path = below(path, string(key.Data))
			start := p.Shape(key.Raw).Start
			place = position{start.Line, start.Column}
			if node.Kind == unstable.KeyValue {
				note(at, join(table, path), place)
			}
		}
		switch node.Kind {
		case unstable.Table:
			table = inLast(tables, path)
			note(at, table, place)
		case unstable.ArrayTable:
			path = inLast(tables, path)
			note(at, path, place)
			table = fmt.Sprintf("%s[%d]", path, tables[path])
			tables[path]++
			note(at, table, place)
		}
	}
	return at
}

// note keeps the first place of a path.
func note(at map[string]position, path string, place position) {
	if _, seen := at[path]; !seen {
		at[path] = place
	}
}

func join(table, path string) string {
	if table == "" {
		return path
	}
	return table + "." + path
}

// inLast puts the path of a table below an array of tables into the array's
// last element.
func inLast(tables map[string]int, path string) string {
	for i := 0; i < len(path); i++ {
		if count, array := tables[path[:i]]; array && path[i] == '.' {
			element := fmt.Sprintf("[%d]", count-1)
			path = path[:i] + element + path[i:]
			i += len(element)
		}
	}
	return path
}

// find is the place of the path, or of the nearest key above it.
func find(at map[string]position, path string) position {
	for path != "" {
		if place, known := at[path]; known {
			return place
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return position{}
}
