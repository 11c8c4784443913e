// Package prose fits sentences into columns: it folds and shortens them at the
// places where a reader minds least. Texts are plain: without styles, cleaned
// before by whoever knows where they come from. Its functions are pure.
package prose

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Fold breaks text into lines of at most width cells at spaces, but not between
// a number and its unit. Words that are
// longer, such as addresses, are broken too, after a mark that separates their
// parts if there is one.
func Fold(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range words(text) {
		if line != "" && ansi.StringWidth(line)+1+ansi.StringWidth(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
		for ansi.StringWidth(line) > width {
			head := ansi.Truncate(line, max(1, width), "")
			if cut := strings.LastIndexAny(head, "/:-_.?&=") + 1; cut > len(head)/2 {
				head = head[:cut]
			}
			if head == "" {
				break // its first character is too wide
			}
			lines, line = append(lines, head), line[len(head):]
		}
	}
	return append(lines, line)
}

// words are what a line may be broken between.
func words(text string) []string {
	var list []string
	for _, word := range strings.Fields(text) {
		if last := len(list) - 1; last >= 0 && isUnit(word) && endsInDigit(list[last]) {
			list[last] += " " + word
			continue
		}
		list = append(list, word)
	}
	return list
}

func isUnit(word string) bool {
	switch strings.TrimRight(word, ".,:;)") {
	case "%", "s", "ms", "min", "h", "MiB", "GiB", "KiB", "MB":
		return true
	}
	return false
}

func endsInDigit(word string) bool {
	last := word[len(word)-1]
	return '0' <= last && last <= '9'
}

// Shorten cuts text to a number of cells, at a space where that loses little,
// and says so by an ellipsis.
func Shorten(text string, width int, ellipsis string) string {
	if ansi.StringWidth(text) <= width {
		return text
	}
	room := width - ansi.StringWidth(ellipsis)
	if room < 0 {
		return ""
	}
	head := ansi.Truncate(text, room, "")
	if cut := strings.LastIndexByte(head, ' '); cut > len(head)/2 && text[len(head)] != ' ' {
		head = head[:cut]
	}
	return strings.TrimRight(head, " ,;(+") + ellipsis
}

// Broken cuts text into pieces of a width, wherever that is: for what is code.
func Broken(text string, width int) []string {
	var pieces []string
	for ansi.StringWidth(text) > width {
		head := ansi.Truncate(text, width, "")
		if head == "" {
			break
		}
		pieces, text = append(pieces, head), text[len(head):]
	}
	return append(pieces, text)
}

// Pad fills text with spaces up to a width.
func Pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-ansi.StringWidth(text)))
}
