package distros

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Schema returns the JSON Schema (2020-12) of a catalog file, for editors. It
// says which fields there are and which values they may have; what fields mean
// to each other only loading checks. catalog/schema.json holds the same text.
func Schema() ([]byte, error) {
	root := schemaOf(reflect.TypeFor[Distro](), "")
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "distrolab catalog entry"
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the catalog's schema: %w", err)
	}
	return append(text, '\n'), nil
}

// schemaOf describes a type; field is the path of yaml names to it.
func schemaOf(t reflect.Type, field string) map[string]any {
	switch t.Kind() {
	case reflect.Struct:
		return objectSchema(t, field)
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem(), field)}
	case reflect.Map:
		s := map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem(), field+".*")}
		if field == "boot.patterns" || field == "boot.missing" {
			s["propertyNames"] = map[string]any{"enum": Milestones()}
		}
		return s
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer", "minimum": 0}
	default:
		s := map[string]any{"type": "string", "maxLength": maxTextBytes}
		if values, ok := schemaEnums()[field]; ok {
			s = map[string]any{"enum": values}
		}
		return s
	}
}

func objectSchema(t reflect.Type, field string) map[string]any {
	properties, required := map[string]any{}, []string{}
	for f := range t.Fields() {
		name := yamlName(f)
		properties[name] = schemaOf(f.Type, strings.TrimPrefix(field+"."+name, "."))
		if !strings.Contains(f.Tag.Get("yaml"), ",omitempty") {
			required = append(required, name)
		}
	}
	return map[string]any{
		"type": "object", "properties": properties, "required": required, "additionalProperties": false,
	}
}

func schemaEnums() map[string][]string {
	return map[string][]string{
		"kind": kinds(), "support.state": supportStates(), "facts.key": criterionKeys(),
		"release.resolver": resolvers(), "config.format": formats(), "config.delivery.kind": deliveries(),
		"hardware.firmware": firmwares(), "hardware.cpu_level": cpuLevels(), "boot.finish": Milestones(),
	}
}
