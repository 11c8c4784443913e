package distros

import (
	"bytes"
	"fmt"
)

// Bounds of how deep a file nests: the YAML library takes a minute for 60,000
// brackets, and more for as many dashes.
const (
	maxOpenBrackets = 500
	maxLineBytes    = 4 << 10 // blocks nest by indentation
)

// tooDeep says what in a text could nest too deep to be parsed; empty: nothing.
func tooDeep(text []byte) string {
	if open := openBrackets(text); open > maxOpenBrackets {
		return fmt.Sprintf("opens %d brackets before it closes them; no file needs more than %d", open, maxOpenBrackets)
	}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if len(line) > maxLineBytes {
			return fmt.Sprintf("has %d bytes in line %d; at most %d are allowed", len(line), number, maxLineBytes)
		}
	}
	return ""
}

// openBrackets is the largest number of brackets that are open at one place.
// Those inside of texts count too, which does no harm.
func openBrackets(text []byte) int {
	open, most := 0, 0
	for _, b := range text {
		switch b {
		case '[', '{':
			open++
		case ']', '}':
			open = max(0, open-1)
		}
		most = max(most, open)
	}
	return most
}
