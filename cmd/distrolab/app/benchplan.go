package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"distrolab/labs/access"
	"distrolab/labs/bench"
	"distrolab/labs/home"
	"distrolab/labs/hypervisor"
	"distrolab/labs/machine"
	"distrolab/labs/results"
	"distrolab/labs/session"
)

// experiment is what was asked for, planned: nothing has been made yet.
type experiment struct {
	home      home.Home
	key       access.Key
	directory string // that gets a copy of the results; "": none
	design    bench.Design
	earlier   *bench.Earlier // the session that it goes on with; nil: a new one
}

// keep writes what the other flags ask for into the request. Files are named so
// that they are found from everywhere.
func (o *benchOptions) keep() {
	r := &o.request
	r.VCPUs, r.MemoryMiB, r.Firmware = o.hardware.VCPUs, o.hardware.MemoryMiB, o.hardware.Firmware
	r.Intent, r.Format, r.Delivery = absolute(o.intent), o.format, o.delivery
	c := o.clusterOptions
	r.ControlPlane, r.ControlPlaneMemoryMiB, r.Kubernetes, r.Endpoint = c.controlPlane, c.memoryMiB, c.kubernetes, c.endpoint
	r.Token, r.CA, r.Kubeconfig = absolute(c.token), absolute(c.ca), absolute(c.kubeconfig)
}

// optionsOf asks for the same again.
func optionsOf(r results.Request) benchOptions {
	o := benchOptions{request: r}
	o.hardware = machine.Wishes{VCPUs: r.VCPUs, MemoryMiB: r.MemoryMiB, Firmware: r.Firmware}
	o.intent, o.format, o.delivery = r.Intent, r.Format, r.Delivery
	o.clusterOptions = clusterOptions{controlPlane: r.ControlPlane, memoryMiB: r.ControlPlaneMemoryMiB, kubernetes: r.Kubernetes, endpoint: r.Endpoint,
		token: r.Token, ca: r.CA, kubeconfig: r.Kubeconfig}
	if o.controlPlane == "" {
		o.controlPlane = defaultControl
	}
	if o.memoryMiB == 0 {
		o.memoryMiB = controlMemoryMiB
	}
	return o
}

// absolute leaves standard input and what cannot be found alone.
func absolute(file string) string {
	if file == "" || file == "-" {
		return file
	}
	if path, err := filepath.Abs(file); err == nil {
		return path
	}
	return file
}

func (o benchOptions) check() error {
	r := o.request
	switch {
	case r.Warmups < 0 || r.Warmups > session.MaxWarmups:
		return fmt.Errorf("--warmups %d: take 0 to %d", r.Warmups, session.MaxWarmups)
	case r.Deadline < 0:
		return fmt.Errorf("--deadline %s: a deadline lies ahead", r.Deadline)
	case r.Seed >= session.MaxSeed:
		return fmt.Errorf("--seed %d: take a number below 2^53", r.Seed)
	case r.Cache != "" && r.Cache != results.CacheWarm && r.Cache != results.CacheCold:
		return fmt.Errorf("--cache %q: take %s or %s", r.Cache, results.CacheWarm, results.CacheCold)
	case r.Baseline != "" && !slices.Contains(r.Systems, r.Baseline):
		return fmt.Errorf("--baseline %s: it is not among the systems that are measured", r.Baseline)
	}
	seen := map[string]bool{}
	for _, n := range r.Systems {
		if seen[n] {
			return fmt.Errorf("%s is named twice", n)
		}
		seen[n] = true
	}
	return nil
}

// planExperiment plans what is asked for: everything that can be wrong with it
// is found here, before anything is made.
func (a *application) planExperiment(ctx context.Context, opt benchOptions) (experiment, error) {
	if err := opt.check(); err != nil {
		return experiment{}, usage(err)
	}
	mode, rule, err := session.Plan(opt.request)
	if err != nil {
		return experiment{}, usage(err)
	}
	e, err := a.beginBench(&opt)
	if err != nil {
		return experiment{}, err
	}
	accelerator, err := a.benchAccelerator(ctx, e.home)
	if err != nil {
		return experiment{}, err
	}
	r := opt.request
	e.design = bench.Design{Names: r.Systems, Baseline: r.Baseline, Mode: mode, Rule: rule, Warmups: r.Warmups, Seed: r.Seed,
		Deadline: r.Deadline, Accelerator: accelerator, Scenario: r.Scenario, Cache: r.Cache}
	deadline := bench.DefaultDeadline(accelerator)
	if r.Scenario.Joins() {
		deadline = bench.DefaultJoinDeadline(accelerator)
		err = a.planJoins(ctx, &e, opt, r.Scenario, accelerator)
	} else {
		e.design.Subjects, err = a.planBoots(ctx, opt)
	}
	if err != nil {
		return experiment{}, err
	}
	completeDesign(&e.design, deadline)
	r.Seed = e.design.Seed
	e.design.Request = &r
	return e, nil
}

// beginBench makes the key by which machines are logged in to.
func (a *application) beginBench(opt *benchOptions) (experiment, error) {
	for _, name := range []string{results.SessionFile, results.RunsFile, results.EndFile} {
		if _, err := os.Stat(filepath.Join(opt.out, name)); opt.out != "" && err == nil {
			return experiment{}, usage(fmt.Errorf("--out %s: there is a session already; choose another directory", opt.out))
		}
	}
	h, err := a.home()
	if err != nil {
		return experiment{}, err
	}
	key, err := access.NewKey("distrolab-bench")
	if err != nil {
		return experiment{}, err
	}
	opt.key = key.Authorized
	return experiment{home: h, key: key, directory: opt.out, earlier: opt.earlier}, nil
}

// planBoots plans the machines of an experiment of boots: one at a time, each
// alone in its network, so that all get the same address.
func (a *application) planBoots(ctx context.Context, opt benchOptions) ([]machine.Spec, error) {
	names, o := opt.selected()
	subjects, err := a.plan(ctx, names, o)
	if err != nil {
		return nil, err
	}
	for i := range subjects {
		subjects[i].Address = subjects[0].Address
	}
	return subjects, nil
}

// selected splits the names of systems from the images that are asked for.
func (o benchOptions) selected() ([]string, planOptions) {
	plan := o.planOptions
	var names []string
	for _, asked := range o.request.Systems {
		name, image, _ := strings.Cut(asked, "@")
		names, plan.images = append(names, name), append(plan.images, image)
	}
	return names, plan
}

// benchAccelerator finds out what executes guests here, and says so when it is
// slow.
func (a *application) benchAccelerator(ctx context.Context, h home.Home) (hypervisor.AcceleratorKind, error) {
	found, err := a.accelerator(ctx, h)
	if err == nil && found.Kind == hypervisor.TCG {
		fmt.Fprintf(a.world.Err, "without KVM: %s\n", found.Reason)
	}
	return found.Kind, err
}

// completeDesign draws what was not asked for.
func completeDesign(d *bench.Design, deadline time.Duration) {
	if d.Seed == 0 {
		d.Seed = session.NewSeed()
	}
	if d.Deadline == 0 {
		d.Deadline = deadline
	}
}
