package tui

import (
	"testing"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/screen"
)

// many is an app that knows 10,000 things, 200 by 60.
func many() *Model {
	r := newRoom(screen.Catalog, "Flatcar")
	r.finds = 10_000
	m := app("colour", r)
	m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	return m
}

func BenchmarkPaletteOpens(b *testing.B) {
	m := many()
	for b.Loop() {
		m.layers = nil
		m.openPalette()
		m.View()
	}
}

// BenchmarkPaletteKey is from a key to the frame with its matches.
func BenchmarkPaletteKey(b *testing.B) {
	m := many()
	m.openPalette()
	m.View()
	for b.Loop() {
		m.Update(keyNamed("d"))
		m.View()
		m.Update(tea.KeyPressMsg{Code: tea.KeyBackspace})
		m.View()
	}
}

// BenchmarkKeyToFrame is a key that the screen takes, at 200 by 60.
func BenchmarkKeyToFrame(b *testing.B) {
	m := full("colour")
	m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	for b.Loop() {
		m.Update(keyNamed("down"))
		m.View()
	}
}
