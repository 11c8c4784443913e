package lab

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/colorprofile"

	"distrolab/labs"
	"distrolab/tui/screen"
	"distrolab/tui/style"
)

func body(b *bench, w, h int) string {
	return strings.Join(b.m.View(screen.Size{Width: w, Height: h}, lookOf(colorprofile.NoTTY, style.Unicode())).Lines, "\n")
}

func wantIn(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is not in\n%s", p, text)
		}
	}
}

func TestTheFirstMachineIsSelectedWithItsConsole(t *testing.T) {
	b := newBench(t, trial())
	wantIn(t, body(b, 120, 36), "▌   flatcar", "✓ ready", "booted in 24.5 s", "Console  live", "flatcar login:", "127.0.0.1:8080 → 80", "12 min")
	if got := strings.Join(b.m.Title(), "/"); got != "Labs/trial/flatcar" {
		t.Error(got)
	}
}

func TestEachMachineHasItsOwnPanes(t *testing.T) {
	b := newBench(t, trial())
	b.press("down")
	wantIn(t, body(b, 120, 36), "● booting", "Timeline  booting", "talos")
	b.press("down")
	wantIn(t, body(b, 120, 36), "✗ failed", "grub", "The console begins with the machine.")
	b.press("down")
	wantIn(t, body(b, 120, 36), "○ off", "powered off", "Console  from its log")
	b.press("up", "up", "up", "up")
	wantIn(t, body(b, 120, 36), "lab trial", "4 machines", "booted in 24.5 s")
}

