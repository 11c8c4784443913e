package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// sent is one byte, or one frame, at the moment it left the guest: QEMU had
// taken it and not yet handed it to the socket.
type sent struct {
	wall  time.Time
	value byte
}

// trace is what QEMU's trace says of the guest's three ways out.
type trace struct {
	serial []sent // bytes written to the port's transmit register
	debug  []sent // bytes written to the debug port, from when that trace began
	frames []sent // packets taken from the network card's transmit queue
}

// readTrace reads the log that QEMU's trace backend "log" writes with
// -msg timestamp=on: "PID@SECONDS.MICROSECONDS:EVENT ARGUMENTS".
func readTrace(in io.Reader) (trace, error) {
	var t trace
	var port uart
	transmit := ""
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		wall, event, arguments, ok := traceLine(lines.Text())
		if !ok {
			continue
		}
		word := strings.Fields(arguments)
		switch event {
		case "serial_write":
			if b, ok := port.write(argument(word, "addr"), argument(word, "val")); ok {
				t.serial = append(t.serial, sent{wall, b})
			}
		case "memory_region_ops_write":
			if strings.Contains(arguments, "'isa-debugcon'") {
				t.debug = append(t.debug, sent{wall, byte(argument(word, "value"))})
			}
		case "virtio_queue_notify":
			if argument(word, "n") == 1 { // of all cards here only the network's has a second queue
				transmit = after(word, "vq")
			}
		case "virtqueue_pop":
			if transmit != "" && after(word, "vq") == transmit {
				t.frames = append(t.frames, sent{wall: wall})
			}
		}
	}
	if err := lines.Err(); err != nil {
		return t, fmt.Errorf("reading QEMU's trace: %w", err)
	}
	return t, nil
}

// traceLine cuts a line into its parts.
func traceLine(line string) (wall time.Time, event, arguments string, ok bool) {
	head, rest, ok1 := strings.Cut(line, ":")
	_, stamp, ok2 := strings.Cut(head, "@")
	seconds, micros, ok3 := strings.Cut(stamp, ".")
	event, arguments, _ = strings.Cut(rest, " ")
	s, err1 := strconv.ParseInt(seconds, 10, 64)
	us, err2 := strconv.ParseInt(micros, 10, 64)
	return time.Unix(s, us*1000), event, arguments, ok1 && ok2 && ok3 && err1 == nil && err2 == nil && len(micros) == 6
}

// after returns the word behind a name.
func after(words []string, name string) string {
	for i, w := range words[:max(0, len(words)-1)] {
		if w == name {
			return words[i+1]
		}
	}
	return ""
}

// argument reads the number behind a name; -1 when there is none.
func argument(words []string, name string) int64 {
	n, err := strconv.ParseInt(after(words, name), 0, 64)
	if err != nil {
		return -1
	}
	return n
}

// uart knows which writes to a 16550 leave by the line: those to its first
// register, unless the latch for the divisor or the loop back is on.
type uart struct{ divisor, loop bool }

func (u *uart) write(register, value int64) (byte, bool) {
	const transmit, lineControl, modemControl = 0, 3, 4
	switch register {
	case lineControl:
		u.divisor = value&0x80 != 0
	case modemControl:
		u.loop = value&0x10 != 0
	case transmit:
		return byte(value), !u.divisor && !u.loop
	}
	return 0, false
}
