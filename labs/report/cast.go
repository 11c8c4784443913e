package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"distrolab/labs/results"
)

// Size of the terminal that a cast asks for: that of the serial console.
const (
	castWidth  = 80
	castHeight = 25
)

// Bounds on a console's log.
const (
	maxStampLine = 256
	maxChunk     = 1 << 20
	maxStamps    = 5_000_000
)

// castHeader is the first line of an asciicast, version 2.
type castHeader struct {
	Version   int    `json:"version"`
	Width     int    `json:"width"`
	Height    int    `json:"height"`
	Timestamp int64  `json:"timestamp,omitempty"`
	Title     string `json:"title"`
}

// stamp is one line of a console's time stamps: when n bytes at an offset were
// read, since the request.
type stamp struct {
	Offset int64         `json:"offset"`
	N      int           `json:"n"`
	At     time.Duration `json:"t_ns"`
}

// WriteCast writes the console of a run as an asciicast, version 2, for
// asciinema and its players: the bytes of the serial port at the times at which
// they arrived, counted from the request. Of the control sequences only those
// that draw are kept (colours, cursor, erasing): a guest cannot make the
// player's terminal answer, take its title or its clipboard.
func WriteCast(w io.Writer, r results.Run, console, stamps io.Reader) error {
	err := writeCast(w, r, bufio.NewReader(console), bufio.NewReaderSize(stamps, maxStampLine))
	if err != nil {
		return fmt.Errorf("writing console of run %s as a cast: %w", r.RunID, err)
	}
	return nil
}

func writeCast(w io.Writer, r results.Run, console, stamps *bufio.Reader) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	head := castHeader{Version: 2, Width: castWidth, Height: castHeight, Title: printable(r.Subject.OS + " " + r.Subject.Version + ", run " + r.RunID)}
	if !r.Clock.WallStart.IsZero() {
		head.Timestamp = r.Clock.WallStart.Unix()
	}
	if err := out.Encode(head); err != nil {
		return err
	}
	var (
		clean drawing
		last  time.Duration
		at    int64
	)
	for n := 1; ; n++ {
		s, err := readStamp(stamps)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = s.check(at, n)
		}
		if err != nil {
			return fmt.Errorf("time stamp %d: %w", n, err)
		}
		data := make([]byte, s.N)
		if _, err := io.ReadFull(console, data); err != nil {
			return fmt.Errorf("reading the %d bytes at %d: %w", s.N, s.Offset, err)
		}
		at += int64(s.N)
		last = max(last, s.At) // what came before the request is shown at its time
		if err := castEvent(out, last, clean.keep(data)); err != nil {
			return err
		}
	}
	return castEvent(out, last, clean.rest())
}

func castEvent(out *json.Encoder, at time.Duration, text string) error {
	if text == "" {
		return nil
	}
	return out.Encode([]any{json.Number(fmt.Sprintf("%.6f", at.Seconds())), "o", text})
}

// readStamp reads the next line.
func readStamp(r *bufio.Reader) (stamp, error) {
	line, err := r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return stamp{}, fmt.Errorf("it is longer than %d bytes", maxStampLine)
	case errors.Is(err, io.EOF):
		return stamp{}, io.EOF // a last line without its end was torn by a crash
	case err != nil:
		return stamp{}, err
	}
	var s stamp
	if err := json.Unmarshal(line, &s); err != nil {
		return stamp{}, err
	}
	return s, nil
}

func (s stamp) check(want int64, number int) error {
	switch {
	case number > maxStamps:
		return fmt.Errorf("there are more than %d", maxStamps)
	case s.Offset != want:
		return fmt.Errorf("it is of byte %d, not of %d", s.Offset, want)
	case s.N < 1 || s.N > maxChunk:
		return fmt.Errorf("it is of %d bytes; 1 to %d can be", s.N, maxChunk)
	}
	return nil
}
