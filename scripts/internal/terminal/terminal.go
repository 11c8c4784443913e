// Package terminal runs a program in a pseudoterminal whose screen can be looked
// at: for measuring the app and for taking its picture. It answers like an
// emulator would, and touches nothing but the program it starts.
package terminal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// Session is one program in a terminal.
type Session struct {
	Began  time.Time // when the program was started
	Screen *vt.SafeEmulator

	command *exec.Cmd
	pty     *os.File
	output  chan Chunk
}

// Chunk is what the program wrote at once, and when it was there.
type Chunk struct {
	At    time.Time
	Bytes []byte
}

// patience is how long a program may write nothing while somebody waits for it.
const patience = 20 * time.Second

// Start starts a program in a terminal of that size.
func Start(cols, rows int, environ []string, program string, args ...string) (*Session, error) {
	pty, tty, err := openPTY(cols, rows)
	if err != nil {
		return nil, err
	}
	defer tty.Close()
	s := &Session{pty: pty, Screen: vt.NewSafeEmulator(cols, rows), output: make(chan Chunk, 1024)}
	go io.Copy(pty, s.Screen) // answers to what the program asks its terminal
	s.command = exec.Command(program, args...)
	s.command.Env, s.command.Stdin, s.command.Stdout, s.command.Stderr = environ, tty, tty, tty
	s.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	s.Began = time.Now()
	if err := s.command.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", program, err), pty.Close())
	}
	go s.read()
	return s, nil
}

func (s *Session) read() {
	defer close(s.output)
	for {
		b := make([]byte, 64<<10)
		n, err := s.pty.Read(b)
		if n > 0 {
			s.output <- Chunk{time.Now(), b[:n]}
		}
		if err != nil {
			return
		}
	}
}

// Next is what the program writes next, shown on the screen; io.EOF after its end.
func (s *Session) Next() (Chunk, error) {
	select {
	case c, more := <-s.output:
		return c, s.accept(c, more)
	case <-time.After(patience):
		return Chunk{}, errors.New("the program wrote nothing")
	}
}

// accept shows what was read; io.EOF when there will be no more.
func (s *Session) accept(c Chunk, more bool) error {
	if !more {
		return io.EOF
	}
	_, err := s.Screen.Write(c.Bytes)
	return err
}

// Await shows what is written until a text is on the screen, and says when that
// was. Programs that write without end keep it waiting for no longer than limit.
func (s *Session) Await(text string, limit time.Duration) (time.Time, error) {
	at, end := time.Now(), time.Now().Add(limit)
	for !s.Shows(text) {
		if time.Now().After(end) {
			return at, fmt.Errorf("%q did not appear in %s; the screen shows\n%s", text, limit, ansi.Strip(s.Screen.Render()))
		}
		c, err := s.Next()
		if err != nil {
			return at, fmt.Errorf("waiting for %q: %w; the screen shows\n%s", text, err, ansi.Strip(s.Screen.Render()))
		}
		at = c.At
	}
	return at, nil
}

// Shows says whether a text is on the screen.
func (s *Session) Shows(text string) bool {
	return strings.Contains(ansi.Strip(s.Screen.Render()), text)
}

// Quiet shows what is written until nothing was for a while; io.EOF after the
// program's end.
func (s *Session) Quiet(long time.Duration) error {
	for {
		select {
		case c, more := <-s.output:
			if err := s.accept(c, more); err != nil {
				return err
			}
		case <-time.After(long):
			return nil
		}
	}
}

// During shows what is written for so long; io.EOF after the program's end.
func (s *Session) During(long time.Duration) error {
	for end := time.After(long); ; {
		select {
		case c, more := <-s.output:
			if err := s.accept(c, more); err != nil {
				return err
			}
		case <-end:
			return nil
		}
	}
}

// Output is what the program writes, for those who show none of it.
func (s *Session) Output() <-chan Chunk { return s.output }

// Type sends keys as the terminal encodes them.
func (s *Session) Type(keys string) error {
	_, err := s.pty.WriteString(keys)
	return err
}

// PID is the program's.
func (s *Session) PID() int { return s.command.Process.Pid }

// Close ends the program as a person in a hurry does, by Ctrl-C. One that does
// not end by it is killed, which is an error.
func (s *Session) Close() error {
	s.pty.WriteString("\x03") // a program that has ended reads nothing
	done := make(chan error, 1)
	go func() { done <- s.command.Wait() }()
	limit := time.After(patience)
	var stubborn error
	for {
		select {
		case _, more := <-s.output:
			if !more {
				s.output = nil
			}
		case err := <-done:
			s.pty.Close()
			s.Screen.SendText("x") // ends the copying of answers
			return errors.Join(stubborn, err)
		case <-limit:
			stubborn = errors.New("the program did not end on Ctrl-C")
			s.command.Process.Kill()
		}
	}
}
