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

// Read returns a session and its runs from a session's directory. Lines that
// are torn, malformed, foreign or repeated are skipped, each with a warning for
// people; an error means that nothing could be read.
func Read(dir string) (Session, []Run, []string, error) {
	s, err := readSession(filepath.Join(dir, SessionFile))
	if err != nil {
		return Session{}, nil, nil, err
	}
	f, err := openRegular(filepath.Join(dir, RunsFile))
	if errors.Is(err, os.ErrNotExist) {
		return s, nil, []string{"no run was recorded"}, nil
	}
	if err != nil {
		return Session{}, nil, nil, fmt.Errorf("reading runs of session %s: %w", s.ID, err)
	}
	defer f.Close()
	runs, warnings, err := readRuns(f, s.ID)
	if err != nil {
		return Session{}, nil, nil, fmt.Errorf("reading runs of session %s: %w", s.ID, err)
	}
	return s, runs, warnings, nil
}

func readSession(path string) (Session, error) {
	f, err := openRegular(path)
	if err != nil {
		return Session{}, fmt.Errorf("reading session: %w; name a directory that distrolab bench wrote", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSession+1))
	if err != nil {
		return Session{}, fmt.Errorf("reading session %s: %w", path, err)
	}
	if len(data) > maxSession {
		return Session{}, fmt.Errorf("reading session %s: it is larger than %d bytes", path, maxSession)
	}
	var s Session
	if err := json.Unmarshal(data, &s); err != nil {
		return Session{}, fmt.Errorf("reading session %s: %w", path, err)
	}
	if s.Schema != SessionSchema {
		return Session{}, fmt.Errorf("reading session %s: its schema is %q, this program reads %q", path, bounded(s.Schema), SessionSchema)
	}
	if s.ID == "" {
		return Session{}, fmt.Errorf("reading session %s: it has no id", path)
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

// readRuns reads runs.jsonl of the session.
func readRuns(r io.Reader, session string) ([]Run, []string, error) {
	var (
		runs     []Run
		warnings []string
		seen     = make(map[string]bool)
		br       = bufio.NewReaderSize(r, 64<<10)
	)
	for n := 1; ; n++ {
		line, long, err := readLine(br)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, nil, err
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
			runs = append(runs, run)
		}
		if last || len(runs) >= maxRuns || len(warnings) >= maxRuns {
			return runs, warnings, nil
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
