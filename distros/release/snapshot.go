package release

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"distrolab/distros"
)

//go:embed snapshot.json
var snapshot []byte

// Known is a release that was seen when distrolab was made, for when there is
// no network.
type Known struct {
	Distro    string `json:"distro"`              // catalog name
	Channel   string `json:"channel,omitempty"`   // channel, stream or suite
	Arch      string `json:"arch"`                // "amd64" or "arm64"
	Version   string `json:"version"`             // the vendor's
	Published string `json:"published,omitempty"` // day; empty: not known
	Seen      string `json:"seen"`                // day it was read
	Source    string `json:"source"`              // owner/repo:path or URL
}

// Snapshot returns the releases that distrolab knows without asking anybody. Of
// each system the default channel comes first.
func Snapshot() ([]Known, error) {
	var all []Known
	if err := json.Unmarshal(snapshot, &all); err != nil {
		return nil, fmt.Errorf("reading the snapshot of releases: %w", err)
	}
	return all, nil
}

// Latest is the release of a system's default channel in the snapshot. For many
// systems read [Snapshot] once instead.
func Latest(distro string) (Known, bool) {
	return latest(distro, "", "")
}

// latest finds the release of a channel and architecture; empty: any.
func latest(distro, channel, arch string) (Known, bool) {
	all, err := Snapshot()
	if err != nil {
		return Known{}, false
	}
	for _, k := range all {
		if k.Distro == distro && (channel == "" || k.Channel == channel) && (arch == "" || k.Arch == arch) {
			return k, true
		}
	}
	return Known{}, false
}

// notStale refuses a newest release that is older than the one in the
// snapshot.
func notStale(r Release) error {
	k, ok := latest(r.Distro, r.Channel, r.Arch)
	if !ok || k.Channel != r.Channel || compareVersions(r.Version, k.Version) >= 0 {
		return nil
	}
	return &StaleError{Distro: r.Distro, Offered: r.Version, Known: k.Version, Seen: k.Seen}
}

// Refresh asks every index of a catalog, for each channel and architecture of
// an older snapshot and for each entry's default channel, and returns a new
// snapshot. What an index does not answer keeps its old line; the error then
// joins all that went wrong.
func (s Source) Refresh(ctx context.Context, catalog *distros.Catalog, old []Known, today time.Time) ([]Known, error) {
	var fresh []Known
	var bad []error
	for _, d := range catalog.All() {
		if _, _, err := s.prepare(d, Query{}); err != nil {
			continue // no index
		}
		for _, q := range questions(d, old) {
			known, err := s.see(ctx, d, q, today)
			if err != nil {
				bad = append(bad, fmt.Errorf("%s %s: %w", q.Channel, q.Arch, err))
				if k, ok := find(old, d.Name, q); ok {
					fresh = append(fresh, k)
				}
				continue
			}
			fresh = append(fresh, known)
		}
	}
	return fresh, errors.Join(bad...)
}

// questions are the channels and architectures to ask for.
func questions(d distros.Distro, old []Known) []Query {
	var all []Query
	seen := map[Query]bool{}
	add := func(channel, arch string) {
		q := Query{Channel: channel, Arch: arch}
		if !seen[q] {
			seen[q] = true
			all = append(all, q)
		}
	}
	for _, k := range old {
		if k.Distro == d.Name {
			add(k.Channel, k.Arch)
		}
	}
	if len(all) == 0 {
		add(d.Release.Channel, "amd64")
		add(d.Release.Channel, "arm64")
	}
	return all
}

func (s Source) see(ctx context.Context, d distros.Distro, q Query, today time.Time) (Known, error) {
	r, a, err := s.prepare(d, q)
	if err != nil {
		return Known{}, err
	}
	found, err := s.Resolve(ctx, d, q)
	if err != nil {
		return Known{}, err
	}
	k := Known{Distro: d.Name, Channel: found.Channel, Arch: found.Arch, Version: found.Version,
		Seen: today.Format(time.DateOnly), Source: r.indexURL(a)}
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
