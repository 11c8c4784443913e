// Command appbench measures the app of a real distrolab binary in a terminal:
// the time from exec to the first frame, from a key to its frame, the processor
// time of an idle app and its memory. It opens a pseudoterminal, answers like an
// emulator would, starts no machine, and works in a home of its own that it
// removes again.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

type options struct {
	binary       string
	consoles     string
	cols, rows   int
	starts, keys int
	idle         time.Duration
	screen       string
}

func main() {
	var o options
	var size string
	flag.StringVar(&o.binary, "binary", "bin/distrolab", "the program")
	flag.StringVar(&o.consoles, "consoles", "", "program of appbench/consoles: keys are also measured while four consoles stream")
	flag.StringVar(&size, "size", "120x36", "columns and rows of the terminal")
	flag.IntVar(&o.starts, "starts", 20, "starts to measure; one before is not kept")
	flag.IntVar(&o.keys, "keys", 500, "keys to measure")
	flag.DurationVar(&o.idle, "idle", 10*time.Second, "how long the idle app is watched")
	flag.StringVar(&o.screen, "screen", "1", "the screen's number key; keys are the arrows down and up")
	flag.Parse()
	if _, err := fmt.Sscanf(size, "%dx%d", &o.cols, &o.rows); err != nil || o.cols < 40 || o.rows < 8 {
		fmt.Fprintln(os.Stderr, "appbench: --size takes COLUMNSxROWS, at least 40x8")
		os.Exit(2)
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "appbench:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	home, err := os.MkdirTemp("", "appbench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	environ := append(os.Environ(), "DISTROLAB_HOME="+home, "XDG_CONFIG_HOME="+home, "TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8", "LC_ALL=", "NO_COLOR=")
	load, _ := os.ReadFile("/proc/loadavg")
	fmt.Printf("terminal %dx%d, load %s\n", o.cols, o.rows, strings.TrimSpace(string(load)))

	var trues, versions, frames []time.Duration
	for i := range o.starts + 1 {
		t, err := timed("/bin/true", environ)
		if err != nil {
			return err
		}
		v, err := timed(o.binary, environ, "--version")
		if err != nil {
			return err
		}
		a, first, err := open(o, environ)
		if err != nil {
			return err
		}
		if err := a.Close(); err != nil {
			return err
		}
		if i > 0 {
			trues, versions, frames = append(trues, t), append(versions, v), append(frames, first)
		}
	}
	report("/bin/true", trues)
	report("distrolab --version", versions)
	report("exec to first frame", frames)

	a, _, err := open(o, environ)
	if err != nil {
		return err
	}
	defer a.Close()
	all, err := keys(a, o)
	if err != nil {
		return err
	}
	report("key to frame", all)
	if err := idle(a, o.idle); err != nil || o.consoles == "" {
		return err
	}
	return streaming(o, environ)
}

// timed runs a program to its end.
func timed(program string, environ []string, args ...string) (time.Duration, error) {
	c := exec.Command(program, args...)
	c.Env = environ
	began := time.Now()
	err := c.Run()
	return time.Since(began), err
}

func report(what string, all []time.Duration) {
	if len(all) == 0 {
		return
	}
	s := slices.Sorted(slices.Values(all))
	at := func(q float64) time.Duration {
		return s[min(int(q*float64(len(s))), len(s)-1)].Round(10 * time.Microsecond)
	}
	fmt.Printf("%-22s n %4d  min %9v  p50 %9v  p99 %9v  max %9v\n", what, len(s), at(0), at(.5), at(.99), at(1))
}
