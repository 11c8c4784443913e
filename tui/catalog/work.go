package catalog

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/distros"
	"distrolab/distros/release"
	"distrolab/distros/score"
	"distrolab/tui/screen"
)

// ranked is a ranking of the catalog. Older ones than the newest asked for are
// dropped.
type ranked struct {
	number int
	places map[string]place
	err    error
}

// rank asks for the places by the profile and the weights that all screens
// share.
func (m *Model) rank() tea.Cmd {
	if m.entries == nil {
		return nil // not opened yet
	}
	m.ranking++
	number, name, backend := m.ranking, m.shared.Profile, m.backend
	weights := make(map[string]float64, len(m.shared.Weights))
	for k, v := range m.shared.Weights {
		weights[k] = v
	}
	all, day := m.shared.Catalog.All(), m.shared.Now()
	return func() tea.Msg {
		profile, err := backend.Profile(name)
		if err != nil {
			return ranked{number: number, err: err}
		}
		result := score.Rank(profile.Reweighted(weights), score.Input{Systems: profile.Select(all, day), Day: day})
		places := map[string]place{}
		for _, p := range result.Ranking {
			places[p.Distro] = place{rank: p.Rank, tied: p.Tied, total: p.Total}
		}
		for _, p := range result.Disqualified {
			places[p.Distro] = place{total: p.Total, ruledOut: true, reason: strings.TrimSuffix(p.Reasons[0].Reason, ".")}
		}
		return ranked{number: number, places: places}
	}
}

func (m *Model) takeRanking(r ranked) {
	if r.number != m.ranking || r.err != nil {
		return // without its profile there is no score; the Compare screen says why
	}
	m.ranked = true
	m.version++
	for i := range m.entries {
		m.entries[i].place = r.places[m.entries[i].Name]
	}
	if m.order == byScore {
		m.apply()
	}
}

// patience is how long a vendor's index may take to answer.
const patience = time.Minute

// newest is what a vendor's index answered.
type newest struct {
	name    string
	summary release.Summary
	err     error
}

// ask asks the vendor's index of the selected system.
func (m *Model) ask() tea.Cmd {
	e := m.selected()
	if e == nil {
		return nil
	}
	return m.askFor(e.Distro)
}

func (m *Model) askFor(d distros.Distro) tea.Cmd {
	if _, already := m.asking[d.Name]; already {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	m.asking[d.Name] = cancel
	backend := m.backend
	return func() tea.Msg {
		defer cancel()
		s, err := backend.Newest(ctx, d)
		return newest{d.Name, s, err}
	}
}

// stopAsking gives up waiting for indexes.
func (m *Model) stopAsking() tea.Cmd {
	for name, cancel := range m.asking {
		cancel()
		delete(m.asking, name)
	}
	return screen.Tell("stopped asking; the releases shown are those that were known")
}

// takeNewest keeps what an index answered, unless the person gave up before.
func (m *Model) takeNewest(n newest) tea.Cmd {
	if _, waiting := m.asking[n.name]; !waiting {
		return nil
	}
	delete(m.asking, n.name)
	i, found := m.byName[n.name]
	if !found {
		return nil
	}
	if n.err != nil {
		d := m.entries[i].Distro
		return screen.Fail("asking the index of "+n.name+" for its newest release", n.err, func() tea.Msg { return again{d} })
	}
	m.version++
	e := &m.entries[i]
	was := e.latest
	e.latest = &release.Known{Distro: n.name, Channel: n.summary.Channel, Arch: n.summary.Arch, Version: n.summary.Version,
		Seen: m.shared.Now().Format(time.DateOnly)}
	if !n.summary.Published.IsZero() {
		e.latest.Published = n.summary.Published.Format(time.DateOnly)
	} else if was != nil && was.Version == n.summary.Version {
		e.latest.Published = was.Published
	}
	if m.order == byRelease {
		m.apply()
	}
	return screen.Tell(n.name + ": the newest release is " + n.summary.Version)
}

// again asks once more, after a failure.
type again struct{ distro distros.Distro }
