package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"distrolab/labs/report"
	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
)

// castEvent is one line of a cast after its head.
type castEvent struct {
	At   float64
	Text string
}

// readCast reads an asciicast by its definition.
func readCast(t interface{ Fatalf(string, ...any) }, text string) (map[string]any, []castEvent) {
	var head map[string]any
	var events []castEvent
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if i == 0 {
			if err := json.Unmarshal([]byte(line), &head); err != nil {
				t.Fatalf("head %q: %v", line, err)
			}
			continue
		}
		var event [3]any
		if err := json.Unmarshal([]byte(line), &event); err != nil || event[1] != "o" {
			t.Fatalf("line %d is %q: %v", i, line, err)
		}
		events = append(events, castEvent{event[0].(float64), event[2].(string)})
	}
	return head, events
}

// piece is one read of a console.
type piece struct {
	at   time.Duration
	text string
}

// castOf writes the pieces as a run's logs, and those as a cast.
func castOf(pieces []piece) (string, error) {
	var console, stamps, out bytes.Buffer
	for _, p := range pieces {
		fmt.Fprintf(&stamps, `{"offset":%d,"n":%d,"t_ns":%d}`+"\n", console.Len(), len(p.text), p.at)
		console.WriteString(p.text)
	}
	_, runs := resultstest.Session(1)
	err := report.WriteCast(&out, runs[0], &console, &stamps)
	return out.String(), err
}

func textOf(events []castEvent) string {
	var b strings.Builder
	for _, e := range events {
		b.WriteString(e.Text)
	}
	return b.String()
}

func TestCastShowsWhatDraws(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"text":                     {"Linux version 6.12\r\n\tok\b", "Linux version 6.12\r\n\tok\b"},
		"colours and cursor":       {"\x1b[0;32m  OK  \x1b[0m\x1b[2J\x1b[1;1H\x1b[K", "\x1b[0;32m  OK  \x1b[0m\x1b[2J\x1b[1;1H\x1b[K"},
		"the cursor goes":          {"\x1b[?25la\x1b[?25h", "\x1b[?25la\x1b[?25h"},
		"lines of a box":           {"\x1b(0qqq\x1b(B", "\x1b(0qqq\x1b(B"},
		"asks where the cursor is": {"a\x1b[6nb\x1b[cb\x1b[>c", "abb"},
		"title":                    {"a\x1b]0;owned\x07b", "ab"},
		"clipboard":                {"a\x1b]52;c;b3duZWQ=\x1b\\b", "ab"},
		"link":                     {"\x1b]8;;http://x\x1b\\y\x1b]8;;\x1b\\", "y"},
		"device string":            {"a\x1bP+q544e\x1b\\b", "ab"},
		"mouse":                    {"\x1b[?1000hx\x1b[?1006;25h", "x"},
		"window":                   {"\x1b[8;200;200tx", "x"},
		"endless sequence":         {"\x1b[" + strings.Repeat("1;", 500) + "mx", strings.Repeat("1;", 500)[63:] + "mx"},
		"string without an end":    {"a\x1b]0;never\r\nb", "a\r\nb"},
		"bell and other controls":  {"a\x07\x00\x7f\x0eb", "ab"},
		"eight-bit controls":       {"a\u009b31mb\x9bc", "a\uFFFD31mb\uFFFDc"},
		"direction marks":          {"a\u202eb\u2066", "a\uFFFDb\uFFFD"},
		"no text":                  {"\xff\xfe", "\uFFFD\uFFFD"},
	} {
		text, err := castOf([]piece{{time.Second, test.in}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, events := readCast(t, text)
		if got := textOf(events); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestCastKeepsTimes(t *testing.T) {
	text, err := castOf([]piece{{-50 * time.Millisecond, "early"}, {0, "zero"}, {1500 * time.Millisecond, "gr\xc3"}, {1200 * time.Millisecond, "\xbc"}, {2 * time.Second, "n"}, {3 * time.Second, "\xe2\x82"}})
	if err != nil {
		t.Fatal(err)
	}
	head, events := readCast(t, text)
	want := []castEvent{{0, "early"}, {0, "zero"}, {1.5, "gr"}, {1.5, "ü"}, {2, "n"}, {3, "\uFFFD\uFFFD"}}
	if !slices.Equal(events, want) {
		t.Errorf("events %v", events)
	}
	if head["version"] != 2.0 || head["width"] != 80.0 || !strings.Contains(head["title"].(string), "run b00-p1") {
		t.Errorf("head %v", head)
	}
}

// TestCastIsTheSameInAnyPieces: how a stream was cut into reads changes nothing
// of what is shown, and nothing that is not allowed is ever shown.
func TestCastIsTheSameInAnyPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{
			"text", "\x1b", "[", "31", ";", "m", "6n", "]", "52;c;x", "\x07", "\\", "P", "\r\n", "ü", "\xc3", "\xe2\x82", "\u202e", "?25l", "(", "0", "\x9b", "\u009b",
		}), 1, 40).Draw(t, "parts")
		stream := strings.Join(parts, "")
		show := func(pieces []piece) string {
			text, err := castOf(pieces)
			if err != nil {
				t.Fatalf("%v", err)
			}
			_, events := readCast(t, text)
			return textOf(events)
		}
		whole := show([]piece{{0, stream}})
		var single []piece
		for i := range len(stream) {
			single = append(single, piece{time.Duration(i), stream[i : i+1]})
		}
		if cut := show(single); cut != whole {
			t.Fatalf("%q is %q whole and %q byte by byte", stream, whole, cut)
		}
		for _, bad := range []string{"\x1b]", "\x1bP", "\x1b[6n", "\x07", "\u202e", "\u009b"} {
			if strings.Contains(whole, bad) {
				t.Fatalf("%q shows %q", stream, whole)
			}
		}
	})
}

func TestDamagedLogsAreRefused(t *testing.T) {
	_, runs := resultstest.Session(1)
	for name, test := range map[string]struct{ stamps, want string }{
		"a gap":            {`{"offset":3,"n":1,"t_ns":0}` + "\n", "it is of byte 3, not of 0"},
		"nothing":          {`{"offset":0,"n":0,"t_ns":0}` + "\n", "it is of 0 bytes"},
		"huge":             {`{"offset":0,"n":99999999999,"t_ns":0}` + "\n", "bytes"},
		"negative":         {`{"offset":0,"n":-1,"t_ns":0}` + "\n", "it is of -1 bytes"},
		"more than is":     {`{"offset":0,"n":9,"t_ns":0}` + "\n", "reading the 9 bytes at 0"},
		"no JSON":          {"x\n", "time stamp 1"},
		"an endless line":  {strings.Repeat("x", 1000), "longer than 256 bytes"},
		"a torn last line": {`{"offset":0,"n":4,"t_ns":0}` + "\n" + `{"offset":4,"n"`, ""},
	} {
		var out strings.Builder
		err := report.WriteCast(&out, runs[0], strings.NewReader("text"), strings.NewReader(test.stamps))
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := report.WriteCast(fullDisk{}, results.Run{}, strings.NewReader(""), strings.NewReader("")); err == nil {
		t.Error("a full disk is no error")
	}
}
