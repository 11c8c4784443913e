package machine_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/render"
	"distrolab/provision/seed"
	"distrolab/provision/talos"
)

// machineURL is where the lab serves the documents of a machine called m.
const machineURL = "http://192.168.127.1/m/"

// load is one config as it travels, and all systems to which exactly these
// bytes go by exactly this way.
type load struct {
	config  provision.Config
	systems []string
}

func (l *load) kind() distros.DeliveryKind { return l.config.Delivery.Kind }

// class is a way into the machine that has code of its own.
func (l *load) class() string {
	d := l.config.Delivery
	return string(d.Kind) + " " + d.Media + map[bool]string{true: " with kernel words"}[d.Kernel != ""] +
		map[bool]string{true: " with SMBIOS"}[d.SMBIOS != ""]
}

// words are the kernel words by which the load travels.
func (l *load) words() string {
	words := strings.ReplaceAll(l.config.Delivery.Kernel, distros.URLPlace, machineURL)
	if l.kind() == distros.DeliverKernel {
		words = strings.TrimSpace(l.config.Documents[0].Content + " " + words)
	}
	return words
}

func (l *load) serial() string {
	return strings.ReplaceAll(l.config.Delivery.SMBIOS, distros.URLPlace, machineURL)
}

// loads renders the full intent for every delivery of every system of the
// catalog, and what does not fit a channel with less.
func loads(t *testing.T) []*load {
	t.Helper()
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := talos.NewSecrets(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	byBytes := map[string]*load{}
	var all []*load
	for _, d := range catalog.All() {
		for _, p := range d.Configs() {
			for _, delivery := range p.Deliveries {
				if p.Format == render.FormatNone || delivery.Kind == distros.DeliverNone || delivery.Kind == distros.DeliverAPI {
					continue
				}
				name := fmt.Sprintf("%s %s --delivery %s", d.Name, p.Format, delivery.Call())
				cfg, ok := rendered(t, name, d, render.Options{Format: p.Format, Delivery: delivery.Call(), Secrets: secrets})
				if !ok {
					continue
				}
				cfg.Delivery.Name, cfg.Delivery.Note = "", ""
				key := fmt.Sprintf("%+v%q", cfg.Delivery, cfg.Documents)
				if byBytes[key] == nil {
					byBytes[key] = &load{config: cfg}
					all = append(all, byBytes[key])
				}
				byBytes[key].systems = append(byBytes[key].systems, name)
			}
		}
	}
	return all
}

// rendered is the config of the largest intent that the delivery can carry.
func rendered(t *testing.T, name string, d distros.Distro, opt render.Options) (provision.Config, bool) {
	t.Helper()
	var errs []error
	small := provision.DefaultIntent("node-1", "core", []string{testKey})
	joining := small
	joining.Join = everything("192.168.127.10", "52:54:00:62:c6:6c").Join // a worker of Talos holds fewer keys than a cluster of its own
	intents := []provision.Intent{everything("192.168.127.10", "52:54:00:62:c6:6c"), smaller(), small, joining}
	if isHTTP(d, opt) {
		// Each config that differs needs a boot of its own, and the full ones go by other ways.
		intents = intents[1:]
	}
	for _, intent := range intents {
		cfg, err := render.Config(intent, d, opt)
		if err == nil {
			if _, err = seed.Pack(cfg, machineURL); err == nil {
				return cfg, true
			}
		}
		errs = append(errs, err)
	}
	t.Errorf("%s: %v", name, errors.Join(errs...))
	return provision.Config{}, false
}

func isHTTP(d distros.Distro, opt render.Options) bool {
	target, err := render.Target(d, opt)
	return err == nil && target.Delivery.Kind == distros.DeliverHTTP
}

const testKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA test"

// smaller is for channels that carry little.
func smaller() provision.Intent {
	intent := provision.DefaultIntent("node-1", "core", []string{testKey})
	intent.Files = []provision.File{{Path: "/etc/motd", Content: "quotes \" ' and $(things), ä\n"}}
	return intent
}

// boot is what travels together: no two loads use the same place.
type boot struct {
	loads []*load
	alone bool // goes by machine.Prepare as it is
}

// Bounds of one boot: the SATA controller has six ports, and the kernel's own
// words need room on its command line.
const (
	maxDrives = 6
	maxDisks  = 18
	maxWords  = 1800
)

// plan gives the first load of every class a boot of its own, since a lab sends
// one config to a machine, and puts the others together as tightly as they fit.
func plan(all []*load) []*boot {
	var boots []*boot
	classes := map[string]bool{}
	slices.SortStableFunc(all, func(a, b *load) int { return cmp.Compare(a.class(), b.class()) })
	for _, l := range all {
		if !classes[l.class()] {
			classes[l.class()] = true
			boots = append(boots, &boot{loads: []*load{l}, alone: true})
			continue
		}
		i := slices.IndexFunc(boots, func(b *boot) bool { return !b.alone && b.fits(l) })
		if i < 0 {
			i = len(boots)
			boots = append(boots, &boot{})
		}
		boots[i].loads = append(boots[i].loads, l)
	}
	return boots
}

// fits says whether the load has its places in the boot for itself. Volumes may
// share a label: each is a device of its own.
func (b *boot) fits(l *load) bool {
	var drives, disks int
	words := len(l.words())
	for _, other := range append(slices.Clone(b.loads), l) {
		switch other.kind() {
		case distros.DeliverVolume:
			if other.config.Delivery.Media == distros.MediaCDROM {
				drives++
			} else {
				disks++
			}
		case distros.DeliverDisk:
			disks++
		}
	}
	for _, other := range b.loads {
		words += len(other.words()) + 1
		if other.serial() != "" && l.serial() != "" || l.kind() == other.kind() && collide(l.config, other.config) {
			return false
		}
	}
	return drives <= maxDrives && disks <= maxDisks && words <= maxWords
}

// collide says whether two loads of one kind want the same place.
func collide(a, b provision.Config) bool {
	switch a.Delivery.Kind {
	case distros.DeliverDisk:
		return a.Delivery.Serial == b.Delivery.Serial
	case distros.DeliverPartition:
		return a.Delivery.Label == b.Delivery.Label
	case distros.DeliverHTTP, distros.DeliverFWCfg:
		return slices.ContainsFunc(a.Documents, func(x provision.Document) bool {
			return slices.ContainsFunc(b.Documents, func(y provision.Document) bool { return x.Name == y.Name })
		})
	}
	return false
}
