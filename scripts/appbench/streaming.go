package main

import (
	"fmt"
	"time"

	"distrolab/scripts/internal/terminal"
)

// streaming measures from a key that selects another machine to the frame that
// shows it, while four consoles stream. Frames come all the time, so what is
// waited for is the machine's name at the head of the screen.
func streaming(o options, environ []string) error {
	s, err := terminal.Start(o.cols, o.rows, environ, o.consoles)
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.Await("four", time.Minute); err != nil {
		return err
	}
	const down, up = "\x1b[B", "\x1b[A"
	if err := s.Type("\x1b[H"); err != nil { // the first line, which is the lab's
		return err
	}
	names, at := []string{"one", "two", "three", "four"}, -1
	by := 1
	var all []time.Duration
	for i := range o.keys + 2*len(names) {
		if at+by < 0 || at+by >= len(names) {
			by = -by
		}
		at += by
		key := down
		if by < 0 {
			key = up
		}
		if err := s.During(40*time.Millisecond + time.Duration(i*7919%9973)*time.Microsecond); err != nil {
			return err
		}
		began := time.Now()
		if err := s.Type(key); err != nil {
			return err
		}
		seen, err := s.Await("ready  "+names[at], 20*time.Second)
		if err != nil {
			return fmt.Errorf("key %d: %w", i, err)
		}
		if i >= 2*len(names) { // by then all consoles are open
			all = append(all, seen.Sub(began))
		}
	}
	report("key to frame, 4 MB/s", all)
	return memory(s)
}
