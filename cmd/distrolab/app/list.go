package app

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"distrolab/distros"
	"distrolab/distros/release"
	"distrolab/tui/chart"
	"distrolab/tui/factsheet"
)

// listOptions choose and order the systems of a list.
type listOptions struct {
	states, natures []string
	filters         []string
	sort            string
}

// listed is one system of a list with what is known of it today.
type listed struct {
	distros.Distro
	Standing distros.Standing `json:"standing"`
	Latest   *release.Known   `json:"latest,omitempty"` // of the embedded snapshot
	Joining  joining          `json:"joins"`
}

// joining is how a system becomes a node of a cluster that kubeadm made.
type joining struct {
	Way    distros.JoinWay `json:"way"`
	Reason string          `json:"reason"`
}

func newList(a *application) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the systems of the catalog",
		Long: `List the systems of the catalog: what they are, whether they are maintained,
and the last release that was known when distrolab was made.

A filter names a criterion and a text that its class or its sentence holds;
"distrolab compare" shows criteria, docs/catalog.md lists their classes. Several
filters all have to fit. Unconfirmed facts fit no filter.`,
		Example: "  distrolab list --state maintained --nature container-os\n" +
			"  distrolab list --filter update:image --filter shell:none\n" +
			"  distrolab list -o json | jq -r '.[].name'",
		Args: none,
		RunE: func(*cobra.Command, []string) error {
			systems, err := a.choose(o)
			if err != nil {
				return err
			}
			if a.json() {
				return a.printJSON(systems)
			}
			return a.printList(systems)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.states, "state", nil, "only those that are maintained, extended, ended or unconfirmed today")
	f.StringSliceVar(&o.natures, "nature", nil, "only those that are a container-os, kubernetes-os, general, kit or appliance")
	f.StringArrayVar(&o.filters, "filter", nil, "only those whose `CRITERION:TEXT` fits, such as shell:none; may be repeated")
	f.StringVar(&o.sort, "sort", "name", "order: name, release (newest first) or support (longest first)")
	complete := func(words []string) cobra.CompletionFunc {
		return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
	}
	cmd.RegisterFlagCompletionFunc("state", complete(stateWords()))
	cmd.RegisterFlagCompletionFunc("nature", complete(natureWords()))
	cmd.RegisterFlagCompletionFunc("sort", complete(sortWords()))
	return cmd
}

func stateWords() []string { return []string{"maintained", "extended", "unconfirmed", "ended"} }

func sortWords() []string { return []string{"name", "release", "support"} }

func natureWords() []string {
	for _, c := range distros.Criteria() {
		if c.Key == "nature" {
			return c.Classes
		}
	}
	return nil
}

// choose returns the systems that the options ask for, in the order they ask for.
func (a *application) choose(o listOptions) ([]listed, error) {
	filters, err := readFilters(o.filters)
	if err != nil {
		return nil, err
	}
	for _, check := range []error{
		checkWords("state", o.states, stateWords()),
		checkWords("nature", o.natures, natureWords()),
		checkWords("sort", []string{o.sort}, sortWords()),
	} {
		if check != nil {
			return nil, check
		}
	}
	catalog, err := a.catalog()
	if err != nil {
		return nil, err
	}
	known, err := release.Snapshot()
	if err != nil {
		return nil, err
	}
	systems := []listed{}
	for _, d := range catalog.All() {
		if l := asOf(d, known, a.world.Now()); o.wants(l, filters, a.world.Now()) {
			systems = append(systems, l)
		}
	}
	order(systems, o.sort)
	return systems, nil
}

// listed is what is known of one system today.
func (a *application) listed(d distros.Distro) (listed, error) {
	known, err := release.Snapshot()
	if err != nil {
		return listed{}, err
	}
	return asOf(d, known, a.world.Now()), nil
}

func asOf(d distros.Distro, known []release.Known, now time.Time) listed {
	l := listed{Distro: d, Standing: d.Support.On(now)}
	l.Joining.Way, l.Joining.Reason = d.Joins()
	if i := slices.IndexFunc(known, func(k release.Known) bool { return k.Distro == d.Name }); i >= 0 {
		l.Latest = &known[i]
	}
	return l
}

func (o listOptions) wants(l listed, filters []distros.Filter, now time.Time) bool {
	nature, _ := l.Fact("nature")
	unfit := func(f distros.Filter) bool { return !f.Fits(l.Distro, now) }
	return (len(o.states) == 0 || slices.Contains(o.states, l.Standing.State)) &&
		(len(o.natures) == 0 || slices.Contains(o.natures, nature.Class)) &&
		!slices.ContainsFunc(filters, unfit)
}

