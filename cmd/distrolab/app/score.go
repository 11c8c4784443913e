package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/distros"
	"distrolab/distros/score"
	"distrolab/tui/chart"
)

// scoreOptions are the flags of score.
type scoreOptions struct {
	profile string
	weights []string
	results string
	why     string
}

func newScore(a *application) *cobra.Command {
	var opt scoreOptions
	var list, show bool
	cmd := &cobra.Command{
		Use:   "score [NAME...]",
		Short: "Rank systems by what somebody decides by",
		Long: `Score is a weighted decision matrix over the facts of the catalog. A profile says
which criteria count how much and what rules a system out. The ranking says
what each system loses by, in the facts' own words, and which weight would have
to change for another system to come first.

Facts that are not confirmed count as not known. Without names the profile
chooses the systems. Your own profiles are YAML files in the directory
distrolab/profiles of your configuration; docs/score.md has their format.`,
		Example: `  distrolab score                                      as in the article distrolab began from
  distrolab score flatcar talos --profile security
  distrolab score --why bottlerocket                   every fact behind one total
  distrolab score --weight kubeadm=5 --weight read-only=30
  distrolab score --profile edge --print > mine.yaml   begin your own profile
  distrolab score --results 20261123-014039-40afe4 --weight boot=10`,
		ValidArgsFunction: a.completeDistros,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case list:
				return a.printProfiles()
			case show:
				return a.printProfile(opt.profile)
			}
			return a.runScore(cmd.Context(), args, opt)
		},
	}
	cmd.Flags().StringVar(&opt.profile, "profile", score.Default, "profile to decide by: a name of --profiles, or a YAML file")
	cmd.Flags().StringArrayVar(&opt.weights, "weight", nil, "another weight of one criterion, such as kubeadm=5; repeat it for several")
	cmd.Flags().StringVar(&opt.results, "results", "", "let measurements count: a session of distrolab bench, by name or directory")
	cmd.Flags().StringVar(&opt.why, "why", "", "show every fact behind the total of this system")
	cmd.Flags().BoolVar(&list, "profiles", false, "list the profiles there are")
	cmd.Flags().BoolVar(&show, "print", false, "print the profile's YAML, to begin your own from")
	cmd.MarkFlagsMutuallyExclusive("profiles", "print", "why")
	cmd.RegisterFlagCompletionFunc("profile", a.completeProfiles)
	cmd.RegisterFlagCompletionFunc("why", a.completeDistros)
	cmd.RegisterFlagCompletionFunc("results", a.completeSessions)
	cmd.RegisterFlagCompletionFunc("weight", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return a.completeWeights(opt.profile)
	})
	return cmd
}

func (a *application) runScore(ctx context.Context, names []string, opt scoreOptions) error {
	profile, err := a.profile(opt.profile)
	if err != nil {
		return err
	}
	profile, changed, err := reweighted(profile, opt.weights)
	if err != nil {
		return usage(err)
	}
	systems, why, err := a.scored(profile, names, opt.why)
	if err != nil {
		return err
	}
	in := score.Input{Systems: systems, Day: a.world.Now()}
	var notes []string
	if opt.results != "" {
		if in.Measured, notes, err = a.measurements(ctx, opt.results, systems); err != nil {
			return err
		}
	}
	result := score.Rank(profile, in)
	result.Notes = slices.Concat(changed, result.Notes, notes)
	if opt.why != "" {
		return a.printWhy(result, why)
	}
	if a.json() {
		return a.printJSON(result)
	}
	v := a.view()
	lines := chart.Score(result, v.width, v.glyphs, v.styles)
	lines = append(lines, "")
	for _, hint := range fold("`distrolab score --why NAME` shows every fact behind a total, --profiles what else to decide by.", v.width) {
		lines = append(lines, v.styles.FgFaint.Render(hint))
	}
	return printLines(a.world.Out, lines)
}

// scored returns the systems to rank: those named, or those that the profile
// looks at; and the name of the one to explain, which is always among them.
func (a *application) scored(p score.Profile, names []string, why string) ([]distros.Distro, string, error) {
	catalog, err := a.catalog()
	if err != nil {
		return nil, "", err
	}
	systems := p.Select(catalog.All(), a.world.Now())
	if len(names) > 0 {
		if systems, err = a.find(names); err != nil {
			return nil, "", err
		}
	}
	if why != "" {
		d, err := catalog.Find(why)
		if err != nil {
			return nil, "", usage(err)
		}
		why = d.Name
		systems = append(systems, d)
	}
	slices.SortFunc(systems, func(x, y distros.Distro) int { return cmp.Compare(x.Name, y.Name) })
	return slices.CompactFunc(systems, func(x, y distros.Distro) bool { return x.Name == y.Name }), why, nil
}

// reweighted applies weights such as kubeadm=5, and says what they changed.
func reweighted(p score.Profile, weights []string) (score.Profile, []string, error) {
	changed := map[string]string{}
	for _, text := range weights {
		name, value, ok := strings.Cut(text, "=")
		weight, err := strconv.ParseFloat(value, 64)
		if !ok || err != nil {
			return p, nil, fmt.Errorf("--weight %.64q: write it as %s=5; profile %s has %s", text, p.Names()[0], p.Name, strings.Join(p.Names(), ", "))
		}
		was := "new"
		if i := slices.Index(p.Names(), name); i >= 0 {
			was = fmt.Sprint(p.Criteria[i].Weight)
		}
		if p, err = p.WithWeight(name, weight); err != nil {
			return p, nil, fmt.Errorf("--weight %.64s: %w", text, err)
		}
		changed[name] = fmt.Sprintf("%s %v (%s)", name, weight, was)
	}
	if len(changed) == 0 {
		return p, nil, nil
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		all = append(all, changed[name])
	}
	return p, []string{"Weights changed by --weight, with the profile's own in brackets: " + strings.Join(all, ", ") + "."}, nil
}

func (a *application) printWhy(r score.Result, name string) error {
	for _, p := range slices.Concat(r.Ranking, r.Disqualified) {
		if p.Distro != name {
			continue
		}
		if a.json() {
			return a.printJSON(p)
		}
		v := a.view()
		return printLines(a.world.Out, chart.ScoreWhy(r, p, v.width, v.glyphs, v.styles))
	}
	return fmt.Errorf("explaining %s: it was not ranked", name)
}
