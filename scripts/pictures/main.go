// Command pictures makes the pictures of the README and the docs: it runs a real
// distrolab binary in a terminal, presses keys, and writes what the terminal
// shows as SVG. See scripts/make-pictures, which makes the home that it shows.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"distrolab/scripts/internal/terminal"
)

// patience is how long a screen may take that waits for a machine.
const patience = 10 * time.Minute

func main() {
	binary := flag.String("binary", "bin/distrolab", "the program")
	directory := flag.String("directory", "docs/pictures", "where the pictures go")
	only := flag.String("only", "", "pictures to make, by name, with commas between; all without it")
	flag.Parse()
	for _, p := range pictures() {
		if *only != "" && !strings.Contains(","+*only+",", ","+p.name+",") {
			continue
		}
		if err := p.make(*binary, *directory); err != nil {
			fmt.Fprintf(os.Stderr, "pictures: %s: %v\n", p.name, err)
			os.Exit(1)
		}
		fmt.Println(filepath.Join(*directory, p.name+".svg"))
	}
}

// make runs the program to what the picture shows and draws it.
func (p picture) make(binary, directory string) (err error) {
	environ := append(os.Environ(), "TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8", "LC_ALL=", "NO_COLOR=")
	s, err := terminal.Start(p.cols, p.rows, environ, binary, p.arguments...)
	if err != nil {
		return err
	}
	closed := false
	defer func() {
		if !closed {
			err = errors.Join(err, s.Close())
		}
	}()
	for _, step := range p.steps {
		if err := step(s); err != nil {
			return err
		}
	}
	rows := p.rows
	if len(p.steps) == 0 { // a command: to its end, and no more rows than it has written
		closed = true
		if err := s.Quiet(time.Minute); !errors.Is(err, io.EOF) {
			return errors.Join(errors.New("the command does not end"), err, s.Close())
		}
		if rows, err = written(s), s.Close(); err != nil {
			return err
		}
	}
	f, err := os.Create(filepath.Join(directory, p.name+".svg"))
	if err != nil {
		return err
	}
	return errors.Join(writeSVG(f, s.Screen, rows, p.title), f.Close())
}

// written counts the rows down to the last one that is not empty.
func written(s *terminal.Session) int {
	rows := 0
	for y := range s.Screen.Height() {
		for x := range s.Screen.Width() {
			if c := s.Screen.CellAt(x, y); c != nil && strings.TrimSpace(c.Content) != "" {
				rows = y + 1
			}
		}
	}
	return rows
}
