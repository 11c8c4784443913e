package labs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"distrolab/labs/home"
	"distrolab/labs/ledger"
)

// All lists the labs of a home, running or not, with what their processes say.
// Sessions of bench are labs too and are listed while they run.
func All(ctx context.Context, h home.Home) ([]Status, error) {
	found, err := ledger.Labs(h.Labs())
	if err != nil {
		return nil, err
	}
	all := make([]Status, 0, len(found))
	for _, l := range found {
		all = append(all, statusOf(ctx, h, l))
	}
	return all, nil
}

// statusOf asks the lab's process; where none answers it tells what is stored.
func statusOf(ctx context.Context, h home.Home, l ledger.Lab) Status {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if l.Alive {
		if s, err := Connect(h, l.Name).Status(ctx); err == nil {
			return s
		}
	}
	s := Status{Lab: l.Name, Created: l.Owner.Created, Running: l.Alive, Machines: []MachineStatus{}}
	spec, err := ReadSpec(h, l.Name)
	if err != nil {
		return s
	}
	s.Accelerator = spec.Accelerator
	for _, m := range spec.All() {
		status := MachineStatus{Name: m.Name, Distro: m.Distro, Kind: string(m.Kind), Version: m.Version,
			Address: m.Address, User: m.User, State: StatePlanned, VCPUs: m.Hardware.VCPUs, Memory: m.Hardware.MemoryMiB, Role: spec.Role(m), Forwards: []Forward{}}
		if !l.Alive {
			status.State, status.Error = StateLost, "left by a crash; `distrolab gc` takes it back"
		}
		s.Machines = append(s.Machines, status)
	}
	return s
}

// FindMachine resolves MACHINE or LAB/MACHINE among the labs.
func FindMachine(ctx context.Context, h home.Home, name string) (lab string, m MachineStatus, err error) {
	all, err := All(ctx, h)
	if err != nil {
		return "", MachineStatus{}, err
	}
	wantLab, wantMachine, qualified := strings.Cut(name, "/")
	if !qualified {
		wantLab, wantMachine = "", name
	}
	var hits, known []string
	for _, s := range all {
		for _, candidate := range s.Machines {
			known = append(known, s.Lab+"/"+candidate.Name)
			if candidate.Name == wantMachine && (!qualified || s.Lab == wantLab) {
				hits = append(hits, s.Lab+"/"+candidate.Name)
				lab, m = s.Lab, candidate
			}
		}
	}
	switch {
	case len(hits) == 1:
		return lab, m, nil
	case len(hits) > 1:
		return "", MachineStatus{}, fmt.Errorf("%q is the name of several machines: say which of %s", name, list(hits))
	case len(known) == 0:
		return "", MachineStatus{}, fmt.Errorf("there is no machine %.80q, and no other; start one with `distrolab up`", name)
	default:
		return "", MachineStatus{}, fmt.Errorf("there is no machine %.80q; there is %s", name, list(known))
	}
}

// list joins names as a sentence does.
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
