package terminal

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"distrolab/tui/screen"
	"distrolab/tui/style"
)

func plainLook() screen.Look {
	return screen.Look{Styles: style.NewStyles(true, colorprofile.NoTTY), Glyphs: style.Unicode()}
}

func colourLook() screen.Look {
	return screen.Look{Styles: style.NewStyles(true, colorprofile.TrueColor), Glyphs: style.Unicode()}
}

// shown is the screen as text, without spaces at the ends of lines.
func shown(t *Terminal) string {
	lines := t.Draw(0, plainLook()).Lines
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func TestWhatAGuestWritesIsShown(t *testing.T) {
	for name, c := range map[string]struct{ said, want string }{
		"lines":                     {"one\r\ntwo", "one\ntwo"},
		"a wrapped line":            {"0123456789ab", "0123456789\nab"},
		"a full line and a new one": {"0123456789\r\nx", "0123456789\nx"},
		"scrolling":                 {"1\r\n2\r\n3\r\n4\r\n5", "2\n3\n4\n5"},
		"overwriting":               {"12345\rab", "ab345"},
		"backspace":                 {"ab\b\bx", "xb"},
		"tabs":                      {"a\tb", "a       b"},
		"cursor address":            {"\x1b[2;3Hx", "\n  x"},
		"erase to the end":          {"hello\r\x1b[2C\x1b[K", "he"},
		"clear the screen":          {"hello\x1b[2J\x1b[Hx", "x"},
		"insert and delete":         {"abcd\r\x1b[2@\x1b[3C\x1b[P", "  acd"[:3] + "cd"},
		"wide characters":           {"漢字", "漢字"},
		"half of a wide one":        {"漢\rx", "x"},
		"a wide one at the edge":    {"123456789漢", "123456789\n漢"},
		"combining marks":           {"e\u0301x", "e\u0301x"},
		"broken utf-8":              {"a\xc3(b", "a?(b"},
		"line drawing":              {"\x1b(0lqk\x1b(B", "┌─┐"},
		"a region that scrolls":     {"a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[3;1H\nX", "a\nc\nX\nd"},
		"alternate screen and back": {"main\x1b[?1049hother\x1b[?1049l", "main"},
		"repeat":                    {"ab\x1b[3b", "abbbb"},
		"insert lines":              {"a\r\nb\x1b[1;1H\x1b[L", "\na\nb"},
		"delete lines":              {"a\r\nb\x1b[1;1H\x1b[M", "b"},
	} {
		term := New(10, 4)
		_, _ = term.Write([]byte(c.said))
		if got := shown(term); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestAGuestCannotLeaveItsPane(t *testing.T) {
	hostile := []string{
		"\x1b]52;c;ZXZpbA==\x07", "\x1b]0;title\x1b\\", "\x1b]8;;http://x\x07link\x1b]8;;\x07", "\x1bP1;2qpicture\x1b\\",
		"\x1b_Gkitty\x1b\\", "\x1b^pm\x1b\\", "\x1bXsos\x1b\\", "\x1b[c", "\x1b[>c", "\x1b[6n", "\x1b[?2026$p", "\x1b[18t", "\x1b[>q",
		"\x1b[?1000h\x1b[?1006h\x1b[?1004h\x1b[?2048h", "\x1b[99999;99999H@", "\x1b[99999999999999999999b", "\u202eleft\u2066",
		"\x9b31m\x9d52;c;x\x9c", "\x1bc", "\x05", "\x07\x07", strings.Repeat("\u0301", 5000), "\u200d\ufe0f👩\u200d👩\u200d👧🏽🇩🇪",
	}
	for _, look := range []screen.Look{plainLook(), colourLook()} {
		term := New(40, 10)
		for _, h := range hostile {
			_, _ = term.Write([]byte(h))
		}
		checkFrame(t, term.Draw(0, look), 40, 10)
	}
}

// checkFrame allows colour sequences and clean text of the frame's size.
func checkFrame(t *testing.T, f Frame, width, height int) {
	t.Helper()
	if len(f.Lines) != height {
		t.Fatalf("%d lines, want %d", len(f.Lines), height)
	}
	if f.X < 0 || f.X >= width || f.Cursor && (f.Y < 0 || f.Y >= height) {
		t.Fatalf("the cursor is at %d,%d of %dx%d", f.X, f.Y, width, height)
	}
	for _, l := range f.Lines {
		if w := ansi.StringWidth(l); w != width {
			t.Fatalf("%d cells, want %d: %q", w, width, l)
		}
		rest := l
		for rest != "" {
			seq, _, n, _ := ansi.DecodeSequence(rest, ansi.NormalState, nil)
			rest = rest[n:]
			if seq[0] < ' ' || seq[0] == 0x7f || len(seq) > 1 && seq[0] == 0xc2 && seq[1] < 0xa0 {
				if !strings.HasPrefix(seq, "\x1b[") || !strings.HasSuffix(seq, "m") {
					t.Fatalf("a sequence came out: %q in %q", seq, l)
				}
			}
		}
		if strings.ContainsAny(l, "\u200d\ufe0f\u202e\u2066") {
			t.Fatalf("a character that joins or turns came out: %q", l)
		}
	}
}

func TestColoursFollowTheProfile(t *testing.T) {
	said := "\x1b[1;31mred\x1b[0m \x1b[38;2;10;20;30mmixed\x1b[m \x1b[7mturned\x1b[m \x1b[38:5:200mnamed"
	for profile, want := range map[colorprofile.Profile]string{
		colorprofile.TrueColor: "\x1b[1;31mred\x1b[0m \x1b[38;2;10;20;30mmixed",
		colorprofile.ANSI:      "\x1b[1;31mred\x1b[0m \x1b[30mmixed",
		colorprofile.ASCII:     "\x1b[1mred\x1b[0m mixed\x1b[0m \x1b[7mturned",
		colorprofile.NoTTY:     "red mixed turned named",
	} {
		term := New(40, 2)
		_, _ = term.Write([]byte(said))
		line := term.Draw(0, screen.Look{Styles: style.NewStyles(true, profile), Glyphs: style.Unicode()}).Lines[0]
		if !strings.HasPrefix(line, want) {
			t.Errorf("%v: %q", profile, line)
		}
	}
}

// hose is what a chatty boot says.
func hose(size int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "[%12.6f] systemd[1]: \x1b[0;32mStarted\x1b[0m unit-%d.service - \x1b[0;1;39mA unit of the system\x1b[0m.\r\n", float64(i)/700, i)
	}
	return b.Bytes()
}

func TestScrollingBack(t *testing.T) {
	term := New(10, 3)
	for i := range 10 {
		fmt.Fprintf(term, "line %d\r\n", i)
	}
	f := term.Draw(4, plainLook())
	if got := strings.TrimSpace(f.Lines[0]); got != "line 4" || f.History != 8 || f.Cursor {
		t.Errorf("%q of %d rows, cursor %v", got, f.History, f.Cursor)
	}
	if got := term.Tail(2, plainLook()); strings.Join(got, "|") != "line 8|line 9" {
		t.Errorf("tail %q", got)
	}
}

func TestResizingKeepsWhatWasSaid(t *testing.T) {
	term := New(20, 6)
	for i := range 20 {
		fmt.Fprintf(term, "line %d\r\n", i)
	}
	_, _ = term.Write([]byte("prompt$ "))
	for _, size := range [][2]int{{20, 3}, {5, 10}, {1, 1}, {200, 60}, {20, 6}} {
		term.Resize(size[0], size[1])
		f := term.Draw(0, plainLook())
		checkFrame(t, f, size[0], size[1])
	}
	if got := shown(term); !strings.HasSuffix(got, "line 19\nprompt$") {
		t.Errorf("after resizing: %q", got)
	}
}

func TestKeysBecomeBytes(t *testing.T) {
	term := New(10, 3)
	for _, c := range []struct {
		key  tea.Key
		want string
	}{
		{tea.Key{Code: 'a', Text: "a"}, "a"}, {tea.Key{Code: 'c', Mod: tea.ModCtrl}, "\x03"}, {tea.Key{Code: tea.KeyEnter}, "\r"},
		{tea.Key{Code: tea.KeyUp}, "\x1b[A"}, {tea.Key{Code: 'x', Text: "x", Mod: tea.ModAlt}, "\x1bx"}, {tea.Key{Code: tea.KeyBackspace}, "\x7f"},
		{tea.Key{Code: tea.KeyF5}, "\x1b[15~"}, {tea.Key{Code: tea.KeySpace, Text: " "}, " "}, {tea.Key{Code: tea.KeyLeftShift}, ""},
	} {
		if got := string(term.Bytes(c.key)); got != c.want {
			t.Errorf("%v: %q, want %q", c.key, got, c.want)
		}
	}
	_, _ = term.Write([]byte("\x1b[?1h\x1b[?2004h"))
	if got := string(term.Bytes(tea.Key{Code: tea.KeyUp})); got != "\x1bOA" {
		t.Errorf("application arrows: %q", got)
	}
	if got := string(term.Paste("a\nb\x1b[201~")); got != "\x1b[200~a\rb[201~\x1b[201~" {
		t.Errorf("paste: %q", got)
	}
}

// TestAgreesWithAnotherEmulator compares the screen with x/vt's over what real
// programs say.
func TestAgreesWithAnotherEmulator(t *testing.T) {
	said := []string{
		string(hose(6000)),
		"\x1b[2J\x1b[1;1Hmenu\x1b[3;5H\x1b[7m choice \x1b[m\x1b[10;1H\x1b[1K done",
		"a\tb\tc\r\n\x1b[5Aup\x1b[3Bdown\x1b[10Dleft\x1b[2Cright\x1b[7Gcolumn\x1b[2drow",
		"\x1b[3;8r\x1b[8;1H1\n2\n3\x1b[2S\x1b[T\x1bM\x1b[r\x1b[12;1Hend",
		"0123456789\r\x1b[4P\x1b[2@\x1b[3X\x1b[0Kx\x1b[1;20H\x1b[1Jy",
		"\x1b[?1049h\x1b[2J\x1b[5;5Hfull screen\x1b[?1049l after",
		"日本語 and ünïcödé\r\nnext",
	}
	for i, text := range said {
		ours, theirs := New(40, 12), vt.NewEmulator(40, 12)
		_, _ = ours.Write([]byte(text))
		_, _ = theirs.Write([]byte(text))
		want := strings.Split(ansi.Strip(theirs.Render()), "\n")
		for j := range want {
			want[j] = strings.TrimRight(want[j], " \r")
		}
		if got, want := shown(ours), strings.TrimRight(strings.Join(want, "\n"), "\n"); got != want {
			t.Errorf("case %d: ours\n%s\ntheirs\n%s", i, got, want)
		}
	}
}

func FuzzConsole(f *testing.F) {
	for _, s := range []string{"plain\r\n", "\x1b[31mred", "\x1b]52;c;x\x07", "漢字e\u0301", "\x1b[?1049h\x1b[5;9r\x1b[99L\x1b[99M\x1b[2J",
		"\x1b(0abc\x1b#8\x1bc", "\x1b[4h漢\x1b[3P\x1b[2@x\x1b[3X", "\xf0\x9f\x91\xa9\xe2\x80\x8d", "\x1b[10b\x1b[6h\x1b[20h"} {
		f.Add([]byte(s), uint8(20), uint8(5))
	}
	f.Fuzz(func(t *testing.T, said []byte, width, height uint8) {
		term := New(int(width), int(height))
		_, _ = term.Write(said)
		w, h := max(int(width), 1), max(int(height), 1)
		checkFrame(t, term.Draw(0, colourLook()), w, h)
		term.Resize(w/2, h*2)
		_, _ = term.Write(said)
		checkFrame(t, term.Draw(3, plainLook()), max(w/2, 1), min(h*2, maxHeight))
	})
}

func TestWritingAndDrawingAtOnce(t *testing.T) {
	term, chunk := New(80, 24), hose(64<<10)
	var both sync.WaitGroup
	both.Go(func() {
		for range 20 {
			_, _ = term.Write(chunk)
		}
	})
	for i := range 50 {
		term.Draw(i, colourLook())
		term.Resize(60+i, 20+i%7)
	}
	both.Wait()
}

// BenchmarkFourConsoles is one frame of four consoles at 1 MB/s each: 50 kB
// into each of them, and one drawn. The budget is well below 50 ms.
func BenchmarkFourConsoles(b *testing.B) {
	chunk, look := hose(50_000), colourLook()
	var all [4]*Terminal
	for i := range all {
		all[i] = New(150, 50)
	}
	b.SetBytes(int64(4 * len(chunk)))
	b.ReportAllocs()
	for b.Loop() {
		for _, term := range all {
			_, _ = term.Write(chunk)
		}
		all[0].Draw(0, look)
	}
}

// TestGigabyteOfConsole lets a console say a gigabyte and looks at what is kept
// of it. With the race detector it is less, for the time that takes.
func TestGigabyteOfConsole(t *testing.T) {
	const most = 1 << 20 // what it may grow by, in bytes
	total := 1 << 30
	if raceDetector || testing.Short() {
		total = 64 << 20
	}
	term, chunk := New(150, 50), hose(1<<20)
	used := func() uint64 {
		var now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&now)
		return now.HeapAlloc
	}
	for range 16 { // until all the lines that it keeps are there
		_, _ = term.Write(chunk)
	}
	before := used()
	for said := 0; said < total; said += len(chunk) {
		_, _ = term.Write(chunk)
	}
	if after := used(); after > before+most {
		t.Errorf("the heap grew from %d to %d bytes", before, after)
	}
	checkFrame(t, term.Draw(0, plainLook()), 150, 50)
	if f := term.Draw(1<<30, plainLook()); f.Back != f.History || f.History > maxScrollback {
		t.Errorf("scrolled back %d of %d rows", f.Back, f.History)
	}
}
