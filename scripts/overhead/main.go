// Command overhead measures distrolab itself against doing without it: a start
// against virsh, a watched boot against one that nobody watches, and the time
// of a command. Each is a ratio of pairs from one run, so that the machine's
// own speed and load cancel out. It starts machines in a home of its own, runs
// virsh and the binary under test, and takes everything back. scripts/bench-*
// call it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The exit codes, as those of distrolab.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitMissed      = 3 // a target was certainly missed
	exitInterrupted = 130
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// measurement is one of the benchmarks.
type measurement struct {
	name    string
	usage   string
	measure func(ctx context.Context, opt options) (bool, error) // false: the target was missed
}

func measurements() []measurement {
	return []measurement{
		{"start", startUsage, measureStart},
		{"list", listUsage, measureList},
		{"boot", bootUsage, measureBoot},
	}
}

// options are the flags, the same for all; each measurement uses its own.
type options struct {
	binary string
	guest  string
	pairs  int
	seed   uint64
	record string
	out    io.Writer
	log    io.Writer
}

func run(ctx context.Context, args []string, out, log io.Writer) int {
	if len(args) == 0 {
		fmt.Fprintln(log, "usage: overhead start|list|boot [flags]")
		return exitUsage
	}
	for _, m := range measurements() {
		if m.name == args[0] {
			return m.run(ctx, args[1:], out, log)
		}
	}
	fmt.Fprintf(log, "overhead: there is no measurement %q; take start, list or boot\n", args[0])
	return exitUsage
}

func (m measurement) run(ctx context.Context, args []string, out, log io.Writer) int {
	opt := options{out: out, log: log}
	flags := flag.NewFlagSet(m.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&opt.binary, "binary", "bin/distrolab", "")
	flags.StringVar(&opt.guest, "guest", "probe", "")
	flags.IntVar(&opt.pairs, "pairs", 0, "")
	flags.Uint64Var(&opt.seed, "seed", 1, "")
	flags.StringVar(&opt.record, "record", "", "")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, m.usage)
		return exitDone
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case err == nil && (opt.pairs < 0 || opt.pairs > 1000):
		err = fmt.Errorf("--pairs %d: take 1 to 1000", opt.pairs)
	}
	if err != nil {
		fmt.Fprintf(log, "bench-%s: %v\n\n%s", m.name, err, m.usage)
		return exitUsage
	}
	met, err := m.measure(ctx, opt)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintf(log, "bench-%s: interrupted\n", m.name)
		if err != nil && !errors.Is(err, context.Canceled) {
			fmt.Fprintln(log, err)
		}
		return exitInterrupted
	case err != nil:
		fmt.Fprintf(log, "bench-%s: %v\n", m.name, err)
		return exitFailed
	case !met:
		return exitMissed
	}
	return exitDone
}
