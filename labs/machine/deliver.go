package machine

import (
	"fmt"
	"strings"

	"distrolab/distros"
	"distrolab/provision/talos"
)

// checkDelivery refuses a config that cannot reach this machine.
func checkDelivery(s Spec) error {
	delivery := s.Config.Delivery
	switch {
	case delivery.Kind == distros.DeliverAPI && (s.Config.Format != talos.Format || len(s.Config.Documents) != 1):
		return fmt.Errorf("delivery %s: labs know the API of Talos only, to which they send one document; take another delivery", delivery.Call())
	case byKernelWords(delivery) && s.Files.Kernel == "":
		return fmt.Errorf("delivery %s: its words belong on the kernel command line, but this image boots by its own loader from its disk; "+
			"take a delivery without kernel words", delivery.Call())
	}
	return nil
}

// byKernelWords says that a delivery needs the kernel command line.
func byKernelWords(d distros.Delivery) bool {
	return d.Kind == distros.DeliverKernel || d.Kernel != ""
}

// otherDeliveries says which deliveries of the config's format would do.
func otherDeliveries(d distros.Distro, s Spec) string {
	var names []string
	for _, profile := range d.Configs() {
		if profile.Format != s.Config.Format {
			continue
		}
		for _, delivery := range profile.Deliveries {
			s.Config.Delivery = delivery
			if checkDelivery(s) == nil {
				names = append(names, "--delivery "+delivery.Call())
			}
		}
	}
	if len(names) == 0 {
		return "the catalog knows no other for " + d.Name
	}
	return "the catalog knows for " + d.Name + ": " + strings.Join(names, ", ")
}
