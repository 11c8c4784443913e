package release

import (
	_ "embed"
	"encoding/json"
	"fmt"
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

	// Unconfirmed: the source does not speak of the image itself, so that what
	// the index offers may be older.
	Unconfirmed bool `json:"unconfirmed,omitempty"`
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
	if !ok || k.Unconfirmed || k.Channel != r.Channel || compareVersions(r.Version, k.Version) >= 0 {
		return nil
	}
	return &StaleError{Distro: r.Distro, Offered: r.Version, Known: k.Version, Seen: k.Seen}
}
