package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Identity names a process so that a later one with the same id is not taken
// for it: process ids return, and the boot id and start time with them do not.
type Identity struct {
	PID    int    `json:"pid"`
	Start  string `json:"start"`   // field 22 of /proc/PID/stat: clock ticks since boot
	BootID string `json:"boot_id"` // /proc/sys/kernel/random/boot_id
}

// Identify reads the identity of a process that runs now.
func Identify(pid int) (Identity, error) {
	start, err := startTime(pid)
	if err != nil {
		return Identity{}, fmt.Errorf("identifying process %d: %w", pid, err)
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return Identity{}, fmt.Errorf("identifying process %d: %w", pid, err)
	}
	return Identity{PID: pid, Start: start, BootID: strings.TrimSpace(string(boot))}, nil
}

// Alive reports whether that very process still runs.
func (i Identity) Alive() bool {
	if i.PID <= 0 {
		return false
	}
	now, err := Identify(i.PID)
	return err == nil && now == i
}

// String is the form that a [Resource] carries.
func (i Identity) String() string { return fmt.Sprintf("%d:%s:%s", i.PID, i.Start, i.BootID) }

// ParseIdentity reads what [Identity.String] wrote.
func ParseIdentity(s string) (Identity, error) {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return Identity{}, fmt.Errorf("reading process identity %q: want PID:START:BOOT", s)
	}
	pid, err := strconv.Atoi(parts[0])
	if err != nil {
		return Identity{}, fmt.Errorf("reading process identity %q: %w", s, err)
	}
	return Identity{PID: pid, Start: parts[1], BootID: parts[2]}, nil
}

// startTime reads field 22 of /proc/PID/stat (proc_pid_stat(5)). The second
// field is the command in parentheses and may itself hold spaces and
// parentheses, so fields count from the last one. A zombie has ended.
func startTime(pid int) (string, error) {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return "", err
	}
	_, rest, ok := cutLast(string(data), ")")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 20 {
		return "", fmt.Errorf("unexpected form of /proc/%d/stat", pid)
	}
	if fields[0] == "Z" || fields[0] == "X" {
		return "", os.ErrProcessDone
	}
	return fields[19], nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
