// Package labs is the lab: a named set of machines, their network, and the
// background process that holds them. This package says what a lab is, starts
// that process, and talks to it; package holder is the process itself.
package labs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"distrolab/labs/home"
	"distrolab/labs/hypervisor"
	"distrolab/labs/machine"
	"distrolab/labs/observe"
)

// Spec is a lab as it was asked for: everything its process needs to start.
type Spec struct {
	Name        string                     `json:"name"`
	URI         string                     `json:"uri"` // libvirt
	Accelerator hypervisor.AcceleratorKind `json:"accelerator"`
	Machines    []machine.Spec             `json:"machines"`
	Deadline    time.Duration              `json:"deadline_ns"` // after which a boot counts as failed
	Created     time.Time                  `json:"created"`
	Cluster     *ClusterSpec               `json:"cluster,omitempty"` // that the machines join
}

// The files of a lab's directory that more than one package knows.
const (
	specFile       = "lab.json"
	keyFile        = "id_ed25519"
	knownHostsFile = "known_hosts"
	kubeconfigFile = "kubeconfig"
	apiSocket      = "api"
)

// KeyPath is the lab's private key.
func KeyPath(h home.Home, lab string) string { return filepath.Join(h.Lab(lab), keyFile) }

// KnownHostsPath is where ssh remembers the host keys of the lab's machines.
func KnownHostsPath(h home.Home, lab string) string {
	return filepath.Join(h.Lab(lab), knownHostsFile)
}

// KubeconfigPath is where the lab's process writes the kubeconfig of its cluster.
func KubeconfigPath(h home.Home, lab string) string {
	return filepath.Join(h.Lab(lab), kubeconfigFile)
}

// SocketPath is where the lab's process answers.
func SocketPath(h home.Home, lab string) string { return filepath.Join(h.Sockets(lab), apiSocket) }

// ConsoleLogPath is where the lab's process writes what a machine's console says.
func ConsoleLogPath(h home.Home, lab, machine string) string {
	return filepath.Join(h.Lab(lab), machine+".console")
}

// WriteSpec stores a lab's spec in its directory. It may hold secrets of a
// config, so only its owner reads it.
func WriteSpec(h home.Home, s Spec) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding lab %s: %w", s.Name, err)
	}
	if err := os.WriteFile(filepath.Join(h.Lab(s.Name), specFile), append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("storing lab %s: %w", s.Name, err)
	}
	return nil
}

// ReadSpec reads a lab's spec.
func ReadSpec(h home.Home, lab string) (Spec, error) {
	data, err := os.ReadFile(filepath.Join(h.Lab(lab), specFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Spec{}, &UnknownLabError{Name: lab}
	}
	if err != nil {
		return Spec{}, fmt.Errorf("reading lab %s: %w", lab, err)
	}
	var s Spec
	if err := json.Unmarshal(data, &s); err != nil {
		return Spec{}, fmt.Errorf("reading lab %s: %w", lab, err)
	}
	return s, nil
}

// MachineState says how far a machine is.
type MachineState string

// The states of a machine.
const (
	StatePlanned MachineState = "planned" // its turn has not come
	StateBooting MachineState = "booting" // its CPUs run
	StateJoining MachineState = "joining" // has booted, and is on its way into the cluster
	StateReady   MachineState = "ready"   // reached its finish line
	StateEnding  MachineState = "ending"  // it was told to shut down
	StateOff     MachineState = "off"     // it powered off
	StateFailed  MachineState = "failed"  // see the error
	StateLost    MachineState = "lost"    // the process of its lab, or libvirt's daemon, was killed
)

// Status is a lab as it is now: the answer of its process, and the JSON shape
// of `distrolab ps -o json`.
type Status struct {
	Lab         string                     `json:"lab"`
	Created     time.Time                  `json:"created"`
	Accelerator hypervisor.AcceleratorKind `json:"accelerator"`
	Running     bool                       `json:"running"` // its process answers
	Machines    []MachineStatus            `json:"machines"`
	Cluster     *ClusterStatus             `json:"cluster,omitempty"`
}

// MachineStatus is one machine of a [Status].
type MachineStatus struct {
	Name     string           `json:"name"`
	Distro   string           `json:"distro"`
	Kind     string           `json:"kind"`
	Version  string           `json:"version"`
	State    MachineState     `json:"state"`
	Error    string           `json:"error,omitempty"`
	Address  netip.Addr       `json:"address"`
	User     string           `json:"user"`
	Role     Role             `json:"role,omitempty"` // in the lab's cluster
	Domain   string           `json:"domain"`         // libvirt's name of it
	VCPUs    int              `json:"vcpus"`
	Memory   int              `json:"memory_mib"`
	Boots    int              `json:"boots"` // how often it was started; the timeline is of the last
	Forwards []Forward        `json:"forwards"`
	Timeline observe.Timeline `json:"timeline"`
}

// Forward is a port of this machine that leads to one of a lab machine.
type Forward struct {
	Local netip.AddrPort `json:"local"`
	Port  uint16         `json:"port"`
}

// Event is a line of a lab's event stream: a milestone of a machine, or a
// change of its state.
type Event struct {
	Machine   string         `json:"machine"`
	State     MachineState   `json:"state,omitempty"`
	Error     string         `json:"error,omitempty"`
	Step      string         `json:"step,omitempty"` // what is done now, in a few words
	Milestone *observe.Event `json:"milestone,omitempty"`
}

// Usage is what a machine takes of this host. The difference of two gives its
// share of a processor.
type Usage struct {
	Machine  string        `json:"machine"`
	At       time.Time     `json:"at"`
	CPU      time.Duration `json:"cpu_ns"`         // of all processors, since the machine was made
	Resident int64         `json:"resident_bytes"` // of its QEMU; 0: unknown
}

// UnknownLabError says that there is no lab of a name, and which there are.
type UnknownLabError struct {
	Name  string
	Known []string
}

func (e *UnknownLabError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("there is no lab %.64q, and no other; start one with `distrolab up`", e.Name)
	}
	return fmt.Sprintf("there is no lab %.64q; there is %s", e.Name, list(e.Known))
}
