package tui

import (
	"fmt"
	"slices"
	"strings"

	"distrolab/tui/screen"
)

// Keys are the keys of the app as tables in Markdown: those that work
// everywhere, then those of each screen as it opens. The manual holds them.
func Keys(m *Model) string {
	var b strings.Builder
	keyTable(&b, groupEverywhere, m.everywhere())
	for i, s := range m.screens {
		keyTable(&b, fmt.Sprintf("%s (key %d)", screenTitle(s.ID()), number(s.ID(), i)), s.Actions())
	}
	return b.String()
}

func keyTable(b *strings.Builder, heading string, actions []screen.Action) {
	fmt.Fprintf(b, "### %s\n\n| key | does | |\n|---|---|---|\n", heading)
	for _, a := range actions {
		keys := make([]string, len(a.Keys))
		for i, k := range a.Keys {
			keys[i] = "`" + strings.ReplaceAll(k, "|", `\|`) + "`"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", strings.Join(keys, " "), a.Title, a.Help)
	}
	b.WriteString("\n")
}

// Clashes are keys of screens that the frame has for itself or that terminals
// and multiplexers take, as sentences; there should be none.
func Clashes(m *Model) []string {
	taken := map[string]string{"ctrl+b": "tmux", "ctrl+s": "terminals", "ctrl+q": "terminals", "ctrl+p": "containers", "ctrl+o": "terminals", "ctrl+j": "terminals"}
	for _, a := range m.everywhere() {
		for _, k := range a.Keys {
			if k != "esc" { // a screen goes back inside itself first
				taken[k] = "the frame"
			}
		}
	}
	var clashes []string
	for _, s := range m.screens {
		seen := map[string]string{}
		for _, a := range s.Actions() {
			for _, k := range a.Keys {
				if by := taken[k]; by != "" {
					clashes = append(clashes, fmt.Sprintf("%s: %s has the key %s of %s", s.ID(), a.ID, k, by))
				}
				if other := seen[k]; other != "" {
					clashes = append(clashes, fmt.Sprintf("%s: %s and %s have the key %s", s.ID(), other, a.ID, k))
				}
				seen[k] = a.ID
			}
		}
	}
	slices.Sort(clashes)
	return clashes
}
