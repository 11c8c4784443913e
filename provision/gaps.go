package provision

import "fmt"

// OwnKubelet lists what a system leaves undone that has no kubeadm and whose
// kubelet, which its image or its vendor brings, joins in a way of its own.
func (i Intent) OwnKubelet(system string) []Gap {
	if i.Node != nil {
		return []Gap{{Field: "node", Reason: system + " has its own kubelet and no kubeadm to be run by hand; say join"}}
	}
	var gaps []Gap
	add := func(asked bool, part, reason string) {
		if asked {
			gaps = append(gaps, Gap{Field: "join." + part, Reason: reason})
		}
	}
	if j := i.Join; j != nil {
		add(j.Bundle != nil, "bundle", system+" runs its own kubelet; no program can be brought to it")
		add(j.Pods != "", "pods", "the network of pods on "+system+" comes from the cluster; install one there, such as Cilium or Flannel")
		add(j.Manual, "manual", system+" joins by itself as soon as it has its config")
	}
	return gaps
}

// Unfetched lists the files with a source, for a system on which nothing
// fetches them.
func (i Intent) Unfetched(system string) []Gap {
	var gaps []Gap
	for n, f := range i.Files {
		if f.Source != "" {
			gaps = append(gaps, Gap{
				Field:  fmt.Sprintf("files[%d]", n),
				Reason: fmt.Sprintf("nothing on %s fetches %s at first boot; give its content, or bring it in an image", system, f.Path),
			})
		}
	}
	return gaps
}
