package render

import (
	"maps"
	"slices"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/bottlerocket"
	"distrolab/provision/clc"
	"distrolab/provision/cloudinit"
	"distrolab/provision/combustion"
	"distrolab/provision/ignition"
	"distrolab/provision/k3os"
	"distrolab/provision/kairos"
	"distrolab/provision/linuxkit"
	"distrolab/provision/rancheros"
	"distrolab/provision/talos"
)

// FormatNone is the format of systems that take no config.
const FormatNone = "none"

// format is what a config format can do; each is a package of its own.
type format struct {
	render   func(provision.Intent, provision.Target) (provision.Config, error)
	validate func(provision.Config) error
	check    func(name, text string, target provision.Target) []provision.Finding
}

// formats lists them by the name that catalog entries use.
func formats() map[string]format {
	return map[string]format{
		bottlerocket.Format: {bottlerocket.Render, bottlerocket.Validate, bottlerocket.Check},
		clc.Format:          {clc.Render, clc.Validate, clc.Check},
		cloudinit.Format:    {cloudinit.Render, cloudinit.Validate, cloudinit.Check},
		combustion.Format:   {combustion.Render, combustion.Validate, combustion.Check},
		kairos.Format:       {kairos.Render, kairos.Validate, kairos.Check},
		linuxkit.Format:     {linuxkit.Render, linuxkit.Validate, linuxkit.Check},
		ignition.Format:     {ignition.Render, ignition.Validate, ignition.Check},
		k3os.Format:         {k3os.Render, k3os.Validate, k3os.Check},
		rancheros.Format:    {rancheros.Render, rancheros.Validate, rancheros.Check},
		talos.Format:        {talos.Render, talos.Validate, talos.Check},
	}
}

// Formats lists the formats that can be rendered, sorted.
func Formats() []string { return slices.Sorted(maps.Keys(formats())) }

func formatNames(profiles []distros.ConfigProfile) []string {
	var names []string
	for _, p := range profiles {
		names = append(names, p.Format)
	}
	return names
}

func deliveryNames(p distros.ConfigProfile) []string {
	var names []string
	for _, d := range p.Deliveries {
		names = append(names, d.Call())
	}
	return names
}
