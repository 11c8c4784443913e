package app

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"distrolab/labs"
	"distrolab/labs/observe"
	"distrolab/tui/chart"
)

func newPs(a *application) *cobra.Command {
	var taken bool
	cmd := &cobra.Command{
		Use: "ps", Short: "List labs and their machines",
		Example: "  distrolab ps\n  distrolab ps --usage\n  distrolab ps -o json",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h, err := a.home()
			if err != nil {
				return err
			}
			all, err := labs.All(cmd.Context(), h)
			if err != nil {
				return err
			}
			if taken {
				return a.printTaken(cmd.Context(), h, all)
			}
			if a.json() {
				return a.printJSON(all)
			}
			return a.printLabs(all)
		},
	}
	cmd.Flags().BoolVar(&taken, "usage", false, "instead, what running machines take of this host, measured for two seconds")
	return cmd
}

func (a *application) printLabs(all []labs.Status) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(a.world.Out, "no labs; start one with `distrolab up`")
		return err
	}
	columns := []chart.Column{{Title: "LAB"}, {Title: "MACHINE"}, {Title: "SYSTEM"}, {Title: "IMAGE", Drop: 2}, {Title: "STATE"}, {Title: "ADDRESS", Drop: 1}, {Title: "BOOT", Right: true}}
	if anyJoins(all) {
		columns = append(columns, chart.Column{Title: "JOIN", Right: true})
	}
	columns = append(columns, chart.Column{Title: "AGE", Right: true, Drop: 1})
	var rows [][]string
	var notes []string
	for _, s := range all {
		age := time.Since(s.Created).Round(time.Second).String()
		var of [][]string
		if len(s.Machines) == 0 {
			of = [][]string{{s.Lab, "", "", "", emptyState(s), "", "", ""}}
		}
		for _, m := range s.Machines {
			if m.Error != "" {
				notes = append(notes, s.Lab+"/"+m.Name+" "+string(m.State)+": "+m.Error)
			}
			of = append(of, []string{s.Lab, m.Name, m.Distro, m.Kind + " " + m.Version, string(m.State), m.Address.String(), bootTime(m.Timeline), joinTime(m.Timeline)})
		}
		for _, row := range of {
			rows = append(rows, append(row[:len(columns)-1], age))
		}
	}
	if err := a.printTable(columns, rows); err != nil || len(notes) == 0 {
		return err
	}
	return a.printNotes(notes)
}

// printNotes prints what is too long for a table below it.
func (a *application) printNotes(notes []string) error {
	v := a.view()
	lines := []string{""}
	for _, note := range notes {
		lines = append(lines, fold(v.glyphs.Clean(note), v.width)...)
	}
	return printLines(a.world.Out, lines)
}

// emptyState is the state of a lab whose machines are not its process's to
// tell: a session of bench, or one that a crash left.
func emptyState(s labs.Status) string {
	if s.Running {
		return "measuring"
	}
	return "left by a crash; run `distrolab gc`"
}

// anyJoins says whether a machine was told to join a cluster.
func anyJoins(all []labs.Status) bool {
	return slices.ContainsFunc(all, func(s labs.Status) bool {
		return slices.ContainsFunc(s.Machines, func(m labs.MachineStatus) bool {
			_, told := m.Timeline.At(observe.Trigger)
			return told
		})
	})
}

// joinTime is how long a node took until it was ready.
func joinTime(t observe.Timeline) string {
	d, ok := t.JoinSince(observe.NodeReady)
	if !ok {
		return "-"
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func bootTime(t observe.Timeline) string {
	d, ok := t.Between(observe.VCPUStart, observe.BootComplete)
	if !ok {
		return "-"
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
