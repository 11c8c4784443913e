// Command distrolab compares container operating systems, boots them in local
// libvirt machines with generated configs, and measures the boot.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"distrolab/cmd/distrolab/app"
)

func main() {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	// The first signal asks for an orderly end; a second one does not wait for it.
	context.AfterFunc(ctx, stop)
	// A reader that goes away, such as head, must not end a measurement without
	// taking its machine back: the write fails instead.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	code := app.Run(ctx, app.System(), os.Args[1:])
	stop()
	os.Exit(code)
}
