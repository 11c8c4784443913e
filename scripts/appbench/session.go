package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"distrolab/scripts/internal/terminal"
)

// open starts the app and waits for its first whole frame: the footer's last
// word is there. It says how long that took since exec.
func open(o options, environ []string) (*terminal.Session, time.Duration, error) {
	s, err := terminal.Start(o.cols, o.rows, environ, o.binary)
	if err != nil {
		return nil, 0, err
	}
	at, err := s.Await("? more", time.Minute)
	return s, at.Sub(s.Began), err
}

// keys measures from a key to what it changes on the screen.
func keys(s *terminal.Session, o options) ([]time.Duration, error) {
	if err := s.Type(o.screen); err != nil {
		return nil, err
	}
	if err := s.Quiet(time.Second); err != nil {
		return nil, err
	}
	var all []time.Duration
	for i := range o.keys {
		key := "\x1b[B"
		if i%20 >= 10 {
			key = "\x1b[A"
		}
		began := time.Now()
		if err := s.Type(key); err != nil {
			return nil, err
		}
		c, err := s.Next()
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i, err)
		}
		all = append(all, c.At.Sub(began))
		// Keys come at no fixed distance from the frames.
		if err := s.Quiet(25*time.Millisecond + time.Duration(i*7919%9973)*time.Microsecond); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// idle reports processor time while nothing happens, and memory.
func idle(s *terminal.Session, long time.Duration) error {
	if err := s.Quiet(6 * time.Second); err != nil {
		return err
	}
	before, err := processorTime(s)
	if err != nil {
		return err
	}
	wrote := 0
	for end := time.Now().Add(long); time.Now().Before(end); {
		select {
		case c := <-s.Output():
			wrote += len(c.Bytes)
		case <-time.After(time.Until(end)):
		}
	}
	after, err := processorTime(s)
	if err != nil {
		return err
	}
	fmt.Printf("idle for %v         processor %.2f %%, %d bytes written\n", long, 100*(after-before).Seconds()/long.Seconds(), wrote)
	return memory(s)
}

// memory reports what the program takes, and took at the most.
func memory(s *terminal.Session) error {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
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

func processorTime(s *terminal.Session) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.PID()))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / 100, nil
}
