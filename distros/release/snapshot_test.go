package release

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"distrolab/distros/release/vendortest"
)

func snapshotOf(t testing.TB) []Known {
	t.Helper()
	all, err := Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Every line of the snapshot is of a catalog entry, dated and sourced, and
// would be a valid answer of its index.
func TestSnapshotIsWhole(t *testing.T) {
	seen := map[[3]string]bool{}
	for _, k := range snapshotOf(t) {
		d := entry(t, k.Distro)
		id := [3]string{k.Distro, k.Channel, k.Arch}
		if seen[id] {
			t.Errorf("%v stands there twice", id)
		}
		seen[id] = true
		if d.Name != k.Distro || !isVersion(k.Version) || (k.Arch != "amd64" && k.Arch != "arm64") || k.Source == "" {
			t.Errorf("%+v is not whole", k)
		}
		if first, _ := Latest(k.Distro); first.Channel != d.Release.Channel && d.Release.Resolver != "none" {
			t.Errorf("%s: the default channel %q does not come first", k.Distro, d.Release.Channel)
		}
		for _, day := range []string{k.Seen, k.Published} {
			if _, err := time.Parse(time.DateOnly, day); err != nil && day != "" {
				t.Errorf("%s: %q is not a day", k.Distro, day)
			}
		}
		if k.Seen == "" || k.Published > k.Seen {
			t.Errorf("%s: seen on %q, published on %q", k.Distro, k.Seen, k.Published)
		}
	}
}

func TestLatest(t *testing.T) {
	k, ok := Latest("flatcar")
	if !ok || k.Channel != "stable" || k.Version == "" || k.Seen == "" {
		t.Errorf("flatcar: %+v, %v", k, ok)
	}
	if k, ok := Latest("no-such-system"); ok {
		t.Errorf("found %+v", k)
	}
}

// An index that offers less than the snapshot knows is an old copy.
func TestAReplayedIndexIsRefused(t *testing.T) {
	w, d := vendortest.New(t), entry(t, "flatcar")
	w.Flatcar("stable", "amd64", "4459.2.1")
	src := source(t, w)
	before := content(t, src.Store)
	_, err := src.Image(t.Context(), d, Query{Arch: "amd64"}, nil)
	var stale *StaleError
	if !errors.As(err, &stale) || stale.Offered != "4459.2.1" || !strings.Contains(err.Error(), "the index is an old copy") {
		t.Errorf("error is %v", err)
	}
	if after := content(t, src.Store); !slices.Equal(before, after) {
		t.Errorf("the store was touched: %v", after)
	}
	if _, err := src.Resolve(t.Context(), d, Query{Arch: "amd64", Version: "4459.2.1"}); err != nil {
		t.Errorf("the old version, asked for: %v", err)
	}
}

func TestRefresh(t *testing.T) {
	w := vendortest.New(t)
	w.Flatcar("stable", "amd64", "4999.2.5")
	w.Flatcar("lts", "amd64", "4888.3.9")
	old := []Known{
		{Distro: "flatcar", Channel: "lts", Arch: "amd64", Version: "4081.3.10", Seen: "2026-08-21", Source: "x"},
		{Distro: "flatcar", Channel: "stable", Arch: "amd64", Version: "4593.2.5", Seen: "2026-08-21", Source: "x"},
		{Distro: "talos", Channel: "stable", Arch: "amd64", Version: "v1.13.9", Seen: "2026-08-19", Source: "x"},
		{Distro: "kairos", Arch: "amd64", Version: "v4.2.0", Seen: "2026-08-22", Source: "x"},
	}
	today := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	fresh, err := source(t, w).Refresh(t.Context(), catalog(t), old, today)
	if err == nil || !strings.Contains(err.Error(), "api.github.com/repos/siderolabs/talos") {
		t.Errorf("error is %v, want it to name those that did not answer", err)
	}
	for _, want := range []Known{
		{Distro: "flatcar", Channel: "stable", Arch: "amd64", Version: "4999.2.5", Seen: "2026-11-27",
			Source: "https://stable.release.flatcar-linux.net/amd64-usr/current/version.txt"},
		{Distro: "flatcar", Channel: "lts", Arch: "amd64", Version: "4888.3.9", Seen: "2026-11-27",
			Source: "https://lts.release.flatcar-linux.net/amd64-usr/current/version.txt"},
		old[2], old[3],
	} {
		if !slices.Contains(fresh, want) {
			t.Errorf("%+v is not in the new snapshot:\n%+v", want, fresh)
		}
	}
	first := slices.IndexFunc(fresh, func(k Known) bool { return k.Distro == "flatcar" })
	if first < 0 || fresh[first].Channel != "stable" {
		t.Errorf("the default channel of flatcar does not come first: %+v", fresh)
	}
}

func BenchmarkSnapshot(b *testing.B) {
	for b.Loop() {
		if _, err := Snapshot(); err != nil {
			b.Fatal(err)
		}
	}
}
