package distros

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
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
		return textSchema(field)
	}
}

func textSchema(field string) map[string]any {
	if values, ok := schemaEnums()[field]; ok {
		return map[string]any{"enum": values}
	}
	s := map[string]any{"type": "string", "maxLength": maxTextBytes}
	if form, ok := schemaForms()[field]; ok {
		s["pattern"] = "^(" + form + ")$"
	}
	if field == "facts.value" {
		s["maxLength"] = maxValueRunes
	}
	return s
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
	s := map[string]any{
		"type": "object", "properties": properties, "required": required, "additionalProperties": false,
	}
	switch field {
	case "facts":
		s["allOf"] = classRules()
	case "release":
		s["allOf"] = resolverRules()
	}
	return s
}

// classRules say for each criterion which classes its facts have, so that an
// editor offers those.
func classRules() []any {
	var rules []any
	for _, c := range Criteria() {
		then := map[string]any{"properties": map[string]any{"class": false}}
		if c.Classed() {
			sure := map[string]any{"required": []string{"class"}}
			unsure := map[string]any{"required": []string{"unconfirmed"}, "properties": map[string]any{"unconfirmed": map[string]any{"const": true}}}
			then = map[string]any{"properties": map[string]any{"class": map[string]any{"enum": c.Classes}}, "anyOf": []any{sure, unsure}}
		}
		rules = append(rules, when("key", c.Key, then))
	}
	return rules
}

// resolverRules say which options a resolver has and cannot do without.
func resolverRules() []any {
	rules := []any{
		when("resolver", "none", map[string]any{"required": []string{"reason"}}),
		when("resolver", "checksums", map[string]any{"required": []string{"base_url"}}),
	}
	for _, name := range resolvers() {
		rules = append(rules, when("resolver", name, optionRule(resolverOptions()[name])))
	}
	return rules
}

func optionRule(known map[string]bool) map[string]any {
	if len(known) == 0 {
		return map[string]any{"properties": map[string]any{"options": false}}
	}
	properties, required := map[string]any{}, []string{}
	for _, option := range slices.Sorted(maps.Keys(known)) {
		properties[option] = map[string]any{"type": "string"}
		if values, ok := optionValues()[option]; ok {
			properties[option] = map[string]any{"enum": values}
		}
		if known[option] {
			required = append(required, option)
		}
	}
	options := map[string]any{"properties": properties, "required": required, "additionalProperties": false}
	return map[string]any{"properties": map[string]any{"options": options}, "required": []string{"options"}}
}

func when(property, value string, then map[string]any) map[string]any {
	return map[string]any{"if": map[string]any{"properties": map[string]any{property: map[string]any{"const": value}}}, "then": then}
}

func schemaForms() map[string]string {
	return map[string]string{
		"name": nameForm, "aliases": aliasForm, "facts.checked": dayForm,
		"support.since": dayForm, "support.until": dayForm, "support.extended_until": dayForm,
	}
}

func schemaEnums() map[string][]string {
	enums := map[string][]string{
		"kind": kinds(), "support.state": supportStates(), "facts.key": criterionKeys(),
		"release.resolver":  resolvers(),
		"hardware.firmware": firmwares(), "hardware.cpu_level": cpuLevels(), "boot.finish": Milestones(), "boot.faults.except": deliveries(),
	}
	for _, config := range []string{"config", "other_configs"} {
		enums[config+".format"] = formats()
		enums[config+".deliveries.kind"] = deliveries()
		enums[config+".deliveries.media"] = []string{MediaDisk, MediaCDROM}
	}
	for field, values := range userlands() {
		enums["userland."+field] = values
	}
	return enums
}
