package release

import (
	"context"
	"errors"
	"fmt"
	"time"

	"distrolab/distros"
)

// Refresh asks every index of a catalog, for each channel and architecture of
// an older snapshot and for each entry's default channel, and returns a new
// snapshot. What no index answers keeps its old line; the error then joins all
// that went wrong.
func (s Source) Refresh(ctx context.Context, catalog *distros.Catalog, old []Known, today time.Time) ([]Known, error) {
	var fresh []Known
	var bad []error
	for _, d := range catalog.All() {
		for _, q := range questions(d, old) {
			known, err := s.see(ctx, d, q, today)
			var none *NoImageError
			if err != nil && !errors.As(err, &none) {
				bad = append(bad, fmt.Errorf("%s %s: %w", q.Channel, q.Arch, err))
			}
			if err == nil {
				fresh = append(fresh, known)
			} else if k, ok := find(old, d.Name, q); ok {
				fresh = append(fresh, k)
			}
		}
	}
	return fresh, errors.Join(bad...)
}

// questions are the channels and architectures to ask for, the default channel
// first.
func questions(d distros.Distro, old []Known) []Query {
	var first, others []Query
	for _, k := range old {
		q := Query{Channel: k.Channel, Arch: k.Arch}
		switch {
		case k.Distro != d.Name:
		case k.Channel == d.Release.Channel:
			first = append(first, q)
		default:
			others = append(others, q)
		}
	}
	if len(first) == 0 {
		first = []Query{{Channel: d.Release.Channel, Arch: "amd64"}, {Channel: d.Release.Channel, Arch: "arm64"}}
	}
	return append(first, others...)
}

// see asks for the newest release and notes what the snapshot keeps of it.
func (s Source) see(ctx context.Context, d distros.Distro, q Query, today time.Time) (Known, error) {
	r, a, err := s.prepare(d, q)
	if err != nil {
		return Known{}, err
	}
	found, err := s.Resolve(ctx, d, q)
	if err != nil {
		return Known{}, err
	}
	k := Known{
		Distro: d.Name, Channel: found.Channel, Arch: found.Arch, Version: found.Version,
		Seen: today.Format(time.DateOnly), Source: r.indexURL(a),
	}
	if !found.Published.IsZero() {
		k.Published = found.Published.Format(time.DateOnly)
	}
	return k, nil
}

func find(all []Known, distro string, q Query) (Known, bool) {
	for _, k := range all {
		if k.Distro == distro && k.Channel == q.Channel && k.Arch == q.Arch {
			return k, true
		}
	}
	return Known{}, false
}
