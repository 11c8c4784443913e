package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"distrolab/labs"
	"distrolab/labs/cluster"
	"distrolab/tui/chart"
)

func newCluster(a *application) *cobra.Command {
	cmd := &cobra.Command{Use: "cluster", Short: "Look at the Kubernetes clusters of labs", Args: none,
		Long: `Cluster is about labs that were started with "distrolab up --cluster", and about
the saved control planes that such labs and "distrolab bench join" go on from.`,
		Example: "  distrolab up debian-local --cluster\n  distrolab cluster nodes lab\n  distrolab cluster kubeconfig lab --merge",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(newClusterNodes(a), newClusterKubeconfig(a), newClusterList(a), newClusterRemove(a))
	return cmd
}

func newClusterNodes(a *application) *cobra.Command {
	return &cobra.Command{
		Use: "nodes LAB", Short: "List the nodes of a lab's cluster",
		Example: "  distrolab cluster nodes lab\n  distrolab cluster nodes lab -o json",
		Args:    exactly(1, "a lab"), ValidArgsFunction: a.completeClusters,
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := a.home()
			if err != nil {
				return err
			}
			if _, err := a.clusterOf(cmd.Context(), args[0]); err != nil {
				return err
			}
			nodes, err := labs.Connect(h, args[0]).Nodes(cmd.Context())
			if err != nil {
				return err
			}
			if a.json() {
				return a.printJSON(nodes)
			}
			return a.printNodes(nodes)
		},
	}
}

// clusterOf is the cluster of a running lab.
func (a *application) clusterOf(ctx context.Context, lab string) (*labs.ClusterStatus, error) {
	h, err := a.home()
	if err != nil {
		return nil, err
	}
	if _, err := labs.ReadSpec(h, lab); err != nil {
		return nil, usage(err)
	}
	s, err := labs.Connect(h, lab).Status(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case s.Cluster == nil:
		return nil, usage(fmt.Errorf("lab %s has no cluster; `distrolab up --cluster` makes one", lab))
	case s.Cluster.State == labs.ClusterFailed:
		return nil, fmt.Errorf("the cluster of lab %s is not there: %s", lab, s.Cluster.Error)
	case s.Cluster.State == labs.ClusterRaising:
		return nil, fmt.Errorf("the cluster of lab %s is on its way: %s", lab, s.Cluster.Step)
	}
	return s.Cluster, nil
}

func (a *application) printNodes(nodes []cluster.Node) error {
	columns := []chart.Column{{Title: "NODE"}, {Title: "STATE"}, {Title: "ADDRESS", Drop: 1}, {Title: "KUBELET"}, {Title: "RUNTIME", Drop: 2},
		{Title: "SYSTEM", Drop: 3}, {Title: "KERNEL", Drop: 4}, {Title: "AGE", Right: true, Drop: 1}}
	var rows [][]string
	var notes []string
	for _, n := range nodes {
		state := "ready"
		if !n.Ready {
			state = "not ready"
			notes = append(notes, n.Name+": "+n.Reason)
		}
		rows = append(rows, []string{n.Name, state, n.Address, n.Version, n.Runtime, n.OS, n.Kernel, n.Age.Round(time.Second).String()})
	}
	if err := a.printTable(columns, rows); err != nil || len(notes) == 0 {
		return err
	}
	return a.printNotes(notes)
}

func newClusterKubeconfig(a *application) *cobra.Command {
	var merge bool
	cmd := &cobra.Command{
		Use: "kubeconfig LAB", Short: "Print the path of a cluster's kubeconfig, or merge it into yours",
		Long: `Kubeconfig prints the path of the file by which kubectl reaches the lab's cluster,
through a port of this machine's loopback. With --merge its context is added to
your own file ($KUBECONFIG or ~/.kube/config) under the name distrolab-LAB,
without being made the current one.`,
		Example: "  kubectl --kubeconfig $(distrolab cluster kubeconfig lab) get nodes\n" +
			"  distrolab cluster kubeconfig lab --merge && kubectl --context distrolab-lab get nodes",
		Args: exactly(1, "a lab"), ValidArgsFunction: a.completeClusters,
		RunE: func(cmd *cobra.Command, args []string) error {
			status, err := a.clusterOf(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if status.Kubeconfig == "" {
				return usage(fmt.Errorf("the control plane of lab %s was there before; use its own kubeconfig", args[0]))
			}
			if merge {
				return a.mergeKubeconfig(args[0], status.Kubeconfig)
			}
			if a.json() {
				return a.printJSON(status)
			}
			_, err = fmt.Fprintln(a.world.Out, status.Kubeconfig)
			return err
		},
	}
	cmd.Flags().BoolVar(&merge, "merge", false, "add the context distrolab-LAB to your own kubeconfig")
	return cmd
}

// mergeKubeconfig adds the lab's context to the person's own file.
func (a *application) mergeKubeconfig(lab, from string) error {
	path, err := a.ownKubeconfig()
	if err != nil {
		return err
	}
	name := "distrolab-" + lab
	if err := cluster.MergeKubeconfig(from, path, name); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.world.Out, "kubectl --context %s get nodes\n", name)
	return err
}

