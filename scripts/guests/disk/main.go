// Command disk makes a bootable GPT disk image from root file-system archives.
//
// It is the shared tool of the guest builders in scripts/guests. It reads a
// specification in JSON (see [Spec]), tar archives and GRUB's own images, and
// writes one qcow2 or raw file. It needs no root rights, no loop devices and no
// mounts: ext4 is filled through debugfs, FAT through mtools, and the partition
// table and GRUB's block lists are written here. The same input gives the same
// bytes.
//
// It may run mke2fs, debugfs, e2fsck, mkfs.vfat, mmd, mcopy and qemu-img, and
// touches only the work directory and the output file.
//
// Usage:
//
//	disk [-work DIR] SPEC.json OUT.qcow2
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "disk:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("disk", flag.ContinueOnError)
	work := flags.String("work", "", "directory for intermediate files; a temporary one, removed at the end, when empty")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: disk [-work DIR] SPEC.json OUT.qcow2")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 2 {
		flags.Usage()
		return fmt.Errorf("parsing arguments: want a specification and an output file, got %d arguments", flags.NArg())
	}
	spec, err := ReadSpec(flags.Arg(0))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(*work, "disk-")
	if err != nil {
		return fmt.Errorf("making work directory: %w", err)
	}
	defer os.RemoveAll(dir)
	return Build(ctx, spec, dir, flags.Arg(1))
}
