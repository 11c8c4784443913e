package tuf

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"distrolab/distros/signature"
	"distrolab/distros/signature/tuf/tuftest"
)

var today = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// client reads a repository of the tests, starting from its newest root of now.
func client(r *tuftest.Repository, state string) Repository {
	return Repository{Root: r.Root(), Get: r.Server(ErrNoFile), State: state, Now: today}
}

// refused checks the reason of a refusal and the words of its sentence.
func refused(t *testing.T, err error, reason signature.Reason, words ...string) {
	t.Helper()
	var refusal *signature.Error
	if !errors.As(err, &refusal) {
		t.Fatalf("got %v, want a refusal: %s", err, reason)
	}
	if refusal.Reason != reason {
		t.Errorf("reason %q (%v), want %q", refusal.Reason, err, reason)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}

// contents reads a directory, to see that nothing changed in it.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(data)
	}
	return all
}

// list reads a repository that must be good.
func list(t *testing.T, c Repository) Listing {
	t.Helper()
	l, err := c.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestTheRootThatIsCarriedSignsItself(t *testing.T) {
	none := Repository{Root: BottlerocketRoot(), Now: today, Get: (&tuftest.Repository{}).Server(ErrNoFile)}
	_, err := none.List(t.Context())
	refused(t, err, signature.NoSignature, "timestamp.json") // the root passed; there is nothing else
	broken := bytes.Replace(BottlerocketRoot(), []byte(`"version": 8`), []byte(`"version": 9`), 1)
	none.Root = broken
	_, err = none.List(t.Context())
	refused(t, err, signature.UnknownKey, "distrolab starts from")
}

func TestAGoodRepositoryIsListed(t *testing.T) {
	r := tuftest.New(today)
	r.Content["os-v1.2.3.img.lz4"] = []byte("image")
	r.Publish()
	state := filepath.Join(t.TempDir(), "new", "state")
	got := list(t, client(r, state))
	sums := tuftest.Target([]byte("image"))["hashes"].(map[string]any)
	digest := sums["sha256"].(string)
	want := Listing{
		Root: 1, Version: 2, Expires: r.Expires,
		Files: map[string]File{"os-v1.2.3.img.lz4": {
			Name: "os-v1.2.3.img.lz4", Path: digest + ".os-v1.2.3.img.lz4", Length: 5,
			Hashes: map[string]string{"sha256": digest, "sha512": sums["sha512"].(string)},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if kept := slices.Sorted(maps.Keys(contents(t, state))); !slices.Equal(kept, []string{"root.json", "snapshot.json", "targets.json", "timestamp.json"}) {
		t.Errorf("kept %v", kept)
	}
}

// What was trusted before and still counts is not fetched again.
func TestASecondRunAsksOnlyWhatMayBeNew(t *testing.T) {
	r := tuftest.New(today)
	c := client(r, t.TempDir())
	list(t, c)
	r.Asked = nil
	list(t, c)
	if want := []string{"2.root.json", "timestamp.json"}; !slices.Equal(r.Asked, want) {
		t.Errorf("asked for %v, want %v", r.Asked, want)
	}
	r.Content["new"] = []byte("new")
	r.Publish()
	if got := list(t, c); len(got.Files) != 1 {
		t.Errorf("got %v", got.Files)
	}
}

func TestGoingBackInTimeIsNoticedBetweenRuns(t *testing.T) {
	r := tuftest.New(today)
	r.Content["os-1"] = []byte("1")
	r.Publish()
	old := r.Copy()
	r.Content["os-2"] = []byte("2")
	r.Publish()
	state := t.TempDir()
	c := client(r, state)
	list(t, c)
	before := contents(t, state)

	r.Files = old
	_, err := c.List(t.Context())
	refused(t, err, signature.Rollback, "timestamp.json", "back in time")
	if diff := cmp.Diff(before, contents(t, state)); diff != "" {
		t.Errorf("what was trusted changed: %s", diff)
	}
	c.State = ""
	if got := list(t, c); len(got.Files) != 1 {
		t.Error("without a memory an old repository that has not expired looks good; if not, this test proves nothing")
	}
}

// A newer timestamp that names an older snapshot, and a newer snapshot that
// names an older list.
func TestPartsThatGoBackAreNoticed(t *testing.T) {
	for name, roll := range map[string]func(*tuftest.Repository){
		"snapshot": func(r *tuftest.Repository) {
			r.PublishTimestamp(map[string]any{"snapshot.json": map[string]any{"version": 1}}, r.Timestamp)
		},
		"list": func(r *tuftest.Repository) {
			r.PublishSnapshot(map[string]any{"targets.json": map[string]any{"version": 1}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := tuftest.New(today)
			r.Publish()
			state := t.TempDir()
			c := client(r, state)
			list(t, c)
			before := contents(t, state)
			roll(r)
			_, err := c.List(t.Context())
			refused(t, err, signature.Rollback)
			if diff := cmp.Diff(before, contents(t, state)); diff != "" {
				t.Errorf("what was trusted changed: %s", diff)
			}
		})
	}
}

func TestAServerThatIsHeldBackIsNoticed(t *testing.T) {
	r := tuftest.New(today)
	state := t.TempDir()
	c := client(r, state)
	list(t, c)
	c.Now = r.Expires.Add(time.Hour)
	_, err := c.List(t.Context())
	refused(t, err, signature.Expired, "timestamp.json", "held back")
	c.State = ""
	_, err = c.List(t.Context())
	refused(t, err, signature.Expired)
}

func TestExpiredPartsAreRefused(t *testing.T) {
	r := tuftest.New(today)
	later := r.Expires.AddDate(0, 0, 7)
	c := client(r, "")
	c.Now = r.Expires.Add(time.Hour)
	// The timestamp alone is fresh: snapshot and list have expired.
	r.Expires = later
	old := r.Versions["snapshot"] - 1
	r.PublishTimestamp(map[string]any{"snapshot.json": map[string]any{"version": old}}, r.Timestamp)
	_, err := c.List(t.Context())
	refused(t, err, signature.Expired, "root") // the root expires with the first of them
	r.PublishRoot(r.RootKeys[0], r.RootKeys[1])
	_, err = c.List(t.Context())
	refused(t, err, signature.Expired, "snapshot.json")
	r.PublishSnapshot(map[string]any{"targets.json": map[string]any{"version": r.Versions["targets"] - 1}})
	_, err = c.List(t.Context())
	refused(t, err, signature.Expired, "targets")
}

func TestMetadataOfAWrongKeyIsRefused(t *testing.T) {
	for role, swap := range map[string]func(r *tuftest.Repository, k tuftest.Key){
		"timestamp": func(r *tuftest.Repository, k tuftest.Key) { r.Timestamp = k },
		"snapshot":  func(r *tuftest.Repository, k tuftest.Key) { r.Snapshot = k },
		"targets":   func(r *tuftest.Repository, k tuftest.Key) { r.Targets = k },
	} {
		t.Run(role, func(t *testing.T) {
			r := tuftest.New(today)
			c := client(r, t.TempDir())
			swap(r, tuftest.NewKey("new 1"))
			r.Publish()
			_, err := c.List(t.Context())
			refused(t, err, signature.UnknownKey, role)
			if len(contents(t, c.State)) != 0 {
				t.Error("something was kept of a refused repository")
			}
		})
	}
}

func TestRootsAreFollowedFromOneToTheNext(t *testing.T) {
	r := tuftest.New(today)
	state := t.TempDir()
	c := client(r, state)
	list(t, c)
	old := slices.Clone(r.RootKeys)
	r.RootKeys = []tuftest.Key{tuftest.NewKey("new 2"), tuftest.NewKey("new 3"), tuftest.NewKey("new 4")}
	r.Timestamp, r.Snapshot, r.Targets = tuftest.NewKey("new 5"), tuftest.NewKey("new 6"), tuftest.NewKey("new 7")
	r.PublishRoot(old[0], old[2], r.RootKeys[0], r.RootKeys[1])
	r.PublishRoot(r.RootKeys[1], r.RootKeys[2])
	r.Versions["timestamp"], r.Versions["snapshot"] = 1, 1 // the new keys may count anew
	r.Publish()
	if got := list(t, c); got.Root != 3 {
		t.Errorf("root %d, want 3", got.Root)
	}
	r.Asked = nil
	list(t, c)
	if r.Asked[0] != "4.root.json" {
		t.Errorf("asked for %v: the root reached before was forgotten", r.Asked)
	}
}

func TestBrokenChainsOfRootsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		publish func(r *tuftest.Repository, k []tuftest.Key)
		reason  signature.Reason
	}{
		"not signed by the one before": {func(r *tuftest.Repository, k []tuftest.Key) {
			r.RootKeys = k
			r.PublishRoot(k...)
		}, signature.UnknownKey},
		"signed by one of two": {func(r *tuftest.Repository, _ []tuftest.Key) {
			r.PublishRoot(r.RootKeys[0])
		}, signature.UnknownKey},
		"one signature twice": {func(r *tuftest.Repository, _ []tuftest.Key) {
			r.PublishRoot(r.RootKeys[0], r.RootKeys[0])
		}, signature.Malformed},
		"not signed by itself": {func(r *tuftest.Repository, k []tuftest.Key) {
			old := r.RootKeys
			r.RootKeys = k
			r.PublishRoot(old...)
		}, signature.UnknownKey},
		"a version left out": {func(r *tuftest.Repository, _ []tuftest.Key) {
			r.Versions["root"] = 3
			r.PublishRoot(r.RootKeys...)
			r.Files["2.root.json"] = r.Files["3.root.json"]
		}, signature.Rollback},
		"another kind of metadata": {func(r *tuftest.Repository, _ []tuftest.Key) {
			r.Files["2.root.json"] = r.Files["timestamp.json"]
		}, signature.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			r := tuftest.New(today)
			state := t.TempDir()
			client := client(r, state)
			list(t, client)
			before := contents(t, state)
			c.publish(r, []tuftest.Key{tuftest.NewKey("new 8"), tuftest.NewKey("new 9"), tuftest.NewKey("new 10")})
			_, err := client.List(t.Context())
			refused(t, err, c.reason, "2.root.json")
			if diff := cmp.Diff(before, contents(t, state)); diff != "" {
				t.Errorf("what was trusted changed: %s", diff)
			}
		})
	}
}

func TestEndlessRootsEnd(t *testing.T) {
	r := tuftest.New(today)
	c := client(r, "")
	for range maxRotations + 1 {
		r.PublishRoot(r.RootKeys[0], r.RootKeys[1])
	}
	_, err := c.List(t.Context())
	refused(t, err, signature.Malformed, "more than")
}

// Mix and match: a snapshot of the right version and the right key, but not
// the one that the timestamp names.
func TestPartsOfTwoReleasesDoNotMix(t *testing.T) {
	r := tuftest.New(today)
	c := client(r, "")
	r.Content["a"] = []byte("a")
	r.Publish()
	word := r.Files["timestamp.json"]
	r.Versions["snapshot"]--
	r.Content["b"] = []byte("b")
	r.Publish() // another snapshot of the same version
	r.Files["timestamp.json"] = word
	_, err := c.List(t.Context())
	refused(t, err, signature.Mismatch, "snapshot.json")
}

func TestMetadataThatIsTooLongIsNotRead(t *testing.T) {
	r := tuftest.New(today)
	c := client(r, "")
	r.Files["timestamp.json"] = bytes.Repeat([]byte(" "), maxTimestamp+1)
	if _, err := c.List(t.Context()); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("%v", err)
	}
	r.PublishTimestamp(map[string]any{"snapshot.json": map[string]any{"version": 1, "length": maxSnapshot + 1}}, r.Timestamp)
	_, err := c.List(t.Context())
	refused(t, err, signature.Malformed, "at most")
	// A server that sends more than was signed is cut off at that length.
	r.Publish()
	name := versioned(r.Versions["snapshot"]-1, snapshotFile)
	r.Files[name] = append(r.Files[name], ' ')
	if _, err := c.List(t.Context()); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("%v", err)
	}
}

