package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"distrolab/labs/observe"
	"distrolab/labs/results"
)

// limitGuest is how far the end of a boot may be from the guest's own stamp of
// it (T4), besides what the calculated start of the guest's clock claims for
// itself.
const limitGuest = 50 * time.Millisecond

// What guests say of the end of their boots, by their own clocks.
const (
	// targetActive is systemd's stamp of multi-user.target, in microseconds of
	// CLOCK_MONOTONIC (org.freedesktop.systemd1(5), ActiveEnterTimestampMonotonic).
	targetActive = `\bActiveEnterTimestampMonotonic=([0-9]{1,12})\b`
	// cloudInitUp is cloud-init's reading of /proc/uptime, in seconds with two
	// decimals, in the line that is the milestone.
	cloudInitUp = `Cloud-init v\. \S{1,40} finished at [^\r\n]{1,200} Up ([0-9]{1,6}\.[0-9]{1,3}) seconds`
)

// measureGuest holds the boots of a session that was exported against what the
// guests' own clocks say.
func measureGuest(_ context.Context, opt options) (record, error) {
	session, runs, _, err := results.ReadDirectory(opt.session)
	if err != nil {
		return record{}, err
	}
	r := record{Title: "boot_complete against the guest's own stamps", Started: session.Started}
	all, widths := map[string][]time.Duration{}, map[string]time.Duration{}
	for _, run := range runs {
		if run.Phase != results.PhaseMeasure || run.Outcome != results.OutcomeOK && run.Outcome != results.OutcomeTainted {
			continue
		}
		r.Environment, r.Accelerator = run.Env, run.VM.Accel
		truth, ok := guestStamp(opt.session, run)
		end, ok1 := run.Timeline().Find(observe.BootComplete)
		zero, ok2 := run.Timeline().Find(observe.KernelStart)
		if !ok || !ok1 || !ok2 {
			continue
		}
		name := run.Subject.Called()
		all[name] = append(all[name], end.T-zero.T-truth)
		widths[name] = max(widths[name], zero.Err)
	}
	if len(all) == 0 {
		return record{}, fmt.Errorf("no run of %s has a stamp of its guest's own", opt.session)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r.Errors = append(r.Errors, againstGuest(name, all[name], widths[name]))
	}
	return r, nil
}

// againstGuest judges the errors of one system. The guest's clock begins at
// kernel_start, whose error is that of all of them.
func againstGuest(name string, errors []time.Duration, width time.Duration) spread {
	s := spreadOf(name, errors)
	s.Bound = fmt.Sprintf("±%d, and ±%.0f that kernel_start claims", limitGuest.Milliseconds(), millis(width))
	most := millis(limitGuest + width)
	s.Kept = s.Least >= -most && s.Most <= most
	return s
}

// guestStamp is when the guest's own clock says that its boot was over, since
// that clock's zero.
func guestStamp(directory string, run results.Run) (time.Duration, bool) {
	if text, err := serialLog(directory, run); err == nil {
		if found := regexp.MustCompile(cloudInitUp).FindSubmatch(text); found != nil {
			seconds, err := strconv.ParseFloat(string(found[1]), 64)
			return time.Duration(seconds * float64(time.Second)), err == nil
		}
	}
	end, _ := run.Timeline().Find(observe.BootComplete)
	if run.Guest == nil || !strings.Contains(end.Raw, "Reached target") {
		return 0, false // it ends with something else, such as a login prompt
	}
	found := regexp.MustCompile(targetActive).FindStringSubmatch(run.Guest.Values["systemd_stamps"])
	if found == nil {
		return 0, false
	}
	micros, err := strconv.ParseInt(found[1], 10, 64)
	return time.Duration(micros) * time.Microsecond, err == nil && micros > 0
}

// serialLog is what the run's console said.
func serialLog(directory string, run results.Run) ([]byte, error) {
	for _, f := range run.Files {
		if f.Kind == "serial" && filepath.IsLocal(f.Name) {
			return os.ReadFile(filepath.Join(directory, f.Name))
		}
	}
	return nil, errors.New("it has no console log")
}