// ownKubeconfig is the file that kubectl writes to: the first of $KUBECONFIG.
func (a *application) ownKubeconfig() (string, error) {
	for _, path := range filepath.SplitList(a.world.Getenv("KUBECONFIG")) {
		if path != "" {
			return path, nil
		}
	}
	home := a.world.Getenv("HOME")
	if home == "" {
		return "", usage(errors.New("neither KUBECONFIG nor HOME is set; set KUBECONFIG to your file"))
	}
	return filepath.Join(home, ".kube", "config"), nil
}

func newClusterList(a *application) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List saved control planes",
		Example: "  distrolab cluster list", Args: none,
		RunE: func(*cobra.Command, []string) error {
			h, err := a.home()
			if err != nil {
				return err
			}
			saved, err := cluster.Store{Directory: h.ControlPlanes()}.List()
			if err != nil {
				return err
			}
			if a.json() {
				return a.printJSON(saved)
			}
			return a.printSaved(saved)
		},
	}
}

func (a *application) printSaved(saved []cluster.Entry) error {
	if len(saved) == 0 {
		_, err := fmt.Fprintln(a.world.Out, "no saved control planes; `distrolab up --cluster` makes one")
		return err
	}
	columns := []chart.Column{{Title: "ID"}, {Title: "KUBERNETES"}, {Title: "SYSTEM"}, {Title: "IMAGE", Drop: 3}, {Title: "HOST", Drop: 2}, {Title: "MADE", Drop: 1}, {Title: "SIZE", Right: true}}
	var rows [][]string
	for _, e := range saved {
		made := "cannot be used"
		if !e.Created.IsZero() {
			made = e.Created.Local().Format("2006-01-02 15:04")
		}
		rows = append(rows, []string{e.ID, e.Kubernetes, e.Distro, e.Version, e.Host, made, bytes(e.Bytes)})
	}
	return a.printTable(columns, rows)
}

func newClusterRemove(a *application) *cobra.Command {
	return &cobra.Command{
		Use: "rm ID...", Short: "Remove saved control planes",
		Long:    "Rm removes saved control planes. The next lab with a cluster makes a new one.",
		Example: "  distrolab cluster rm 0a1b2c3d4e5f",
		Args:    minimum(1, "a saved control plane; \"distrolab cluster list\" shows them"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return a.savedIDs(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			h, err := a.home()
			if err != nil {
				return err
			}
			for _, id := range args {
				err := cluster.Store{Directory: h.ControlPlanes()}.Remove(id)
				var unknown *cluster.UnknownStateError
				if errors.As(err, &unknown) {
					return usage(err)
				}
				if err != nil {
					return err
				}
				fmt.Fprintf(a.world.Err, "control plane %s is gone\n", id)
			}
			return nil
		},
	}
}

func (a *application) savedIDs() []string {
	h, err := a.home()
	if err != nil {
		return nil
	}
	saved, err := cluster.Store{Directory: h.ControlPlanes()}.List()
	if err != nil {
		return nil
	}
	var ids []string
	for _, e := range saved {
		ids = append(ids, e.ID)
	}
	return ids
}

// completeClusters completes labs that have a cluster.
func (a *application) completeClusters(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.completeLabs(cmd, func(s labs.Status) []string {
		if s.Cluster == nil {
			return nil
		}
		return []string{s.Lab}
	})
}

// trimmed is a file's only word.
func trimmed(data []byte) string { return strings.TrimSpace(string(data)) }
