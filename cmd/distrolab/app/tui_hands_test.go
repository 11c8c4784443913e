package app

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"distrolab/tui"
	"distrolab/tui/style"
)

// pressable are the keys that hands find. What they start is never run here.
func pressable() []tea.KeyPressMsg {
	var all []tea.KeyPressMsg
	for _, r := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/:?+-=.,[] é日" {
		all = append(all, tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	for _, code := range []rune{tea.KeyEnter, tea.KeyEsc, tea.KeyTab, tea.KeyUp, tea.KeyDown, tea.KeyLeft, tea.KeyRight,
		tea.KeyPgUp, tea.KeyPgDown, tea.KeyHome, tea.KeyEnd, tea.KeyBackspace, tea.KeyDelete, tea.KeySpace} {
		k := tea.KeyPressMsg{Code: code}
		if code == tea.KeySpace {
			k.Text = " "
		}
		all = append(all, k, k, k) // more often than letters
	}
	return append(all, tea.KeyPressMsg{Code: tea.KeyTab, Mod: tea.ModShift}, tea.KeyPressMsg{Code: 'k', Mod: tea.ModCtrl},
		tea.KeyPressMsg{Code: 'u', Mod: tea.ModCtrl}, tea.KeyPressMsg{Code: ']', Mod: tea.ModCtrl})
}

// Whatever hands do, in whatever terminal, the real screens do not panic and
// stay inside it.
func TestWildHands(t *testing.T) {
	keys := pressable()
	rapid.Check(t, func(r *rapid.T) {
		m := realApp(t)
		size := tea.WindowSizeMsg{Width: 120, Height: 36}
		m.Update(size)
		var trace []string
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			switch rapid.IntRange(0, 19).Draw(r, "kind") {
			case 0:
				size = tea.WindowSizeMsg{Width: rapid.IntRange(1, 240).Draw(r, "width"), Height: rapid.IntRange(1, 80).Draw(r, "height")}
				m.Update(size)
				trace = append(trace, "resize")
			case 1:
				click := tea.MouseClickMsg{X: rapid.IntRange(0, 239).Draw(r, "x"), Y: rapid.IntRange(0, 79).Draw(r, "y"), Button: tea.MouseLeft}
				m.Update(click)
				trace = append(trace, "click")
			case 2:
				m.Update(tea.MouseWheelMsg{X: rapid.IntRange(0, 239).Draw(r, "x"), Y: rapid.IntRange(0, 79).Draw(r, "y"), Button: tea.MouseWheelDown})
				trace = append(trace, "wheel")
			case 3:
				m.Update(tea.PasteMsg{Content: "Straße \x1b[2J\n日本語 e\u0301 \u202e"})
				trace = append(trace, "paste")
			default:
				k := keys[rapid.IntRange(0, len(keys)-1).Draw(r, "key")]
				m.Update(k)
				trace = append(trace, k.String())
			}
			lines := strings.Split(m.View().Content, "\n")
			if len(lines) > size.Height {
				r.Fatalf("%d lines in %dx%d after %q", len(lines), size.Width, size.Height, trace)
			}
			for i, l := range lines {
				if w := ansi.StringWidth(l); w > size.Width {
					r.Fatalf("line %d is %d wide in %dx%d after %q", i, w, size.Width, size.Height, trace)
				}
				if strings.Contains(ansi.Strip(l), "\x1b") {
					r.Fatalf("line %d holds a control character after %q: %q", i, trace, l)
				}
			}
		}
	})
}

// BenchmarkScreens is a key and its frame on each screen, at 200 by 60.
func BenchmarkScreens(b *testing.B) {
	for i, name := range []string{"catalog", "compare", "config", "labs", "bench", "results"} {
		b.Run(name, func(b *testing.B) {
			m := benchApp(b)
			m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
			key := rune('1' + i)
			m.Update(tea.KeyPressMsg{Code: key, Text: string(key)})
			m.View()
			for n := 0; b.Loop(); n++ {
				code := tea.KeyDown
				if n%20 >= 10 {
					code = tea.KeyUp
				}
				m.Update(tea.KeyPressMsg{Code: code})
				m.View()
			}
		})
	}
}

func benchApp(b *testing.B) *tui.Model { return appOf(b, style.Unicode()) }

// BenchmarkFirstFrame is what the app itself does until its first frame is
// there: the catalog is read, the screens are made, one is drawn.
func BenchmarkFirstFrame(b *testing.B) {
	for b.Loop() {
		m := benchApp(b)
		m.Init()
		m.Update(tea.WindowSizeMsg{Width: 120, Height: 36})
		if m.View().Content == "" {
			b.Fatal("nothing is drawn")
		}
	}
}
