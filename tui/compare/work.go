package compare

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/distros"
	"distrolab/distros/score"
)

// compared is a comparison with the rows in which the systems differ.
type compared struct {
	number     int
	comparison distros.Comparison
	differ     differing
}

// differing says of each row whether its short answers and whether its
// sentences are not all the same, and which answers are not the common one.
type differing struct {
	answers, sentences []bool
	others             [][]string
}

func (m *Model) compare() tea.Cmd {
	m.comparing++
	number, systems, day := m.comparing, m.systems(), m.shared.Now()
	return func() tea.Msg {
		c := distros.Compare(systems, day)
		return compared{number, c, differencesOf(c)}
	}
}

func differencesOf(c distros.Comparison) differing {
	var d differing
	for _, r := range c.Rows {
		answers, sentences := false, false
		for _, cell := range r.Cells[1:] {
			answers = answers || answer(r, cell) != answer(r, r.Cells[0])
			sentences = sentences || cell.Value != r.Cells[0].Value
		}
		d.answers, d.sentences = append(d.answers, answers), append(d.sentences, sentences)
		d.others = append(d.others, minorities(r))
	}
	return d
}

func (m *Model) takeComparison(c compared) {
	if c.number != m.comparing {
		return
	}
	m.compared++
	was := m.system()
	m.comparison, m.differ, m.ready = c.comparison, c.differ, true
	m.arrange()
	m.selectSystem(was)
	m.show()
}

// arrange orders the columns: as they were marked, or by the score.
func (m *Model) arrange() {
	m.columns = m.columns[:0]
	for i := range m.comparison.Distros {
		m.columns = append(m.columns, i)
	}
	if !m.byScore {
		return
	}
	slices.SortStableFunc(m.columns, func(i, j int) int {
		a, b := m.places[m.comparison.Distros[i]], m.places[m.comparison.Distros[j]]
		return cmp.Or(cmp.Compare(standingOf(a), standingOf(b)), cmp.Compare(a.Rank, b.Rank), cmp.Compare(b.Total, a.Total))
	})
}

// standingOf puts the ranked before those ruled out, and them before those that
// the profile does not look at.
func standingOf(p score.Place) int {
	switch {
	case p.Rank > 0:
		return 0
	case p.Distro != "":
		return 1
	}
	return 2
}

func (m *Model) selectSystem(name string) {
	at := slices.IndexFunc(m.columns, func(i int) bool { return m.comparison.Distros[i] == name })
	m.col = max(at, 0)
}

// profilesRead brings the profiles of the score.
type profilesRead struct {
	profiles []score.Profile
	err      error
}

func (m *Model) readProfiles() tea.Cmd {
	backend := m.backend
	return func() tea.Msg {
		all, err := backend.Profiles()
		return profilesRead{all, err}
	}
}

// ranked is a ranking by the profile and the weights of the moment.
type ranked struct {
	number int
	result score.Result
	own    score.Result // by the profile's own weights
}

// rank ranks what is compared; of all systems, those that the profile looks at.
func (m *Model) rank() tea.Cmd {
	profile, known := m.profile()
	if !known {
		return nil
	}
	m.ranking++
	number, systems, day := m.ranking, m.systems(), m.shared.Now()
	weights, everything := maps.Clone(m.shared.Weights), m.everything
	return func() tea.Msg {
		if everything {
			systems = profile.Select(systems, day)
		}
		in := score.Input{Systems: systems, Day: day}
		own := score.Rank(profile, in)
		if len(weights) == 0 {
			return ranked{number, own, own}
		}
		return ranked{number, score.Rank(profile.Reweighted(weights), in), own}
	}
}

func (m *Model) takeRanking(r ranked) {
	if r.number != m.ranking {
		return
	}
	m.rankings++
	m.result, m.scored = r.result, true
	m.places = map[string]score.Place{}
	for _, p := range slices.Concat(r.result.Ranking, r.result.Disqualified) {
		m.places[p.Distro] = p
	}
	m.best = bestOf(m.places)
	m.shifts = shiftsOf(r.result.Ranking, r.own.Ranking)
	m.weight = max(min(m.weight, len(m.result.Criteria)-1), 0)
	if m.byScore {
		was := m.system()
		m.arrange()
		m.selectSystem(was)
	}
}

// bestOf finds for each key that the profile asks for the systems with the
// highest grade, where not all have the same.
func bestOf(places map[string]score.Place) map[string]map[string]bool {
	grades := map[string]map[string]float64{}
	for name, p := range places {
		for _, c := range p.Criteria {
			for _, a := range c.Answers {
				if a.Max <= 0 {
					continue // it does not count
				}
				if grades[a.Key] == nil {
					grades[a.Key] = map[string]float64{}
				}
				grades[a.Key][name] = a.Grade
			}
		}
	}
	best := map[string]map[string]bool{}
	for key, of := range grades {
		all := slices.Collect(maps.Values(of))
		most := slices.Max(all)
		if most-slices.Min(all) < 1e-9 {
			continue
		}
		best[key] = map[string]bool{}
		for name, grade := range of {
			best[key][name] = most-grade < 1e-9
		}
	}
	return best
}

// shiftsOf says which systems the moved weights have put on another place, the
// largest moves first.
func shiftsOf(now, before []score.Place) []string {
	type shift struct {
		text string
		by   int
	}
	was := map[string]int{}
	for _, p := range before {
		was[p.Distro] = p.Rank
	}
	var all []shift
	for _, p := range now {
		if old := was[p.Distro]; old != p.Rank && old > 0 {
			all = append(all, shift{fmt.Sprintf("%s %d to %d", p.Distro, old, p.Rank), max(old-p.Rank, p.Rank-old)})
		}
	}
	slices.SortStableFunc(all, func(a, b shift) int { return cmp.Compare(b.by, a.by) })
	var texts []string
	for _, s := range all {
		texts = append(texts, s.text)
	}
	return texts
}
