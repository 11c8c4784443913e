package kubernetes_test

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"distrolab/distros/image"
	"distrolab/labs/kubernetes"
)

func TestImportCopiesTheBundle(t *testing.T) {
	from, s := composed(t, "v1.36.1"), store(t)
	var last image.Progress
	got, err := s.Import(t.Context(), from.Dir(), func(p image.Progress) { last = p })
	if err != nil {
		t.Fatal(err)
	}
	if !sameFiles(files(t, from.Dir()), files(t, got.Dir())) {
		t.Error("the copy differs")
	}
	if last.Total == 0 || last.Done != last.Total {
		t.Errorf("the last progress was %+v", last)
	}
	if err := got.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if again, err := s.Get("v1.36.1"); err != nil || again.Manifest.Node != from.Manifest.Node || again.Bytes() != from.Bytes() {
		t.Errorf("Get: %+v, %v", again.Manifest, err)
	}
	checkStagingEmpty(t, s)
}

func checkStagingEmpty(t *testing.T, s *kubernetes.Store) {
	t.Helper()
	left, err := os.ReadDir(filepath.Join(s.Dir(), ".staging"))
	if err != nil || len(left) > 0 {
		t.Errorf("left in the staging directory: %v, %v", left, err)
	}
}

func TestImportReplacesAnotherBundleOfTheVersion(t *testing.T) {
	s, one := store(t), composed(t, "v1.36.1")
	if _, err := s.Import(t.Context(), one.Dir(), nil); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(filepath.Join(s.Dir(), "v1.36.1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Import(t.Context(), one.Dir(), nil); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(filepath.Join(s.Dir(), "v1.36.1")); err != nil || !os.SameFile(before, after) {
		t.Errorf("the same bundle was stored anew: %v", err)
	}
	parts, err := built(t, "v1.36.1").Parts(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	parts.Origin = kubernetes.OriginOfficial
	two, err := kubernetes.Compose(t.Context(), filepath.Join(t.TempDir(), "b"), parts)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Import(t.Context(), two.Dir(), nil)
	if err != nil || got.Manifest.Origin != kubernetes.OriginOfficial {
		t.Errorf("after the other one: %q, %v", got.Manifest.Origin, err)
	}
	if !sameFiles(files(t, two.Dir()), files(t, got.Dir())) {
		t.Error("the store mixes two bundles")
	}
	checkStagingEmpty(t, s)
}

func TestStoreOrdersVersions(t *testing.T) {
	s := store(t)
	if _, err := s.Newest(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the newest of none: %v", err)
	}
	for _, v := range []string{"v1.9.11", "v1.36.1", "v1.37.0-rc.1", "v1.36.10", "v1.37.0-alpha.2"} {
		if _, err := s.Import(t.Context(), composed(t, v).Dir(), nil); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Versions()
	if want := []string{"v1.36.10", "v1.36.1", "v1.9.11", "v1.37.0-rc.1", "v1.37.0-alpha.2"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("versions %q, want %q (%v)", got, want, err)
	}
	if b, err := s.Newest(); err != nil || b.Manifest.Version != "v1.36.10" {
		t.Errorf("the newest is %s, %v; want a release and no preview", b.Manifest.Version, err)
	}
	if kubernetes.CompareVersions("v1.37.0-rc.1", "v1.37.0") >= 0 || kubernetes.CompareVersions("v1.37.0", "v1.37.0") != 0 {
		t.Error("a preview does not come before its release")
	}
}

func TestStoreRemoves(t *testing.T) {
	s := store(t)
	b, err := s.Import(t.Context(), composed(t, "v1.36.1").Dir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(b.NodeArchive()); err != nil { // it is damaged: that keeps nobody from removing it
		t.Fatal(err)
	}
	if list, err := s.List(); len(list) != 0 || err == nil || !strings.Contains(err.Error(), "node.tar") {
		t.Errorf("a damaged bundle: %d listed, %v", len(list), err)
	}
	if _, err := s.Get("v1.36.1"); err == nil || errors.As(err, new(*kubernetes.NotStoredError)) {
		t.Errorf("a damaged bundle is taken for none: %v", err)
	}
	if err := s.Remove("v1.36.1"); err != nil {
		t.Fatal(err)
	}
	for _, v := range []string{"v1.36.1", "v1.0.0"} {
		if err := s.Remove(v); !errors.As(err, new(*kubernetes.NotStoredError)) {
			t.Errorf("removing %s: %v", v, err)
		}
	}
	for _, v := range []string{"", ".staging", "../kubernetes", "v1.36", "v1.36.1/../..", "1.36.1"} {
		if s.Remove(v) == nil {
			t.Errorf("removed %q", v)
		}
		if _, err := s.Get(v); err == nil {
			t.Errorf("got %q", v)
		}
	}
	checkStagingEmpty(t, s)
}

func TestImportRefusesHostileBundles(t *testing.T) {
	all := spoiledManifests()
	maps.Copy(all, spoiledFiles())
	for name, test := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, s := composed(t, "v1.36.1"), store(t)
			test.spoil(t, b)
			_, err := s.Import(t.Context(), b.Dir(), nil)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("it says %v, want %q in it", err, test.says)
			}
			if err != nil && (len(err.Error()) > 700 || strings.ContainsRune(err.Error(), 0x1b)) {
				t.Errorf("%d characters, or control characters: %.1000q", len(err.Error()), err)
			}
			if got, err := s.Versions(); err != nil || len(got) > 0 {
				t.Errorf("stored %q, %v", got, err)
			}
			checkStagingEmpty(t, s)
		})
	}
}

// What lies in the directory besides is left there.
func TestImportTakesOnlyWhatTheManifestNames(t *testing.T) {
	b, s := composed(t, "v1.36.1"), store(t)
	write(t, filepath.Join(b.Dir(), "extra"), "x")
	write(t, filepath.Join(b.Dir(), "images/blobs/sha256", strings.Repeat("b", 64)), "x")
	write(t, filepath.Join(b.Dir(), "images/index.json"), "not JSON")
	got, err := s.Import(t.Context(), b.Dir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !sameFiles(files(t, got.Dir()), files(t, composed(t, "v1.36.1").Dir())) {
		t.Error("it holds something else than the bundle")
	}
}

func TestImportStops(t *testing.T) {
	b, s := composed(t, "v1.36.1"), store(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.Import(ctx, b.Dir(), func(p image.Progress) {
		if p.Done > 0 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if got, err := s.Versions(); err != nil || len(got) > 0 {
		t.Errorf("stored %q, %v", got, err)
	}
	checkStagingEmpty(t, s)
}

func TestManyImportAtOnce(t *testing.T) {
	s, b := store(t), composed(t, "v1.36.1")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			own, err := kubernetes.OpenStore(s.Dir())
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := own.Import(t.Context(), b.Dir(), nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	got, err := s.Get("v1.36.1")
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	checkStagingEmpty(t, s)
}

// What a killed process left goes with the next import, and what a living one
// makes stays.
func TestImportSweeps(t *testing.T) {
	s := store(t)
	left := filepath.Join(s.Dir(), ".staging", "bundle-left")
	fresh := filepath.Join(s.Dir(), ".staging", "bundle-fresh")
	for _, dir := range []string{left, fresh} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(left, old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Import(t.Context(), composed(t, "v1.36.1").Dir(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was left is there: %v", err)
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Errorf("what is fresh has gone: %v", err)
	}
}
