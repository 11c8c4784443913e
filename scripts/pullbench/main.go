// Command pullbench measures how fast distrolab fetches an image, against the
// standard tools in a pipe: both download from a server on this machine, hash
// what comes, decompress it and write the disk. It runs both in turn, in pairs,
// so that the machine's own speed and load cancel out. It writes to a cache and
// to a temporary directory that it removes. scripts/bench-pull calls it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"distrolab/labs/stats"
)

// The exit codes, as those of distrolab.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitMissed      = 3 // a target was certainly missed
	exitInterrupted = 130
)

const usage = `usage: scripts/bench-pull [flags]

Fetches one disk in each compression with distrolab (the image store's Fetch) and
with curl | tee >(sha512sum) | TOOL > file, in turn. Prints how many times as
fast distrolab is, with its 95 % interval, and the most memory it took.
Installs zstd, pigz, xz-utils, lbzip2 and curl where they are missing.

  --pairs N       pairs of runs for each compression (10)
  --mib N         size of the disk (600); it is made of the files of /usr
  --formats LIST  of zst, gz, xz, bz2 and xz9 (zst,gz,xz,bz2); xz9 is one block
                  with a dictionary of 64 MiB and takes minutes to make
  --cache DIR     where the files are kept (~/.cache/distrolab/bench)
  --record FILE   append the samples, one JSON object a line

Exit status: 0 done, 1 failed, 2 wrong usage, 3 a target was certainly missed.
`

// format is a compression, its tools, and how fast distrolab is to be.
type format struct {
	name        string
	compression string
	pack        []string
	unpack      string
	target      float64 // of the tools' speed
}

func formats() []format {
	return []format{
		{"zst", "zst", []string{"zstd", "-q", "-10", "-T0", "-c"}, "zstd -q -d -c", 1},
		{"gz", "gz", []string{"pigz", "-c"}, "pigz -d -c", 1},
		{"xz", "xz", []string{"xz", "-6", "-T0", "-c"}, "xz -T0 -d -c", 0.8},
		{"bz2", "bz2", []string{"lbzip2", "-c"}, "lbzip2 -d -c", 0.8},
		{"xz9", "xz", []string{"xz", "-9", "-T1", "-c"}, "xz -T0 -d -c", 0.8},
	}
}

// options are the flags.
type options struct {
	pairs   int
	mib     int64
	formats string
	cache   string
	record  string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, out, log io.Writer) int {
	if len(args) > 0 && args[0] == childName {
		return child(ctx, args[1:], out, log)
	}
	var opt options
	flags := flag.NewFlagSet("bench-pull", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&opt.pairs, "pairs", 10, "")
	flags.Int64Var(&opt.mib, "mib", 600, "")
	flags.StringVar(&opt.formats, "formats", "zst,gz,xz,bz2", "")
	flags.StringVar(&opt.cache, "cache", "", "")
	flags.StringVar(&opt.record, "record", "", "")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, usage)
		return exitDone
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case err == nil && (opt.pairs < 1 || opt.pairs > 1000 || opt.mib < 1 || opt.mib > 1<<16):
		err = errors.New("--pairs takes 1 to 1000, --mib 1 to 65536")
	}
	var chosen []format
	if err == nil {
		chosen, err = choose(opt.formats)
	}
	if err != nil {
		fmt.Fprintf(log, "bench-pull: %v\n\n%s", err, usage)
		return exitUsage
	}
	met, err := measure(ctx, opt, chosen, out, log)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(log, "bench-pull: interrupted")
		return exitInterrupted
	case err != nil:
		fmt.Fprintf(log, "bench-pull: %v\n", err)
		return exitFailed
	case !met:
		return exitMissed
	}
	return exitDone
}

func choose(names string) ([]format, error) {
	var chosen []format
	for name := range strings.SplitSeq(names, ",") {
		known := false
		for _, f := range formats() {
			if f.name == name {
				chosen, known = append(chosen, f), true
			}
		}
		if !known {
			return nil, fmt.Errorf("--formats: %q is none of zst, gz, xz, bz2, xz9", name)
		}
	}
	return chosen, nil
}

// measure runs every format's pairs; false if a target was certainly missed.
func measure(ctx context.Context, opt options, chosen []format, out, log io.Writer) (bool, error) {
	if opt.cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return false, err
		}
		opt.cache = filepath.Join(dir, "distrolab", "bench")
	}
	set, err := makeFiles(ctx, opt, chosen, log)
	if err != nil {
		return false, err
	}
	work, err := os.MkdirTemp(opt.cache, "run-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(work) //nolint:errcheck // of no matter
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return false, err
	}
	server := &http.Server{Handler: http.FileServer(http.Dir(opt.cache)), ReadHeaderTimeout: time.Minute}
	go server.Serve(listener) //nolint:errcheck // ends with Close
	defer server.Close()      //nolint:errcheck // of no matter
	address := "http://" + listener.Addr().String() + "/"
	met := true
	for _, f := range chosen {
		r := race{format: f, file: set[f.name], disk: set[""], url: address + filepath.Base(set[f.name].path), work: work}
		s, err := r.run(ctx, opt.pairs)
		if err != nil {
			return false, fmt.Errorf("%s: %w", f.name, err)
		}
		met = s.print(out) && met
		if err := s.keep(opt.record); err != nil {
			return false, err
		}
	}
	return met, nil
}

// sample is what was measured of one format.
type sample struct {
	Format  string       `json:"format"`
	Target  float64      `json:"target"`
	Disk    int64        `json:"disk_bytes"`
	Served  int64        `json:"served_bytes"`
	Seconds [][2]float64 `json:"seconds"` // of distrolab and of the tools
	Memory  []int64      `json:"peak_bytes"`
}

// print writes the result; false if the target was certainly missed.
func (s sample) print(out io.Writer) bool {
	pairs := make([]stats.Pair, len(s.Seconds))
	var ours, theirs []float64
	peak := int64(0)
	for i, row := range s.Seconds {
		pairs[i] = stats.Pair{A: row[0], B: row[1]}
		ours, theirs = append(ours, row[0]), append(theirs, row[1])
		peak = max(peak, s.Memory[i])
	}
	r := stats.PairedRatio(pairs, stats.Confidence95)
	bounds, verdict := "no interval: too few pairs", "open"
	if r.Bounded() {
		bounds = fmt.Sprintf("%.2f to %.2f", r.Low, r.High)
		switch {
		case r.Low >= s.Target:
			verdict = "met"
		case r.High < s.Target:
			verdict = "missed"
		}
	}
	fmt.Fprintf(out, "%-4s %4d MB of %4d MB: distrolab %.2f s, tools %.2f s (medians); %.2f times as fast [%s], %d pairs; at least %.1f: %s; peak %d MiB\n",
		s.Format, s.Served/1e6, s.Disk/1e6,
		stats.MedianInterval(ours, stats.Confidence95).Median, stats.MedianInterval(theirs, stats.Confidence95).Median,
		r.Ratio, bounds, r.N, s.Target, verdict, peak>>20)
	return verdict != "missed"
}

// keep appends the sample to the file of --record.
func (s sample) keep(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("keeping the samples: %w", err)
	}
	return errors.Join(json.NewEncoder(f).Encode(s), f.Close())
}
