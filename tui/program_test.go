package tui

import (
	"bytes"
	"context"
	"image/color"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"distrolab/tui/screen"
	"distrolab/tui/style"
)

// onlcr writes "\n" as "\r\n", as a terminal's line discipline does.
type onlcr struct{ w io.Writer }

func (o onlcr) Write(p []byte) (int, error) {
	_, err := o.w.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n")))
	return len(p), err
}

// stage is a whole program in front of an emulated terminal.
type stage struct {
	t    *testing.T
	em   *vt.SafeEmulator
	done chan struct{}
	p    *tea.Program
}

// perform runs the app in an emulator in a bubble of fake time.
func perform(t *testing.T, m *Model, background color.Color, script func(*stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m.context = t.Context() // of this bubble
		em := vt.NewSafeEmulator(100, 30)
		em.SetBackgroundColor(background)
		in, replies := io.Pipe()
		go io.Copy(replies, em)
		p := tea.NewProgram(m, tea.WithInput(in), tea.WithOutput(onlcr{em}), tea.WithWindowSize(100, 30),
			tea.WithColorProfile(colorprofile.TrueColor), tea.WithoutSignalHandler(), tea.WithEnvironment([]string{"TERM=xterm-256color"}))
		m.pace = paceOf(p)
		s := &stage{t: t, em: em, done: make(chan struct{}), p: p}
		go func() {
			p.Run()
			close(s.done)
		}()
		s.pause()
		script(s)
		select {
		case <-s.done:
		default:
			p.Kill()
			<-s.done
		}
		if m.pace.ticker() == nil {
			t.Error("this version of Bubble Tea hides its ticker elsewhere: an idle app wakes 120 times a second")
		}
		time.Sleep(10 * time.Second) // timers under way end
		in.Close()
		em.SendText("x") // ends the copying of replies
	})
}

func (s *stage) pause() {
	time.Sleep(time.Second)
	synctest.Wait()
}

func (s *stage) keys(text string) {
	for _, r := range text {
		s.em.SendText(string(r))
		time.Sleep(10 * time.Millisecond)
	}
	s.pause()
}

func (s *stage) text() string { return ansi.Strip(s.em.Render()) }

func (s *stage) sees(want string) {
	s.t.Helper()
	if text := s.text(); !strings.Contains(text, want) {
		s.t.Errorf("the screen does not show %q:\n%s", want, text)
	}
}

func (s *stage) misses(unwanted string) {
	s.t.Helper()
	if text := s.text(); strings.Contains(text, unwanted) {
		s.t.Errorf("the screen shows %q:\n%s", unwanted, text)
	}
}

func (s *stage) ended() bool {
	select {
	case <-s.done:
		return true
	case <-time.After(time.Second):
		return false
	}
}

// counted counts the drawings of a screen.
type counted struct {
	*room
	views atomic.Int64
}

func (c *counted) View(size screen.Size, look screen.Look) screen.View {
	c.views.Add(1)
	return c.room.View(size, look)
}

func TestAWholeVisit(t *testing.T) {
	c := &counted{room: newRoom(screen.Catalog, "Flatcar", "Talos")}
	labs := newRoom(screen.Labs, "trial")
	c.finds = 5
	running := []string{"trial"}
	m := New(context.Background(), &screen.Shared{Now: time.Now}, []screen.Screen{c, labs}, Options{
		Look:  screen.Look{Glyphs: style.Unicode(), Styles: style.NewStyles(true, colorprofile.TrueColor)},
		Theme: Auto,
		Facts: func(context.Context) Facts { return Facts{Host: "tcg, 2 cores", Running: running} },
	})
	perform(t, m, color.Black, func(s *stage) {
		s.sees("Flatcar")
		s.sees("tcg, 2 cores")
		s.sees("1 lab")
		s.keys("j\r")
		s.sees("opened")
		time.Sleep(6 * time.Second)
		s.misses("opened")
		s.keys("4")
		s.sees("trial")
		s.keys(":00003")
		s.sees("distro-00003")
		s.keys("\r")
		s.sees("Talos")
		s.keys("b")
		s.sees("no room on /var")
		time.Sleep(time.Hour)
		s.sees("no room on /var")
		s.keys("r")
		s.sees("tried again")
		s.keys("d")
		s.sees("Destroy lab trial with 3 machines?")
		s.keys("y")
		s.sees("destroyed")

		s.em.Resize(30, 6)
		s.p.Send(tea.WindowSizeMsg{Width: 30, Height: 6})
		s.pause()
		s.sees("needs 40")
		s.em.Resize(100, 30)
		s.p.Send(tea.WindowSizeMsg{Width: 100, Height: 30})
		s.pause()
		s.sees("Talos")

		s.pause()
		time.Sleep(time.Minute)
		before := c.views.Load()
		time.Sleep(time.Minute)
		if now := c.views.Load(); now != before {
			t.Errorf("%d drawings in an idle minute", now-before)
		}

		began := time.Now()
		s.em.SendText("q") // an idle app answers as quickly as a busy one
		for !strings.Contains(s.text(), "Lab trial runs. Leave?") && time.Since(began) < time.Second {
			time.Sleep(time.Millisecond)
		}
		if took := time.Since(began); took > 16*time.Millisecond {
			t.Errorf("the first frame after a rest came after %v", took)
		}
		s.pause()
		s.sees("Lab trial runs. Leave?")
		s.keys("y")
		if !s.ended() {
			t.Error("the app did not end")
		}
	})
}

func TestTheTerminalSaysThatItIsLight(t *testing.T) {
	for _, c := range []struct {
		theme      Theme
		background color.Color
		dark       bool
	}{{Auto, color.White, false}, {Auto, color.Black, true}, {Dark, color.White, true}} {
		m := New(context.Background(), &screen.Shared{}, []screen.Screen{newRoom(screen.Catalog, "Flatcar")}, Options{Theme: c.theme,
			Look: screen.Look{Glyphs: style.Unicode(), Styles: style.NewStyles(true, colorprofile.TrueColor)}})
		perform(t, m, c.background, func(s *stage) {
			s.keys("\x03")
			if !s.ended() {
				t.Error("ctrl+c does not end the app")
			}
		})
		if m.look.Styles.Dark != c.dark {
			t.Errorf("theme %s on %v: dark %v", c.theme, c.background, m.look.Styles.Dark)
		}
	}
}

// A dialog that comes while the person types must not be answered by what was
// meant for the screen.
func TestALateQuestionDoesNotEatKeys(t *testing.T) {
	r := newRoom(screen.Catalog, "Flatcar")
	m := app("none", r)
	perform(t, m, color.Black, func(s *stage) {
		s.keys("/abc")
		s.p.Send(screen.Question{Text: "Stop the session?", Do: screen.Tell("stopped")})
		time.Sleep(50 * time.Millisecond)
		s.em.SendText("y")
		s.pause()
		s.sees("Stop the session?")
		if r.text != "abcy" {
			t.Errorf("the input has %q", r.text)
		}
		s.keys("y")
		s.sees("stopped")
		s.keys("\x03")
	})
}
