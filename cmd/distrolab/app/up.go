package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"distrolab/distros"
	"distrolab/labs"
	"distrolab/labs/access"
	"distrolab/labs/bench"
	"distrolab/labs/home"
	"distrolab/labs/machine"
	"distrolab/labs/observe"
	"distrolab/provision"
)

// upOptions are the flags of up.
type upOptions struct {
	planOptions
	lab      string
	detach   bool
	deadline time.Duration
	forwards []string
	cluster  bool
	clusterOptions
}

func newUp(a *application) *cobra.Command {
	var opt upOptions
	cmd := &cobra.Command{
		Use:   "up NAME...",
		Short: "Start a lab: a machine of each system",
		Long: `Up starts one machine of each named system in a lab of its own network, and
follows them until they have booted. The lab stays when the command ends; a
background process holds it until "distrolab down". Ctrl-C while it boots takes
the lab back.

With --cluster the lab gets a control plane, made by kubeadm the first time and
restored from its saved state after that, and every machine joins it. An
existing control plane is joined with --kubeconfig, or --endpoint, --token and
--ca.`,
		Example: `  distrolab up debian-local
  distrolab up debian-local coreos-standin --lab trial --intent node.yaml
  distrolab up debian-local --forward 8080:80
  distrolab up debian-local coreos-standin --cluster && kubectl --kubeconfig $(distrolab cluster kubeconfig lab) get nodes`,
		Args: minimum(1, aSystem), ValidArgsFunction: a.completeDistros,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runUp(cmd.Context(), args, opt) },
	}
	cmd.Flags().StringVar(&opt.lab, "lab", "lab", "name of the lab")
	cmd.Flags().BoolVarP(&opt.detach, "detach", "d", false, "do not wait until the machines have booted")
	cmd.Flags().StringArrayVar(&opt.forwards, "forward", nil, "LOCAL:PORT or MACHINE:LOCAL:PORT: a port of this machine's loopback that leads to the machine")
	cmd.Flags().DurationVar(&opt.deadline, "deadline", 0, "longest time of a boot before it counts as failed (default 3m, without KVM 15m)")
	a.planFlags(cmd, &opt.planOptions)
	cmd.Flags().BoolVar(&opt.cluster, "cluster", false, "give the lab a Kubernetes control plane, which the machines join")
	a.clusterFlags(cmd, &opt.clusterOptions)
	return cmd
}

func (a *application) runUp(ctx context.Context, names []string, opt upOptions) error {
	h, err := a.home()
	if err != nil {
		return err
	}
	follow := func(spec labs.Spec) func(labs.Event) { return newBootPrinter(a, spec).show }
	if opt.detach {
		follow = nil
	}
	if err := a.bringUp(ctx, h, names, opt, follow); err != nil {
		return err
	}
	return a.announce(ctx, h, opt.lab)
}

// bringUp starts a lab and, unless follow is nil, follows it until its machines
// have booted or failed. On an error, and when ctx ends, it is taken back.
func (a *application) bringUp(ctx context.Context, h home.Home, names []string, opt upOptions, follow func(labs.Spec) func(labs.Event)) error {
	if err := labs.CheckName("lab", opt.lab); err != nil {
		return usage(err)
	}
	key, err := access.NewKey("distrolab-" + opt.lab)
	if err != nil {
		return err
	}
	opt.key = key.Authorized
	spec, err := a.planLab(ctx, h, names, opt)
	if err != nil {
		return err
	}
	forwards, err := parseForwards(opt.forwards, spec.Machines)
	if err != nil {
		return usage(err)
	}
	err = labs.Launch(ctx, h, a.world.Executable, spec, key.Private)
	var exists *labs.ErrLabExists
	var held *labs.HolderError
	switch {
	case errors.As(err, &exists):
		return usage(err)
	case errors.As(err, &held) && held.Code > ExitFailed:
		return codeError{held.Code, err}
	case err != nil:
		return err
	}
	err = a.openForwards(ctx, h, opt.lab, forwards)
	if err == nil && follow != nil {
		err = followBoot(ctx, h, spec, follow(spec))
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return errors.Join(err, a.abandon(ctx, h, opt.lab))
	}
	return nil
}

