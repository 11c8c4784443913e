package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// The files of a session's directory: the form in which sessions are exchanged.
const (
	SessionFile = "session.json" // the design
	RunsFile    = "runs.jsonl"   // one line per run
	EndFile     = "end.json"     // how the session ended; absent where nobody said so
)

// Bounds on what is read and written. A run of 19 milestones is about 6 KiB.
const (
	maxLine    = 4 << 20
	maxSession = 4 << 20
	maxEnd     = 64 << 10
	maxRuns    = 100_000
)

// ReadDirectory returns a session and its runs from a directory that
// [Store.Export] or an earlier version wrote. Lines that are torn, malformed,
// foreign or repeated are skipped, each with a warning for people; an error
// means that nothing could be read.
func ReadDirectory(dir string) (Session, []Run, []string, error) {
	path := filepath.Join(dir, SessionFile)
	text, err := readLimited(path, maxSession)
	if err != nil {
		return Session{}, nil, nil, fmt.Errorf("reading session: %w; name a directory that distrolab wrote", err)
	}
	s, err := decodeSession(text)
	if err != nil {
		return Session{}, nil, nil, fmt.Errorf("reading session %s: %w", path, err)
	}
	f, err := openRegular(filepath.Join(dir, RunsFile))
	if errors.Is(err, os.ErrNotExist) {
		return s, nil, []string{noRuns}, nil
	}
	if err != nil {
		return Session{}, nil, nil, fmt.Errorf("reading runs of session %s: %w", s.ID, err)
	}
	defer f.Close()
	var runs []Run
	warnings, err := eachLine(f, s.ID, func(run Run, _ []byte) error {
		runs = append(runs, run)
		return nil
	})
	if err != nil {
		return Session{}, nil, nil, fmt.Errorf("reading runs of session %s: %w", s.ID, err)
	}
	return s, runs, warnings, nil
}

func decodeSession(text []byte) (Session, error) {
	var s Session
	if err := json.Unmarshal(text, &s); err != nil {
		return Session{}, err
	}
	if s.Schema != SessionSchema {
		return Session{}, fmt.Errorf("its schema is %q, this program reads %q", bounded(s.Schema), SessionSchema)
	}
	if s.ID == "" {
		return Session{}, errors.New("it has no id")
	}
	return s, nil
}

// openRegular refuses what could block or never end, such as a FIFO.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	return os.Open(path)
}

// eachLine gives the runs of a session's lines, each with its text. What is no
// run of it is skipped with a warning.
func eachLine(r io.Reader, session string, yield func(run Run, line []byte) error) (warnings []string, err error) {
	seen := make(map[string]bool)
	br := bufio.NewReaderSize(r, 64<<10)
	for n := 1; ; n++ {
		line, long, err := readLine(br)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		last := err != nil
		switch text := bytes.TrimSpace(line); {
		case long:
			warnings = append(warnings, fmt.Sprintf("line %d is longer than %d bytes: skipped", n, maxLine))
		case len(text) == 0:
		default:
			run, err := decodeRun(text, session)
			if err == nil && seen[run.RunID] {
				err = fmt.Errorf("run %s is already recorded", bounded(run.RunID))
			}
			if err != nil {
				warnings = append(warnings, skipped(n, last, err))
				break
			}
			seen[run.RunID] = true
			if err := yield(run, text); err != nil {
				return nil, err
			}
		}
		if last || len(seen) >= maxRuns || len(warnings) >= maxRuns {
			return warnings, nil
		}
	}
}

func skipped(line int, torn bool, err error) string {
	if torn {
		return fmt.Sprintf("line %d was torn by a crash: skipped", line)
	}
	return fmt.Sprintf("line %d: %v: skipped", line, err)
}

// readLine returns the next line without keeping more than maxLine bytes of it.
// The error is io.EOF after a last line that has no newline.
func readLine(br *bufio.Reader) (line []byte, long bool, err error) {
	for {
		part, err := br.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			long, line = true, nil
		}
		if !long {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, long, err
		}
	}
}

func decodeRun(line []byte, session string) (Run, error) {
	var r Run
	if err := json.Unmarshal(line, &r); err != nil {
		return Run{}, fmt.Errorf("not a run: %w", err)
	}
	if r.Schema != RunSchema {
		return Run{}, fmt.Errorf("schema %q is not %q", bounded(r.Schema), RunSchema)
	}
	if r.Session != session {
		return Run{}, fmt.Errorf("session %q is not this one", bounded(r.Session))
	}
	return r, check(r)
}

// bounded cuts foreign text that goes into a message.
func bounded(s string) string {
	const most = 60
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
