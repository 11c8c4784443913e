package observe

import (
	"fmt"
	"io/fs"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// clockLimit is how far two clocks of the host may move apart in a run.
const clockLimit = time.Millisecond

// ClockMark is one reading of the host's clocks. Two of them, before and after
// a run, show whether the time of day was set or the host was suspended. That
// NTP slows or hastens time is not seen: it moves all of these clocks alike, by
// at most 0.05 %.
type ClockMark struct {
	Monotonic time.Duration // CLOCK_MONOTONIC: stops during suspend
	Boot      time.Duration // CLOCK_BOOTTIME: goes on during suspend
	Wall      time.Time     // CLOCK_REALTIME
}

// ReadClocks reads the host's clocks. Of three readings it keeps the one that
// was disturbed least.
func ReadClocks() (ClockMark, error) {
	var best ClockMark
	width := time.Duration(-1)
	for range 3 {
		m, w, err := readClocks()
		if err != nil {
			return ClockMark{}, err
		}
		if width < 0 || w < width {
			best, width = m, w
		}
	}
	return best, nil
}

// readClocks reads each clock once, and says how long that took.
func readClocks() (m ClockMark, width time.Duration, err error) {
	var before, wall, boot, after unix.Timespec
	for _, r := range []struct {
		id int32
		ts *unix.Timespec
	}{
		{unix.CLOCK_MONOTONIC, &before}, {unix.CLOCK_REALTIME, &wall},
		{unix.CLOCK_BOOTTIME, &boot}, {unix.CLOCK_MONOTONIC, &after},
	} {
		if err := unix.ClockGettime(r.id, r.ts); err != nil {
			return ClockMark{}, 0, fmt.Errorf("reading clock %d: %w", r.id, err)
		}
	}
	width = time.Duration(after.Nano() - before.Nano())
	return ClockMark{
		Monotonic: time.Duration(before.Nano()) + width/2,
		Boot:      time.Duration(boot.Nano()),
		Wall:      time.Unix(0, wall.Nano()),
	}, width, nil
}

// ClockDrift is how the host's clocks moved against each other in a run.
type ClockDrift struct {
	Wall    time.Duration // change of wall minus monotonic time: the time of day was set
	Suspend time.Duration // change of boot minus monotonic time: the host slept
}

// Drift compares a mark with a later one.
func (m ClockMark) Drift(later ClockMark) ClockDrift {
	mono := later.Monotonic - m.Monotonic
	return ClockDrift{
		Wall:    time.Duration(later.Wall.UnixNano()-m.Wall.UnixNano()) - mono,
		Suspend: later.Boot - m.Boot - mono,
	}
}

// Taints returns why a run with this drift is not valid: one sentence for each
// clock that moved more than 1 ms.
func (d ClockDrift) Taints() []string {
	var taints []string
	if d.Wall.Abs() > clockLimit {
		taints = append(taints, fmt.Sprintf("the host's time of day moved by %s during the run", d.Wall.Round(time.Microsecond)))
	}
	if d.Suspend.Abs() > clockLimit {
		taints = append(taints, fmt.Sprintf("the host was suspended for %s during the run", d.Suspend.Round(time.Microsecond)))
	}
	return taints
}

// ClockSource returns the name of the kernel's clock source, such as tsc, or ""
// where it is unknown. The file system is the host's root, as os.DirFS("/").
func ClockSource(root fs.FS) string {
	b, err := fs.ReadFile(root, "sys/devices/system/clocksource/clocksource0/current_clocksource")
	if err != nil {
		return ""
	}
	return printable([]byte(strings.TrimSpace(string(b))), 64)
}