func TestListsThatLeadAstrayAreRefused(t *testing.T) {
	good := tuftest.Target([]byte("x"))
	for name, entry := range map[string]any{
		"../etc/passwd": good, "/etc/passwd": good, "a/../../b": good, "a//b": good, `a\b`: good, "a%2f..": good, "": good,
		"a?b": good, strings.Repeat("x", 600): good,
		"no-digest":    map[string]any{"length": 1, "hashes": map[string]any{}},
		"md5":          map[string]any{"length": 1, "hashes": map[string]any{"md5": "00112233445566778899aabbccddeeff"}},
		"short-digest": map[string]any{"length": 1, "hashes": map[string]any{"sha256": "00"}},
		"negative":     map[string]any{"length": -1, "hashes": good["hashes"]},
	} {
		t.Run(name, func(t *testing.T) {
			r := tuftest.New(today)
			c := client(r, t.TempDir())
			r.PublishList(map[string]any{name: entry})
			_, err := c.List(t.Context())
			refused(t, err, signature.Malformed)
			if len(contents(t, c.State)) != 0 {
				t.Error("something was kept of a refused repository")
			}
		})
	}
}

// go-tuf takes these entries for granted.
func TestMetadataWithHolesIsRefused(t *testing.T) {
	for name, publish := range map[string]func(r *tuftest.Repository){
		"no snapshot":   func(r *tuftest.Repository) { r.PublishTimestamp(map[string]any{}, r.Timestamp) },
		"null snapshot": func(r *tuftest.Repository) { r.PublishTimestamp(map[string]any{"snapshot.json": nil}, r.Timestamp) },
		"no list":       func(r *tuftest.Repository) { r.PublishSnapshot(map[string]any{}) },
		"null list":     func(r *tuftest.Repository) { r.PublishSnapshot(map[string]any{"targets.json": nil}) },
		"null file":     func(r *tuftest.Repository) { r.PublishList(map[string]any{"a": nil}) },
		"version zero": func(r *tuftest.Repository) {
			r.PublishSnapshot(map[string]any{"targets.json": map[string]any{"version": 0}})
		},
		"negative version": func(r *tuftest.Repository) {
			r.PublishSnapshot(map[string]any{"targets.json": map[string]any{"version": -3}})
		},
		"web page": func(r *tuftest.Repository) { r.Files["timestamp.json"] = []byte("<html>") },
		"nothing":  func(r *tuftest.Repository) { r.Files["timestamp.json"] = nil },
		"null":     func(r *tuftest.Repository) { r.Files["timestamp.json"] = []byte("null") },
	} {
		t.Run(name, func(t *testing.T) {
			r := tuftest.New(today)
			publish(r)
			_, err := client(r, "").List(t.Context())
			refused(t, err, signature.Malformed)
		})
	}
}

