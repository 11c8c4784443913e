package terminal

import (
	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
)

// Bytes is what a key sends to the guest; nil for one that has no bytes. The
// guest may have switched the arrows to their application mode.
func (t *Terminal) Bytes(key tea.Key) []byte {
	t.mu.Lock()
	application := t.em.applicationKeys
	t.mu.Unlock()
	if key.Mod&tea.ModCtrl != 0 {
		if b := controlByte(key.Code); b != nil {
			return withAlt(key, b)
		}
	}
	if key.Text != "" {
		return withAlt(key, []byte(key.Text))
	}
	if b := named(key, application); b != nil {
		return withAlt(key, b)
	}
	if key.Mod&tea.ModAlt != 0 && key.Code >= ' ' && key.Code < 0x7f {
		return []byte{0x1b, byte(key.Code)}
	}
	return nil
}

// Paste is what pasted text sends: in the guest's brackets when it asked for
// them, and without the sequence that would close them early.
func (t *Terminal) Paste(text string) []byte {
	clean := make([]byte, 0, len(text))
	for i := range len(text) {
		switch b := text[i]; {
		case b == '\n':
			clean = append(clean, '\r')
		case b >= ' ' && b != 0x7f || b == '\t' || b == '\r':
			clean = append(clean, b)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.em.bracketedPaste {
		return clean
	}
	return append(append([]byte("\x1b[200~"), clean...), "\x1b[201~"...)
}

func withAlt(key tea.Key, b []byte) []byte {
	if key.Mod&tea.ModAlt != 0 {
		return append([]byte{0x1b}, b...)
	}
	return b
}

func controlByte(code rune) []byte {
	switch {
	case code >= 'a' && code <= 'z':
		return []byte{byte(code) & 0x1f}
	case code >= '[' && code <= '_', code == '@':
		return []byte{byte(code) & 0x1f}
	case code == ' ':
		return []byte{0}
	}
	return nil
}

// named are the keys that a serial terminal of the xterm kind has.
func named(key tea.Key, application bool) []byte {
	arrow := func(letter string) []byte {
		if application {
			return []byte("\x1bO" + letter)
		}
		return []byte("\x1b[" + letter)
	}
	switch key.Code {
	case tea.KeyEnter, tea.KeyKpEnter:
		return []byte("\r")
	case tea.KeyBackspace:
		return []byte{0x7f}
	case tea.KeyTab:
		if key.Mod&tea.ModShift != 0 {
			return []byte("\x1b[Z")
		}
		return []byte("\t")
	case tea.KeyEscape:
		return []byte{0x1b}
	case tea.KeySpace:
		return []byte(" ")
	case tea.KeyUp:
		return arrow("A")
	case tea.KeyDown:
		return arrow("B")
	case tea.KeyRight:
		return arrow("C")
	case tea.KeyLeft:
		return arrow("D")
	case tea.KeyHome:
		return arrow("H")
	case tea.KeyEnd:
		return arrow("F")
	case tea.KeyInsert:
		return []byte("\x1b[2~")
	case tea.KeyDelete:
		return []byte("\x1b[3~")
	case tea.KeyPgUp:
		return []byte("\x1b[5~")
	case tea.KeyPgDown:
		return []byte("\x1b[6~")
	}
	return functionKey(key.Code)
}

func functionKey(code rune) []byte {
	names := []string{"OP", "OQ", "OR", "OS", "[15~", "[17~", "[18~", "[19~", "[20~", "[21~", "[23~", "[24~"}
	if code < tea.KeyF1 || code > tea.KeyF12 {
		return nil
	}
	return []byte("\x1b" + names[code-tea.KeyF1])
}