// planLab is the lab that was asked for. Nothing runs yet.
func (a *application) planLab(ctx context.Context, h home.Home, names []string, opt upOptions) (labs.Spec, error) {
	accelerator, err := a.accelerator(ctx, h)
	if err != nil {
		return labs.Spec{}, err
	}
	spec := labs.Spec{Name: opt.lab, URI: a.libvirtURI(), Accelerator: accelerator.Kind, Deadline: opt.deadline, Created: time.Now()}
	if spec.Deadline <= 0 {
		spec.Deadline = bench.DefaultDeadline(accelerator.Kind)
	}
	if opt.cluster {
		planned, err := a.planCluster(ctx, h, opt.clusterOptions, accelerator.Kind)
		if err != nil {
			return labs.Spec{}, err
		}
		opt.join, spec.Cluster = &planned, &planned.ClusterSpec
	} else if opt.outside() {
		return labs.Spec{}, usage(errors.New("--endpoint and --kubeconfig are for --cluster"))
	}
	spec.Machines, err = a.plan(ctx, names, opt.planOptions)
	return spec, err
}

// abandon takes a lab back that could not be brought up, where it still is.
func (a *application) abandon(ctx context.Context, h home.Home, lab string) error {
	err := labs.Down(context.WithoutCancel(ctx), h, lab)
	var gone *labs.UnknownLabError
	if errors.As(err, &gone) {
		return nil
	}
	return err
}

// withKey lets the lab in: the system's own user gets the lab's key, whatever
// the intent says of it.
func withKey(intent provision.Intent, d distros.Distro, key string) provision.Intent {
	if userOf(d) == "" {
		return intent
	}
	intent.Users = slices.Clone(intent.Users)
	for i, u := range intent.Users {
		if u.Name != userOf(d) {
			continue
		}
		if !slices.Contains(u.SSHAuthorizedKeys, key) {
			intent.Users[i].SSHAuthorizedKeys = append(slices.Clone(u.SSHAuthorizedKeys), key)
		}
		return intent
	}
	intent.Users = append(intent.Users, provision.User{Name: userOf(d), SSHAuthorizedKeys: []string{key}})
	return intent
}

// followBoot shows milestones as they happen until every machine has booted
// or failed.
func followBoot(ctx context.Context, h home.Home, spec labs.Spec, show func(labs.Event)) error {
	waiting := map[string]bool{}
	for _, m := range spec.All() {
		waiting[m.Name] = true
	}
	err := labs.Connect(h, spec.Name).Events(ctx, func(e labs.Event) bool {
		show(e)
		if e.State == labs.StateReady || e.State == labs.StateFailed || e.State == labs.StateOff || e.State == labs.StateLost {
			delete(waiting, e.Machine)
		}
		return len(waiting) > 0
	})
	if err == nil && len(waiting) > 0 {
		return fmt.Errorf("lab %s was ended while its machines booted", spec.Name)
	}
	return err
}

// bootPrinter prints the events of a lab, a line each.
type bootPrinter struct {
	a      *application
	width  int
	titles map[observe.Milestone]string
	seen   map[string]bool
}

func newBootPrinter(a *application, spec labs.Spec) *bootPrinter {
	p := &bootPrinter{a: a, titles: map[observe.Milestone]string{}, seen: map[string]bool{}}
	for _, m := range spec.All() {
		p.width = max(p.width, len(m.Name))
	}
	for _, info := range append(observe.Milestones(), observe.JoinMilestones()...) {
		p.titles[info.Milestone] = info.Title
	}
	return p
}

