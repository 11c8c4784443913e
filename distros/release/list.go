package release

import (
	"context"
	"fmt"
	"slices"
	"time"

	"distrolab/distros"
	"distrolab/distros/web"
)

// maxSummaries bounds how many versions [Source.Releases] returns.
const maxSummaries = 200

// Summary is a version that an index knows.
type Summary struct {
	Version   string    `json:"version"`
	Channel   string    `json:"channel,omitempty"`
	Arch      string    `json:"arch"`
	Published time.Time `json:"published"` // zero: the index does not say
}

// Releases returns the versions that a system's index knows, the newest first,
// at most 200. An index that only knows the newest gives that one. The errors
// are those of [Source.Resolve].
func (s Source) Releases(ctx context.Context, d distros.Distro, q Query) ([]Summary, error) {
	r, a, err := s.prepare(d, q)
	if err != nil {
		return nil, err
	}
	all, err := summaries(ctx, r, web.New(s.Client, a.plain), a)
	if err != nil {
		return nil, fmt.Errorf("listing the releases of %s: %w", d.Name, err)
	}
	slices.SortStableFunc(all, func(x, y Summary) int { return compareVersions(y.Version, x.Version) })
	all = slices.CompactFunc(all, func(x, y Summary) bool { return x.Version == y.Version })
	all = all[:min(len(all), maxSummaries)]
	for i := range all {
		all[i].Channel, all[i].Arch = a.channel, a.arch
	}
	return all, nil
}

func summaries(ctx context.Context, r resolver, client *web.Client, a asked) ([]Summary, error) {
	if l, ok := r.(lister); ok {
		return l.releases(ctx, client, a)
	}
	newest, err := r.resolve(ctx, client, a)
	if err != nil {
		return nil, err
	}
	return []Summary{{Version: newest.Version, Published: newest.Published}}, nil
}

// summariesOf names the versions of files.
func summariesOf(all []candidate) []Summary {
	var s []Summary
	for _, c := range all {
		s = append(s, Summary{Version: c.version})
	}
	return s
}

// hasOrSilent reports whether a list has a value, or is not given at all.
func hasOrSilent(list []string, value string) bool {
	return len(list) == 0 || slices.Contains(list, value)
}
