package score

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed profiles/*.yaml
var embedded embed.FS

// Default is the profile used when none is named.
const Default = "managed-kubernetes"

// BuiltinNames returns the names of the embedded profiles, the default first.
func BuiltinNames() ([]string, error) {
	files, err := fs.Glob(embedded, "profiles/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing the profiles: %w", err)
	}
	names := []string{Default}
	for _, f := range files {
		if name := strings.TrimSuffix(path.Base(f), ".yaml"); name != Default {
			names = append(names, name)
		}
	}
	return names, nil
}

// BuiltinText returns the YAML of an embedded profile, for people to begin
// their own from; false if there is none of that name.
func BuiltinText(name string) ([]byte, bool) {
	names, err := BuiltinNames()
	if err != nil || !slices.Contains(names, name) {
		return nil, false
	}
	text, err := embedded.ReadFile("profiles/" + name + ".yaml")
	return text, err == nil
}
