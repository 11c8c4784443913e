// Package multicall is how several programs live in one file: which of them it
// is, the name says that it was called by. It reads the arguments and ends the
// process when the name is unknown.
package multicall

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
)

// Exit codes of a process that calls no program.
const exitUsage = 2

// Run runs the program that has the name which this process was called by.
func Run(programs map[string]func()) {
	name := filepath.Base(os.Args[0])
	run, known := programs[name]
	if !known {
		names := strings.Join(slices.Sorted(maps.Keys(programs)), ", ")
		fmt.Fprintf(os.Stderr, "kube: there is no program %q in this file; link it under one of these names: %s\n", name, names)
		os.Exit(exitUsage)
	}
	run()
}

// Command runs a program that is a cobra command, as Kubernetes' mains do.
func Command(make func() *cobra.Command) func() {
	return func() { os.Exit(cli.Run(make())) }
}
