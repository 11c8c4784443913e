package tui

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/tui/screen"
)

// lines runs the app as lines with a script and gives what it prints.
func lines(t *testing.T, script string, rooms ...*room) string {
	t.Helper()
	m := app("colour", rooms...)
	m.context = t.Context()
	var out bytes.Buffer
	p := Plain{Out: &out}
	if script != "" {
		p.In = strings.NewReader(script)
	}
	if err := RunPlain(t.Context(), m, p); err != nil {
		t.Fatal(err)
	}
	for _, b := range out.Bytes() {
		if b < ' ' && b != '\n' || b == 0x7f {
			t.Fatalf("a control character was printed: %q", out.String())
		}
	}
	return out.String()
}

func TestPlainWithoutInputPrintsAndEnds(t *testing.T) {
	got := lines(t, "", newRoom(screen.Catalog, "Flatcar", "bad\x1b[2Jname"), newRoom(screen.Labs, "trial"))
	if want := "Catalog\n=======\n- Flatcar\n- bad?[2Jname\n\nScreens: catalog, labs\n"; got != want {
		t.Errorf("printed\n%s", got)
	}
}

func TestPlainDoesWhatLinesSay(t *testing.T) {
	for _, c := range []struct{ name, script, want, not string }{
		{"a number", "1\n", "opened", ""},
		{"a key", "space\nd\ny\n", "destroyed", ""},
		{"no to a question", "d\nn\n", "left as it is", "destroyed"},
		{"anything but yes is no", "d\n\n", "left as it is", "destroyed"},
		{"words of an action", "break\nr\n", "tried again", ""},
		{"a failure", "b\n", "failed: starting lab trial: no room on /var?[2J\nfree 3 GiB\nr tries again", "tried again"},
		{"a screen", "labs\n", "Labs\n====\n- trial", ""},
		{"a find", "distro-00004\n", "", "nothing is called"},
		{"several finds", "distro\n", "that can be one of several", ""},
		{"nothing of the name", "zzzz\n", "nothing is called zzzz", ""},
		{"a number that is not there", "99\n", "there is no number 99", ""},
		{"text for an input", "/\nhello there\n", "text: hello there", ""},
		{"copying prints", "copy\n", "\ntrial\n", ""},
		{"quitting", "q\n1\n", "", "opened"},
		{"a last line without its end", "1", "opened", ""},
		{"back", "labs\nesc\n", "Labs\n====\n- trial\n\n  1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newRoom(screen.Catalog, "Flatcar")
			a.finds = 6
			got := lines(t, c.script, a, newRoom(screen.Labs, "trial"))
			if !strings.Contains(got, c.want) || c.not != "" && strings.Contains(got, c.not) {
				t.Errorf("printed\n%s", got)
			}
			if c.name == "a find" && (len(a.opened) != 2 || a.opened[1] != "4") {
				t.Errorf("opened %q", a.opened)
			}
		})
	}
}

func TestPlainAsksBeforeWorkIsEnded(t *testing.T) {
	a := newRoom(screen.Catalog, "Flatcar")
	a.ending = &screen.Question{Text: "Stop measuring?", Yes: "stop", Do: screen.Tell("stopped")}
	if got := lines(t, "q\ny\n", a); !strings.Contains(got, "Stop measuring?") || !strings.Contains(got, "stopped") {
		t.Errorf("printed\n%s", got)
	}
}

func TestPlainGivesItsStreamsToPrograms(t *testing.T) {
	a := newRoom(screen.Catalog, "Flatcar")
	a.extra = []screen.Action{{ID: "x", Keys: []string{"x"}, Title: "ssh", Run: screenSuspend}}
	if got := lines(t, "x\n", a); !strings.Contains(got, "from the program\n") || !strings.Contains(got, "it ended: exit status 3") {
		t.Errorf("printed\n%s", got)
	}
}

func TestPlainEndsWhenNobodyReads(t *testing.T) {
	m := app("none", newRoom(screen.Catalog, "Flatcar"))
	m.context = t.Context()
	if err := RunPlain(t.Context(), m, Plain{In: strings.NewReader("1\n1\n"), Out: broken{}}); !errors.Is(err, errBroken) {
		t.Errorf("error %v", err)
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func screenSuspend() tea.Cmd {
	return screen.Send(screen.Suspend{Command: exec.Command("sh", "-c", "echo from the program; exit 3"),
		After: func(err error) tea.Msg { return screen.News{Text: "it ended: " + err.Error()} }})
}
