// Command observer proves that the observer is right: it holds the observer's
// stamps against QEMU's own record of what the guest did, and delays parts of a
// boot on purpose to see which milestone moves. It starts machines of the probe
// guest in a home of its own and takes everything back. scripts/bench-observer
// calls it.
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

const usage = `usage: scripts/bench-observer clap|delays|guest|table [flags]
       scripts/bench-observer all

clap    The probe guest sends numbered marks over its serial port, its debug
        port and its network, with its own clock in each (acceptance T1 to T3).
        QEMU's trace says when each byte and frame left the guest, by the host's
        clock; the error is the observer's stamp less that time.
delays  Boots of the probe guest in shuffled blocks: plain ones, and ones in
        which the DHCP offer comes 2 s late, a step sleeps for 3 s, or the time
        server is silent for 4 s. Says which milestones moved, and by how much
        (acceptance T6).
guest   The boots of a session that was exported, against the guests' own clocks:
        systemd's stamp of multi-user.target, cloud-init's reading of the time
        since power-on (acceptance T4).
all     All of it, with scripts/bench-overhead, and the tables of
        docs/observer.md. Nothing else should run meanwhile.
table   Writes the tables of docs/observer.md from the records in docs/observer.

  --marks N       marks of clap (default 1000)
  --burners N     programs that keep the processors busy while it claps (default
                  0; T2 wants two for each processor)
  --blocks N      blocks of delays (default 6)
  --seed N        seed of their order (default 1)
  --session DIR   an exported session, for guest (default docs/example/boot)
  --record FILE   write the figures to this file, with the host's fingerprint

Exit status: 0 every bound was kept, 1 failed, 2 wrong usage, 3 a bound was not
kept.

example:
  scripts/bench-observer clap --marks 2000 --record docs/observer/clap.json
`

// The exit codes, as those of distrolab.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitMissed = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are the flags.
type options struct {
	marks   int
	burners int
	blocks  int
	seed    uint64
	record  string
	session string
	log     io.Writer
}

func run(ctx context.Context, args []string, out, log io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(log, usage)
		return exitUsage
	}
	command := args[0]
	opt := options{log: log}
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&opt.marks, "marks", 1000, "")
	flags.IntVar(&opt.burners, "burners", 0, "")
	flags.IntVar(&opt.blocks, "blocks", 6, "")
	flags.Uint64Var(&opt.seed, "seed", 1, "")
	flags.StringVar(&opt.record, "record", "", "")
	flags.StringVar(&opt.session, "session", "docs/example/boot", "")
	err := flags.Parse(args[1:])
	switch {
	case command == "-h" || command == "--help" || errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, usage)
		return exitDone
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case err == nil && (opt.marks < 1 || opt.marks > 100_000 || opt.burners < 0 || opt.burners > 64 || opt.blocks < 1 || opt.blocks > 100):
		err = errors.New("take 1 to 100000 marks, at most 64 burners, 1 to 100 blocks")
	}
	measure := map[string]func(context.Context, options) (record, error){"clap": measureClap, "delays": measureDelays, "guest": measureGuest}[command]
	if err == nil && measure == nil && command != "table" {
		err = fmt.Errorf("there is no command %q", command)
	}
	if err != nil {
		fmt.Fprintf(log, "bench-observer: %v\n\n%s", err, usage)
		return exitUsage
	}
	if command == "table" {
		return ended(writeTables("docs/observer.md", "docs/observer"), log)
	}
	r, err := measure(ctx, opt)
	if err != nil {
		return ended(err, log)
	}
	r.print(out)
	if err := r.keep(opt.record); err != nil || r.kept() {
		return ended(err, log)
	}
	return exitMissed
}

func ended(err error, log io.Writer) int {
	if err != nil {
		fmt.Fprintf(log, "bench-observer: %v\n", err)
		return exitFailed
	}
	return exitDone
}