func (p *bootPrinter) show(e labs.Event) {
	v := p.a.view()
	who := fmt.Sprintf("%-*s", p.width, e.Machine)
	switch {
	case e.Milestone != nil:
		if e.Milestone.M == observe.Request { // the first of every boot
			maps.DeleteFunc(p.seen, func(key string, _ bool) bool { return strings.HasPrefix(key, e.Machine+"/") })
		}
		key := e.Machine + "/" + string(e.Milestone.M)
		if p.seen[key] {
			return // a better stamp of the same milestone
		}
		p.seen[key] = true
		fmt.Fprintf(p.a.world.Err, "%s  %7.2f s  %s\n", who, e.Milestone.T.Seconds(), p.titles[e.Milestone.M])
	case e.Step != "":
		fmt.Fprintf(p.a.world.Err, "%s  %s\n", who, v.glyphs.Clean(e.Step))
	case e.State == labs.StateFailed || e.State == labs.StateLost:
		fmt.Fprintf(p.a.world.Err, "%s  %s %s\n", who, v.glyphs.Cross, v.glyphs.Clean(e.Error))
	case e.State == labs.StateReady:
		fmt.Fprintf(p.a.world.Err, "%s  %s ready\n", who, v.glyphs.Check)
	case e.State == labs.StateOff:
		fmt.Fprintf(p.a.world.Err, "%s  %s powered off, as it was to do\n", who, v.glyphs.Check)
	}
}

// announce says what can be done with the lab, and fails when a machine has.
func (a *application) announce(ctx context.Context, h home.Home, lab string) error {
	s, err := labs.Connect(h, lab).Status(ctx)
	if err != nil {
		return err
	}
	if a.json() {
		err = a.printJSON(s)
	} else {
		for _, m := range s.Machines {
			if m.State != labs.StateFailed && m.User != "" {
				fmt.Fprintf(a.world.Out, "distrolab ssh %s/%s\n", lab, m.Name)
			}
			for _, f := range m.Forwards {
				fmt.Fprintf(a.world.Out, "%s leads to port %d of %s\n", f.Local, f.Port, m.Name)
			}
		}
		if s.Cluster != nil && s.Cluster.Kubeconfig != "" {
			fmt.Fprintf(a.world.Out, "kubectl --kubeconfig $(distrolab cluster kubeconfig %s) get nodes\n", lab)
		}
		fmt.Fprintf(a.world.Out, "distrolab down %s\n", lab)
	}
	var failed []string
	for _, m := range s.Machines {
		if m.State == labs.StateFailed || m.State == labs.StateLost {
			failed = append(failed, m.Name)
		}
	}
	if err == nil && len(failed) > 0 {
		return fmt.Errorf("%s did not boot; look with `distrolab console %s/%s`, and end the lab with `distrolab down %s`",
			strings.Join(failed, " and "), lab, failed[0], lab)
	}
	return err
}

// forward is one --forward flag.
type forward struct {
	machine string
	labs.Forward
}

// parseForwards reads LOCAL:PORT, which goes to the first machine, or
// MACHINE:LOCAL:PORT.
func parseForwards(flags []string, machines []machine.Spec) ([]forward, error) {
	var parsed []forward
	for _, text := range flags {
		parts := strings.Split(text, ":")
		name := machines[0].Name
		if len(parts) == 3 {
			name, parts = parts[0], parts[1:]
		}
		known := slices.ContainsFunc(machines, func(m machine.Spec) bool { return m.Name == name })
		if len(parts) != 2 || !known {
			return nil, fmt.Errorf("--forward %q: give LOCAL:PORT or MACHINE:LOCAL:PORT, such as 8080:80", text)
		}
		local, err1 := strconv.ParseUint(parts[0], 10, 16)
		port, err2 := strconv.ParseUint(parts[1], 10, 16)
		if err1 != nil || err2 != nil || port == 0 {
			return nil, fmt.Errorf("--forward %q: ports are numbers from 1 to 65535 (0 as the local one takes a free one)", text)
		}
		loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
		parsed = append(parsed, forward{name, labs.Forward{Local: netip.AddrPortFrom(loopback, uint16(local)), Port: uint16(port)}})
	}
	return parsed, nil
}

func (a *application) openForwards(ctx context.Context, h home.Home, lab string, forwards []forward) error {
	client := labs.Connect(h, lab)
	for _, f := range forwards {
		if _, err := client.Forward(ctx, f.machine, f.Forward); err != nil {
			return err
		}
	}
	return nil
}
