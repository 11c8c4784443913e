package app

import "path/filepath"

// configDir is where the person keeps own entries, profiles and keys.
func (a *application) configDir() string {
	dir := a.world.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(a.world.Getenv("HOME"), ".config")
	}
	return filepath.Join(dir, "distrolab")
}
