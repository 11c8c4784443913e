// Command kube is the programs of Kubernetes in one file, as BusyBox is for
// Unix: which of them it is, its own name says. distrolab builds it from the Go
// modules because Kubernetes' own servers cannot be reached where it is tested.
//
// It is a module of its own, so that distrolab itself depends on none of it.
// What each program may touch is Kubernetes' affair.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	kubeadm "k8s.io/kubernetes/cmd/kubeadm/app"
	kubeadmerrors "k8s.io/kubernetes/cmd/kubeadm/app/util/errors"
)

// programs are the mains, by the name of the program.
func programs() map[string]func() {
	return map[string]func(){
		"kubeadm": func() { kubeadmerrors.HandleError(kubeadm.Run()) }, // ends the process with kubeadm's own exit codes
	}
}

func main() {
	name := filepath.Base(os.Args[0])
	run, known := programs()[name]
	if !known {
		names := strings.Join(slices.Sorted(maps.Keys(programs())), ", ")
		fmt.Fprintf(os.Stderr, "kube: there is no program %q in this file; link it under one of these names: %s\n", name, names)
		os.Exit(2)
	}
	run()
}
