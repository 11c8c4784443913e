package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/spf13/cobra"

	"distrolab/distros"
	"distrolab/distros/image"
	"distrolab/labs"
	"distrolab/labs/machine"
	"distrolab/provision"
	"distrolab/provision/talos"
)

// maxMachines bounds a lab and a session: each machine has its address in a
// network of 254.
const maxMachines = 99

// planOptions are what up and bench ask for of every machine.
type planOptions struct {
	choice
	intent, key string
	hardware    machine.Wishes

	join   *plannedCluster   // that the machines join; nil: none
	manual bool              // they wait to be told
	name   string            // of a single machine; empty: its system's
	host   string            // its host name; empty: its name
	quiet  bool              // what cannot be done was told before
	asked  *provision.Intent // in place of the file
	images []string          // of each machine, by version or address; "", and none: the newest
}

// byDefault says that no intent was given.
func (o planOptions) byDefault() bool { return o.intent == "" && o.asked == nil }

// planFlags are the flags that up and bench share.
func (a *application) planFlags(cmd *cobra.Command, o *planOptions) {
	intentFlag(cmd, &o.intent)
	cmd.Flags().StringVar(&o.format, "format", "", "in which of their formats the systems get their config (default: their own)")
	cmd.RegisterFlagCompletionFunc("format", a.completeOf(formatsOf))
	a.deliveryFlag(cmd, &o.choice)
	hardwareFlags(cmd, &o.hardware)
}

// plan turns names of systems into machines with images and configs. Everything
// that can be wrong with them is found here, before anything is made.
func (a *application) plan(ctx context.Context, names []string, o planOptions) ([]machine.Spec, error) {
	if err := checkWishes(o.hardware); err != nil {
		return nil, err
	}
	if len(names) > maxMachines {
		return nil, usage(fmt.Errorf("%d systems are too many: name at most %d", len(names), maxMachines))
	}
	systems, err := a.find(names)
	if err != nil {
		return nil, err
	}
	store, err := a.store()
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(systems, func(d distros.Distro) bool { return takesSecrets(d, o.format) }) {
		// One lab is one cluster.
		if o.given, err = talos.NewSecrets(a.world.Now()); err != nil {
			return nil, err
		}
	}
	planned, err := a.renderPlan(systems, names, o)
	if err != nil {
		return nil, err
	}
	specs := make([]machine.Spec, 0, len(names))
	for i, w := range planned {
		img, cfg, err := a.equip(ctx, store, w, o)
		if err != nil {
			return nil, err
		}
		spec, err := machine.Assemble(w.name, w.distro, img, cfg, o.hardware, i)
		if err != nil {
			return nil, usage(err)
		}
		if o.join != nil {
			spec.Node = w.intent.Hostname
		}
		specs = append(specs, spec)
	}
	return specs, nil
}

// plannedMachine is one machine before it has an image.
type plannedMachine struct {
	name string
	rendition
	image string // that was asked for; "": the newest
}

// renderPlan renders the config of every machine: what is wrong with one is told
// before the first image is fetched.
func (a *application) renderPlan(systems []distros.Distro, names []string, o planOptions) ([]plannedMachine, error) {
	intentOf, err := a.readIntent(o.intent, o.key)
	if err != nil {
		return nil, err
	}
	if o.asked != nil {
		intentOf = func(distros.Distro) provision.Intent { return *o.asked }
	}
	machineNames := labs.MachineNames(names)
	if o.name != "" {
		machineNames[0] = o.name
	}
	var list []plannedMachine
	for i, d := range systems {
		if err := labs.CheckName("machine", machineNames[i]); err != nil {
			return nil, usage(err)
		}
		intent := intentOf(d)
		if o.byDefault() || len(systems) > 1 {
			intent.Hostname = machineNames[i]
		}
		if o.host != "" {
			intent.Hostname = o.host
		}
		if o.join != nil {
			if intent, err = o.join.join(intent, d, i, o.manual); err != nil {
				return nil, err
			}
		}
		r, err := a.rendition(withKey(intent, d, o.key), d, o.choice)
		if err != nil {
			return nil, err
		}
		w := plannedMachine{name: machineNames[i], rendition: r}
		if i < len(o.images) {
			w.image = o.images[i]
		}
		list = append(list, w)
	}
	return list, nil
}

// equip gets the image of a machine, and its config in the version of the
// format that this image reads.
func (a *application) equip(ctx context.Context, store *image.Store, w plannedMachine, o planOptions) (image.Image, provision.Config, error) {
	img, err := a.imageFor(ctx, store, w)
	if errors.Is(err, fs.ErrNotExist) {
		err = cannot(err)
	}
	if err != nil {
		return image.Image{}, provision.Config{}, err
	}
	r := w.rendition
	if o.release = img.Manifest.Version; r.target.Profile.VersionFor(o.release) != r.target.Profile.Version {
		if r, err = a.rendition(r.intent, r.distro, o.choice); err != nil {
			return image.Image{}, provision.Config{}, err
		}
	}
	for _, gap := range r.config.Gaps {
		if o.byDefault() || o.quiet {
			break // our own few wishes; a system that takes none says so in the catalog
		}
		fmt.Fprintf(a.world.Err, "%s: %s cannot be done: %s\n", r.distro.Name, gap.Field, gap.Reason)
	}
	return img, r.config, nil
}