// order sorts systems that are in the catalog's order.
func order(systems []listed, by string) {
	slices.SortStableFunc(systems, func(x, y listed) int {
		switch by {
		case "release":
			return cmp.Compare(y.published(), x.published())
		case "support":
			return cmp.Or(
				slices.Index(stateWords(), x.Standing.State)-slices.Index(stateWords(), y.Standing.State),
				cmp.Compare(y.Standing.End, x.Standing.End))
		default:
			return 0
		}
	})
}

func (l listed) published() string {
	if l.Latest == nil {
		return ""
	}
	return l.Latest.Published
}

func (a *application) printList(systems []listed) error {
	if len(systems) == 0 {
		return printLines(a.world.Out, []string{"no system fits; `distrolab list` shows them all"})
	}
	v := a.view()
	columns := []chart.Column{{Title: "NAME"}, {Title: "SYSTEM"}, {Title: "NATURE"}, {Title: "SUPPORT"},
		{Title: "END", Drop: 1}, {Title: "RELEASE", Drop: 2}, {Title: "AGE", Drop: 3}, {Title: "CONFIG", Drop: 4}}
	var rows [][]chart.Cell
	for _, l := range systems {
		version, age := l.releaseWords(a.world.Now())
		rows = append(rows, []chart.Cell{
			{Text: l.Name, Style: v.styles.Title}, {Text: v.shorten(l.Title, 27), Style: v.styles.Fg},
			{Text: l.Nature(), Style: v.styles.FgMuted},
			v.state(l.Standing.State), {Text: endWords(l.Standing), Style: v.styles.FgMuted},
			{Text: v.shorten(version, 18), Style: v.styles.Fg}, {Text: age, Style: v.styles.FgMuted},
			{Text: l.Config.Format, Style: v.styles.FgMuted},
		})
	}
	columns, rows = filled(columns, rows)
	columns, rows = v.withSummary(columns, rows, systems)
	lines := chart.Table(columns, rows, v.width, v.glyphs, v.styles)
	if seen := seenWords(systems); seen != "" && strings.Contains(lines[0], "RELEASE") {
		lines = append(lines, "", v.styles.FgFaint.Render("Releases as this distrolab knows them, seen "+seen+"."))
	}
	return printLines(a.world.Out, lines)
}

// filled leaves out columns in which no row says anything.
func filled(columns []chart.Column, rows [][]chart.Cell) ([]chart.Column, [][]chart.Cell) {
	for i := len(columns) - 1; i >= 0; i-- {
		if slices.ContainsFunc(rows, func(r []chart.Cell) bool { return r[i].Text != "" }) {
			continue
		}
		columns = slices.Delete(columns, i, i+1)
		for j := range rows {
			rows[j] = slices.Delete(rows[j], i, i+1)
		}
	}
	return columns, rows
}

// withSummary adds the summaries where the other columns leave room for some
// words of them.
func (v view) withSummary(columns []chart.Column, rows [][]chart.Cell, systems []listed) ([]chart.Column, [][]chart.Cell) {
	const least = 36
	room := v.width
	for i, c := range columns {
		natural := cells(c.Title)
		for _, r := range rows {
			natural = max(natural, cells(v.glyphs.Clean(r[i].Text)))
		}
		room -= natural + 2
	}
	if room < least {
		return columns, rows
	}
	for i, l := range systems {
		rows[i] = append(rows[i], chart.Cell{Text: v.shorten(v.glyphs.Clean(l.Summary), room), Style: v.styles.FgMuted})
	}
	return append(columns, chart.Column{Title: "SUMMARY"}), rows
}

// releaseWords are the last release known and how long ago it came out.
func (l listed) releaseWords(now time.Time) (version, age string) {
	if l.Latest == nil {
		return "", ""
	}
	return l.Latest.Version, factsheet.Age(l.Latest, now)
}

// seenWords says when the releases shown were read.
func seenWords(systems []listed) string {
	var days []string
	for _, l := range systems {
		if l.Latest != nil {
			days = append(days, l.Latest.Seen)
		}
	}
	if len(days) == 0 {
		return ""
	}
	if first, last := slices.Min(days), slices.Max(days); first != last {
		return first + " to " + last
	}
	return days[0]
}

// endWords leaves the word out that stands beside it already.
func endWords(s distros.Standing) string {
	if s.State == "ended" {
		return strings.TrimPrefix(s.Words, "ended ")
	}
	return s.Words
}
