package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// session is one run of the app in a terminal.
type session struct {
	command *exec.Cmd
	pty     *os.File
	em      *vt.SafeEmulator
	first   time.Duration // from exec to the first frame
	output  chan chunk
}

// chunk is what the app wrote at once, and when it was there.
type chunk struct {
	at    time.Time
	bytes []byte
}

const patience = 20 * time.Second

// open starts the app and waits for its first whole frame: the footer's last
// word is there.
func open(o options, environ []string) (*session, error) {
	pty, tty, err := openPTY(o.cols, o.rows)
	if err != nil {
		return nil, err
	}
	defer tty.Close()
	s := &session{pty: pty, em: vt.NewSafeEmulator(o.cols, o.rows), output: make(chan chunk, 1024)}
	go io.Copy(pty, s.em) // answers to what the app asks its terminal
	s.command = exec.Command(o.binary)
	s.command.Env, s.command.Stdin, s.command.Stdout, s.command.Stderr = environ, tty, tty, tty
	s.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	began := time.Now()
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	go s.read()
	for {
		c, err := s.next()
		if err != nil {
			return nil, fmt.Errorf("waiting for the first frame: %w", err)
		}
		if strings.Contains(ansi.Strip(s.em.Render()), "? more") {
			s.first = c.at.Sub(began)
			return s, nil
		}
	}
}

func (s *session) read() {
	defer close(s.output)
	for {
		b := make([]byte, 64<<10)
		n, err := s.pty.Read(b)
		if n > 0 {
			s.output <- chunk{time.Now(), b[:n]}
		}
		if err != nil {
			return
		}
	}
}

// next is what the app writes next, shown in the emulator.
func (s *session) next() (chunk, error) {
	select {
	case c, more := <-s.output:
		if !more {
			return c, errors.New("the app ended")
		}
		_, err := s.em.Write(bytes.ReplaceAll(c.bytes, []byte("\n"), []byte("\r\n")))
		return c, err
	case <-time.After(patience):
		return chunk{}, errors.New("the app wrote nothing")
	}
}

// quiet waits until nothing was written for a while.
func (s *session) quiet(long time.Duration) error {
	for {
		select {
		case c, more := <-s.output:
			if !more {
				return errors.New("the app ended")
			}
			s.em.Write(bytes.ReplaceAll(c.bytes, []byte("\n"), []byte("\r\n")))
		case <-time.After(long):
			return nil
		}
	}
}

// keys measures from a key to what it changes on the screen.
func (s *session) keys(o options) ([]time.Duration, error) {
	if _, err := s.pty.WriteString(o.screen); err != nil {
		return nil, err
	}
	if err := s.quiet(time.Second); err != nil {
		return nil, err
	}
	var all []time.Duration
	for i := range o.keys {
		key := "\x1b[B"
		if i%20 >= 10 {
			key = "\x1b[A"
		}
		began := time.Now()
		if _, err := s.pty.WriteString(key); err != nil {
			return nil, err
		}
		c, err := s.next()
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i, err)
		}
		all = append(all, c.at.Sub(began))
		// Keys come at no fixed distance from the frames.
		if err := s.quiet(25*time.Millisecond + time.Duration(i*7919%9973)*time.Microsecond); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// idle reports processor time while nothing happens, and memory.
func (s *session) idle(long time.Duration) error {
	if err := s.quiet(6 * time.Second); err != nil {
		return err
	}
	before, err := s.processorTime()
	if err != nil {
		return err
	}
	wrote := 0
	for end := time.Now().Add(long); time.Now().Before(end); {
		select {
		case c := <-s.output:
			wrote += len(c.bytes)
		case <-time.After(time.Until(end)):
		}
	}
	after, err := s.processorTime()
	if err != nil {
		return err
	}
	fmt.Printf("idle for %v         processor %.2f %%, %d bytes written\n", long, 100*(after-before).Seconds()/long.Seconds(), wrote)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.command.Process.Pid))
	if err != nil {
		return err
	}
	for _, line := range strings.Split(string(status), "\n") {
		if strings.HasPrefix(line, "VmRSS") || strings.HasPrefix(line, "VmHWM") || strings.HasPrefix(line, "RssAnon") {
			fields := strings.Fields(line)
			kib, _ := strconv.Atoi(fields[1])
			fmt.Printf("%-22s %.1f MB\n", fields[0], float64(kib)*1024/1e6)
		}
	}
	return nil
}

func (s *session) processorTime() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / 100, nil
}

// close ends the app as a person in a hurry does.
func (s *session) close() error {
	s.pty.WriteString("\x03")
	done := make(chan error, 1)
	go func() { done <- s.command.Wait() }()
	for {
		select {
		case _, more := <-s.output:
			if !more {
				s.output = nil
			}
		case err := <-done:
			s.pty.Close()
			s.em.SendText("x") // ends the copying of answers
			return err
		case <-time.After(patience):
			s.command.Process.Kill()
			return errors.New("the app did not end on ctrl+c")
		}
	}
}