func TestDamagedStateIsSaidAndNotForgotten(t *testing.T) {
	r := tuftest.New(today)
	state := t.TempDir()
	c := client(r, state)
	list(t, c)
	if err := os.WriteFile(filepath.Join(state, "root.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := c.List(t.Context())
	refused(t, err, signature.Malformed, state, "remove that directory")
}

// Of two runs at once, the one that began earlier and ends later must not bring
// back what it saw.
func TestASlowRunDoesNotReplaceWhatANewerOneKept(t *testing.T) {
	r := tuftest.New(today)
	state := t.TempDir()
	slow := client(r, state)
	serve, fast := slow.Get, client(r, state)
	var once bool
	slow.Get = func(ctx context.Context, name string, limit int64) ([]byte, error) {
		data, err := serve(ctx, name, limit)
		if name == "1.targets.json" && !once {
			once = true
			r.Publish()
			list(t, fast)
		}
		return data, err
	}
	if got := list(t, slow); got.Version != 1 {
		t.Fatalf("the slow run read list %d: this test proves nothing", got.Version)
	}
	if got := contents(t, state)["targets.json"]; got != string(r.Files["2.targets.json"]) {
		t.Errorf("kept %s", got)
	}
}

func FuzzList(f *testing.F) {
	r := tuftest.New(today)
	r.Content["a"] = []byte("a")
	r.Publish()
	good := r.Copy()
	for _, name := range []string{"1.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"} {
		f.Add(name, good[name])
	}
	f.Add("2.root.json", good["1.root.json"])
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		r.Files = maps.Clone(good)
		r.Files[name] = data
		for _, root := range [][]byte{good["1.root.json"], data} {
			c := Repository{Root: root, Get: r.Server(ErrNoFile), Now: today}
			l, err := c.List(t.Context())
			if err == nil && (len(l.Files) != 1 || l.Files["a"].Length != 1) {
				t.Errorf("%s: %v came out, which was never signed", name, l.Files)
			}
		}
	})
}
