package app

import "distrolab/tui/difference"

// printDifference prints the answers part by part, then the configs.
func (a *application) printDifference(left, right rendition) error {
	v := a.view()
	return printLines(a.world.Out, difference.Lines(left.intent.Fields(), left.side(), right.side(), v.width, v.glyphs, v.styles))
}

// side is one side of a difference.
func (r rendition) side() difference.Side {
	return difference.Side{Name: r.name(), Format: formatWords(r), Config: r.config}
}

// name is the system, and its format where that is not its own.
func (r rendition) name() string {
	if r.target.Profile.Format != r.distro.Config.Format {
		return r.distro.Name + ":" + r.target.Profile.Format
	}
	return r.distro.Name
}
