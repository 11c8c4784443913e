package render

import (
	"fmt"
	"strings"
)

// UnsupportedFormatError says that a system's format has no renderer.
type UnsupportedFormatError struct {
	Format string // the system's format
	Note   string // the catalog's remark, may be empty
}

// Error names the format and what can be rendered instead.
func (e *UnsupportedFormatError) Error() string {
	text := fmt.Sprintf("its format %q cannot be rendered; distrolab renders %s", e.Format, strings.Join(Formats(), ", "))
	if e.Note != "" {
		text += " (" + e.Note + ")"
	}
	return text
}

// UnknownChoiceError says that a system does not offer what was asked for.
type UnknownChoiceError struct {
	Of      string   // "format" or "delivery"
	Asked   string   // what was asked for
	Choices []string // what there is
}

// Error names what there is.
func (e *UnknownChoiceError) Error() string {
	return fmt.Sprintf("it has no %s %q; it has %s", e.Of, e.Asked, strings.Join(e.Choices, ", "))
}
