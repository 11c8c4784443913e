package score

import (
	"encoding/json"
	"fmt"
)

// Schema returns the JSON Schema (2020-12) of a profile, for editors. It knows
// the classes of every key, so that an editor can complete them; what only
// reading checks, such as names given twice, it does not say.
// profiles/schema.json holds the same text.
func Schema() ([]byte, error) {
	name := object{"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,31}$"}
	root := closed([]string{"name", "title", "for", "criteria"}, object{
		"name": name, "title": text(), "for": text(),
		"systems":    systemsSchema(),
		"criteria":   object{"type": "array", "items": criterionSchema(name), "minItems": 1, "maxItems": maxCriteria},
		"disqualify": object{"type": "array", "items": ruleSchema()},
	})
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "distrolab score profile"
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the schema of profiles: %w", err)
	}
	return append(out, '\n'), nil
}

type object = map[string]any

func text() object { return object{"type": "string", "minLength": 1, "maxLength": 1000} }

func grade() object { return object{"type": "number", "minimum": 0, "maximum": 1} }

func grades() object {
	return object{"type": "object", "additionalProperties": grade(), "minProperties": 1}
}

func closed(required []string, properties object) object {
	return object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

func someOf(values []string) object {
	return object{"type": "array", "items": object{"enum": values}, "minItems": 1}
}

func systemsSchema() object {
	properties := object{kindKey: someOf(kinds())}
	for _, c := range classed() {
		properties[c.Key] = someOf(c.Classes)
	}
	return closed([]string{}, properties)
}

func criterionSchema(name object) object {
	value := object{"type": "number", "minimum": 0}
	s := closed([]string{"weight"}, object{
		"name": name, "title": text(), "weight": object{"type": "number", "minimum": 0, "maximum": maxWeight},
		"key": keySchema(), "grades": grades(), "unknown": grade(),
		"parts":   object{"type": "array", "items": partSchema(), "minItems": 1, "maxItems": maxCriteria},
		"measure": object{"enum": Measures()}, "best": value, "worst": value,
	})
	s["oneOf"] = []object{
		{"required": []string{"key", "grades"}},
		{"required": []string{"name", "parts"}},
		{"required": []string{"measure"}},
	}
	s["dependentRequired"] = object{"best": []string{"measure", "worst"}, "worst": []string{"measure", "best"}, "grades": []string{"key"}}
	s["allOf"] = byKey(func(classes []string) object {
		return object{"grades": object{"propertyNames": object{"enum": classes}}}
	})
	return s
}

func partSchema() object {
	s := closed([]string{"key", "grades"}, object{
		"key": keySchema(), "grades": grades(), "unknown": grade(),
		"share": object{"type": "number", "exclusiveMinimum": 0, "maximum": maxWeight},
	})
	s["allOf"] = byKey(func(classes []string) object {
		return object{"grades": object{"propertyNames": object{"enum": classes}}}
	})
	return s
}

func ruleSchema() object {
	s := closed([]string{"key", "is", "reason"}, object{
		"key": keySchema(), "is": object{"type": "array", "minItems": 1}, "reason": text(),
	})
	s["allOf"] = byKey(func(classes []string) object {
		return object{"is": object{"items": object{"enum": classes}}}
	})
	return s
}

func keySchema() object {
	var keys []string
	for _, c := range classed() {
		keys = append(keys, c.Key)
	}
	return object{"enum": keys}
}

// byKey says what else holds for each key.
func byKey(properties func(classes []string) object) []object {
	var all []object
	for _, c := range classed() {
		all = append(all, object{
			"if":   object{"properties": object{"key": object{"const": c.Key}}, "required": []string{"key"}},
			"then": object{"properties": properties(c.Classes)},
		})
	}
	return all
}
