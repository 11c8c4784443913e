package talosapi

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of foreign texts, in bytes.
const (
	maxText = 400     // that is kept
	maxRead = 8 << 10 // that is looked at
)

// bounded makes a foreign text safe to show: one line, printable, short.
func bounded(text string) string { return cut(flat(text)) }

// flat is the beginning of a text as one printable line.
func flat(text string) string {
	if len(text) > maxRead {
		text = text[:maxRead]
		// A word that is cut may be a secret that is not known any more.
		text = text[:strings.LastIndexFunc(text, unicode.IsSpace)+1]
	}
	var b strings.Builder
	blank := false
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			blank = true
			continue
		case r == utf8.RuneError || !unicode.IsPrint(r):
			r = '?'
		}
		if blank && b.Len() > 0 {
			b.WriteByte(' ')
		}
		blank = false
		b.WriteRune(r)
	}
	return b.String()
}

// cut shortens a flat text.
func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	end := maxText
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// boundedAll does so with a list, which is cut too.
func boundedAll(texts []string) []string {
	const most = 20
	var all []string
	for _, text := range texts[:min(len(texts), most)] {
		if text = bounded(text); text != "" {
			all = append(all, text)
		}
	}
	return all
}
