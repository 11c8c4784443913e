package probe

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"
)

// Lines the probe guest prints around its report; the catalog's milestones
// match them.
const (
	LineStarted = "distrolab-probe: init started"   // first line of the program
	LineDone    = "distrolab-probe: report printed" // after the last frame
)

// framePrefix opens every frame. It may stand in the middle of a line, after
// the rest of a kernel message that had no line end.
const framePrefix = "distrolab-probe "

// Limits of what Decode takes from a guest, which is never trusted.
const (
	chunkSize  = 768      // bytes of report in one frame; 1 KiB as base64
	maxLine    = 64 << 10 // longest console line that is looked at
	maxFrames  = 32 << 10 // most frames of one report
	maxPayload = 16 << 20 // largest report in bytes
)

// Errors of [Decode] that a caller may tell apart.
var (
	// ErrNoReport means that no frame was seen: the guest did not get that far.
	ErrNoReport = errors.New("no frame of a probe report on the console")
	// ErrIncomplete means that frames are missing or damaged.
	ErrIncomplete = errors.New("the probe report is incomplete")
)

// Encode prints the report as frames, one a line:
//
//	distrolab-probe SEQ/TOTAL CRC32 BASE64
//
// SEQ counts from 1; CRC32 is the IEEE checksum, in eight hexadecimal digits,
// of "SEQ/TOTAL " and the decoded chunk, so that a frame damaged anywhere by a
// message printed across it is noticed. The chunks together are the report as
// JSON.
func Encode(w io.Writer, r Report) error {
	r.Schema = Schema
	payload, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding probe report: %w", err)
	}
	if len(payload) > maxPayload {
		return fmt.Errorf("encoding probe report: %d bytes are more than the limit of %d", len(payload), maxPayload)
	}
	total := (len(payload) + chunkSize - 1) / chunkSize
	for seq := 1; seq <= total; seq++ {
		chunk := payload[:min(chunkSize, len(payload))]
		payload = payload[len(chunk):]
		_, err := fmt.Fprintf(w, "%s%d/%d %08x %s\n", framePrefix, seq, total,
			checksum(seq, total, chunk), base64.StdEncoding.EncodeToString(chunk))
		if err != nil {
			return fmt.Errorf("printing frame %d of probe report: %w", seq, err)
		}
	}
	return nil
}

// Decode reads console lines until a whole report was seen or the stream ends.
// Other lines, and frames that a kernel message damaged, are skipped; a frame
// may be repeated. It keeps at most 16 MiB of what the guest sends.
func Decode(lines io.Reader) (Report, error) {
	var a assembly
	in := bufio.NewReaderSize(lines, maxLine)
	for {
		line, err := readLine(in)
		if a.add(line) {
			return a.report()
		}
		if errors.Is(err, io.EOF) {
			return Report{}, a.missing()
		}
		if err != nil {
			return Report{}, fmt.Errorf("reading console: %w", err)
		}
	}
}

// readLine returns the next line; of one longer than maxLine only the pieces.
func readLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	return string(line), err
}

// assembly collects the frames of one report.
type assembly struct {
	total   int
	size    int
	damaged int
	chunks  map[int][]byte
}

// add takes one console line and says whether the report is now whole.
func (a *assembly) add(line string) bool {
	at := strings.LastIndex(line, framePrefix)
	if at < 0 {
		return false
	}
	seq, total, chunk, ok := parseFrame(strings.TrimSpace(line[at+len(framePrefix):]))
	if !ok {
		a.damaged++
		return false
	}
	if total != a.total { // the first frame, or the guest began anew
		a.total, a.size, a.chunks = total, 0, map[int][]byte{}
	}
	if old, seen := a.chunks[seq]; seen {
		a.size -= len(old)
	}
	if a.size+len(chunk) > maxPayload {
		a.damaged++
		return false
	}
	a.size += len(chunk)
	a.chunks[seq] = chunk
	return len(a.chunks) == a.total
}

// parseFrame reads "SEQ/TOTAL CRC32 BASE64" and checks it.
func parseFrame(s string) (seq, total int, chunk []byte, ok bool) {
	fields := strings.Fields(s)
	if len(fields) != 3 {
		return 0, 0, nil, false
	}
	first, second, found := strings.Cut(fields[0], "/")
	seq, err1 := strconv.Atoi(first)
	total, err2 := strconv.Atoi(second)
	sum, err3 := strconv.ParseUint(fields[1], 16, 32)
	chunk, err4 := base64.StdEncoding.Strict().DecodeString(fields[2])
	if !found || errors.Join(err1, err2, err3, err4) != nil {
		return 0, 0, nil, false
	}
	if seq < 1 || seq > total || total > maxFrames || checksum(seq, total, chunk) != uint32(sum) {
		return 0, 0, nil, false
	}
	return seq, total, chunk, true
}

// checksum covers the position too: a chunk in the wrong place is damage.
func checksum(seq, total int, chunk []byte) uint32 {
	sum := crc32.ChecksumIEEE(fmt.Appendf(nil, "%d/%d ", seq, total))
	return crc32.Update(sum, crc32.IEEETable, chunk)
}

// report parses the collected chunks.
func (a *assembly) report() (Report, error) {
	var payload bytes.Buffer
	for seq := 1; seq <= a.total; seq++ {
		payload.Write(a.chunks[seq])
	}
	var r Report
	if err := json.Unmarshal(payload.Bytes(), &r); err != nil {
		return Report{}, fmt.Errorf("parsing probe report: %w", err)
	}
	if r.Schema != Schema {
		return Report{}, fmt.Errorf("parsing probe report: its schema is %q, this program reads %q; build the probe guest again", r.Schema, Schema)
	}
	return r, nil
}

// missing says what kept the report from being whole.
func (a *assembly) missing() error {
	if len(a.chunks) == 0 && a.damaged == 0 {
		return ErrNoReport
	}
	return fmt.Errorf("%w: %d of %d frames arrived whole, %d lines were damaged", ErrIncomplete, len(a.chunks), a.total, a.damaged)
}
