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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := app.Run(ctx, app.System(), os.Args[1:])
	stop()
	os.Exit(code)
}