func TestKeysGoToTheGuestUntilTheyAreTakenBack(t *testing.T) {
	b := newBench(t, trial())
	b.press("a")
	if !b.m.TakesKeys() || !b.m.Typing() {
		t.Fatal("not attached")
	}
	wantIn(t, body(b, 120, 36), "YOUR KEYS GO TO THE GUEST", "ctrl+] leaves")
	v := b.m.View(screen.Size{Width: 120, Height: 36}, lookOf(colorprofile.TrueColor, style.Unicode()))
	if v.Cursor == nil {
		t.Error("the guest's cursor is not shown")
	}
	b.typing("core")
	b.press("enter", "ctrl+c", "tab", "q", "esc")
	b.tell(tea.PasteMsg{Content: "a\nb"})
	b.press("ctrl+]")
	if b.m.TakesKeys() {
		t.Error("still attached")
	}
	want := "core\r\x03\tq\x1ba\rb"
	for range 100 {
		if b.f.wires["trial/flatcar"].got() == want {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("the guest got %q, want %q", b.f.wires["trial/flatcar"].got(), want)
}

func TestALabInThreeKeys(t *testing.T) {
	b := newBench(t)
	b.m.shared.Marks = []string{"flatcar", "talos"}
	wantIn(t, body(b, 80, 24), "No labs yet", "start a lab of flatcar, talos")
	b.press("n")
	wantIn(t, body(b, 80, 24), "New lab", "flatcar talos", "enter")
	b.press("enter")
	if b.f.done() != "up lab flatcar,talos" {
		t.Errorf("did %q", b.f.done())
	}
	if n, ok := b.lastSaid().(screen.News); !ok || n.Text != "lab lab is ready" {
		t.Errorf("said %v", b.lastSaid())
	}
}

func TestWhatIsWrongInTheFormIsSaidThere(t *testing.T) {
	b := newBench(t, trial())
	b.press("n")
	b.typing("nosuch")
	b.press("enter")
	wantIn(t, body(b, 100, 30), "nosuch")
	if b.m.form == nil || b.m.form.wrong == "" {
		t.Error("the form went away")
	}
	b.press("esc")
	if b.m.form != nil || b.m.Typing() {
		t.Error("the form stays")
	}
}

func TestAStartShowsItsStepsAndCanBeCancelled(t *testing.T) {
	b := newBench(t)
	b.m.shared.Marks = []string{"probe"}
	b.f.up = func(ctx context.Context, _ Plan, report func(string)) error {
		report("finding \x1b]0;evil\x07images")
		<-ctx.Done()
		return ctx.Err()
	}
	b.press("n", "enter")
	wantIn(t, body(b, 80, 24), "starting", "finding ?]0;evil?images", "x takes it back")
	b.press("x")
	b.tell(upped{b.m.starts[0], context.Canceled})
	if n, ok := b.lastSaid().(screen.News); !ok || n.Text != "lab lab was taken back" {
		t.Errorf("said %v", b.lastSaid())
	}
	if len(b.m.rows) != 0 {
		t.Errorf("rows %v", b.m.rows)
	}
}

func TestAFailedStartIsAPanelWithRetry(t *testing.T) {
	b := newBench(t)
	b.m.shared.Marks = []string{"probe"}
	b.f.up = func(context.Context, Plan, func(string)) error { return errors.New("no image") }
	b.press("n", "enter")
	f, ok := b.lastSaid().(screen.Failure)
	if !ok || f.Doing != "starting lab lab" || f.Retry == nil {
		t.Fatalf("said %v", b.lastSaid())
	}
	b.f.up = nil
	b.run(f.Retry)
	if b.f.done() != "up lab probe" {
		t.Errorf("did %q", b.f.done())
	}
}

func TestWhatCannotBeUndoneIsAskedFor(t *testing.T) {
	b := newBench(t, trial())
	b.press("d")
	q, ok := b.lastSaid().(screen.Question)
	if !ok || q.Text != "Destroy lab trial with 4 machines?" || b.f.done() != "" {
		t.Fatalf("said %v, did %q", b.lastSaid(), b.f.done())
	}
	b.run(q.Do)
	b.press("o")
	b.run(b.lastSaid().(screen.Question).Do)
	if b.f.done() != "down trial; stop trial flatcar" {
		t.Errorf("did %q", b.f.done())
	}
}

func TestActionsOfAMachine(t *testing.T) {
	b := newBench(t, trial())
	b.press("p")
	b.typing("80")
	b.press("enter", "w", "enter", "s")
	if s, ok := b.lastSaid().(screen.Suspend); !ok || strings.Join(s.Command.Args, " ") != "ssh trial flatcar" {
		t.Errorf("said %v", b.lastSaid())
	}
	b.press("A")
	if s, ok := b.lastSaid().(screen.Suspend); !ok || strings.Join(s.Command.Args, " ") != "console trial flatcar" {
		t.Errorf("said %v", b.lastSaid())
	}
	b.press("b")
	if n, ok := b.lastSaid().(screen.News); !ok || n.Text != "boot: it runs" {
		t.Errorf("said %v", b.lastSaid())
	}
	b.press("down", "down", "down", "b")
	want := "forward trial flatcar 127.0.0.1:0; save trial flatcar trial-flatcar.log; boot trial probe"
	if b.f.done() != want {
		t.Errorf("did %q", b.f.done())
	}
}

func TestAFailureOfAnActionIsTold(t *testing.T) {
	b := newBench(t, trial())
	b.f.fails = errors.New("its process is gone")
	b.press("o")
	b.run(b.lastSaid().(screen.Question).Do)
	if f, ok := b.lastSaid().(screen.Failure); !ok || f.Doing != "stopping flatcar" {
		t.Errorf("said %v", b.lastSaid())
	}
	if len(b.m.busy) != 0 {
		t.Errorf("still busy: %v", b.m.busy)
	}
}

func TestALabWhoseProcessWasKilledSaysWhatToDo(t *testing.T) {
	b := newBench(t, trial())
	killed := trial()
	killed.Running = false
	for i := range killed.Machines {
		killed.Machines[i].State, killed.Machines[i].Error = labs.StateLost, "left by a crash; `distrolab gc` takes it back"
	}
	b.tell(changed{[]labs.Status{killed}})
	wantIn(t, body(b, 120, 36), "▲ lost", "`distrolab gc` takes it back")
	b.press("a")
	if n, ok := b.lastSaid().(screen.News); !ok || !strings.Contains(n.Text, "process is gone") {
		t.Errorf("said %v", b.lastSaid())
	}
	b.press("c")
	if b.f.done() != "reclaim" {
		t.Errorf("did %q", b.f.done())
	}
}

func TestNothingRunsWhenNothingIsSeen(t *testing.T) {
	b := newBench(t, trial())
	wire := b.f.wires["trial/flatcar"]
	b.m.Leave()
	select {
	case <-wire.closed:
	case <-time.After(5 * time.Second):
		t.Error("the console stays open")
	}
	for _, msg := range []tea.Msg{minute{}, usageKnown{}, consoleChanged{}} {
		if cmd := b.m.Update(msg); cmd != nil {
			t.Errorf("%T begins something", msg)
		}
	}
}

func TestUsageIsTheDifferenceOfTwoSamples(t *testing.T) {
	b := newBench(t, trial())
	sample := func(second, cpu int) usageKnown {
		return usageKnown{map[string][]labs.Usage{"trial": {{Machine: "flatcar", At: noon().Add(time.Duration(second) * time.Second),
			CPU: time.Duration(cpu) * time.Second, Resident: 700 << 20}}}}
	}
	b.m.Update(sample(0, 10))
	b.m.Update(sample(2, 11))
	wantIn(t, body(b, 120, 36), "25 % of 2 vcpus", "700 MiB of 2.0 GiB")
	b.m.Update(sample(4, 1)) // it was started anew
	if strings.Contains(body(b, 120, 36), " % of") {
		t.Error("a share without a difference")
	}
}

func TestTheSelectionStaysWithItsMachine(t *testing.T) {
	b := newBench(t, trial())
	b.press("down")
	b.tell(changed{[]labs.Status{lost(), trial()}})
	if got := b.m.selected(); got != (key{"trial", "talos"}) {
		t.Errorf("selected %v", got)
	}
	b.run(b.m.Open("yesterday/flatcar"))
	if got := b.m.selected(); got != (key{"yesterday", "flatcar"}) {
		t.Errorf("selected %v", got)
	}
	if finds := b.m.Finds(); len(finds) != 7 || finds[1].Argument != "yesterday/flatcar" {
		t.Errorf("finds %v", finds)
	}
}

func TestMouseSelectsAndScrolls(t *testing.T) {
	b := newBench(t, trial())
	body(b, 120, 36)
	b.tell(tea.MouseClickMsg{X: 5, Y: 3, Button: tea.MouseLeft})
	if got := b.m.selected(); got != (key{"trial", "talos"}) {
		t.Errorf("selected %v", got)
	}
	b.tell(tea.MouseClickMsg{X: 60, Y: 30, Button: tea.MouseLeft})
	if b.m.focus != paneConsole {
		t.Errorf("focus %v", b.m.focus)
	}
}
