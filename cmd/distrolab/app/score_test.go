package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"distrolab/cmd/distrolab/app"
	"distrolab/distros"
	"distrolab/distros/score"
	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
)

// scoreJSON runs `distrolab score ... -o json` in a home of its own.
func scoreJSON(t *testing.T, home string, args ...string) score.Result {
	t.Helper()
	var out, errs bytes.Buffer
	env := map[string]string{"DISTROLAB_HOME": home, "XDG_RUNTIME_DIR": t.TempDir(), "HOME": t.TempDir()}
	w := app.World{In: strings.NewReader(""), Out: &out, Err: &errs, UID: 1000, Executable: "/nowhere", Now: today, Getenv: func(k string) string { return env[k] }}
	if code := app.Run(t.Context(), w, append([]string{"score", "-o", "json"}, args...)); code != app.ExitDone || errs.Len() > 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	var r score.Result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// keeper puts a session into a store, or into a directory as an export does.
type keeper func(ctx context.Context, dir string, s results.Session, runs []results.Run) error

// session keeps a session whose runs are of the systems given.
func session(t *testing.T, keep keeper, dir string, as map[string]results.Subject) {
	t.Helper()
	s, runs := resultstest.Session(6)
	for i := range runs {
		r := &runs[i]
		r.Subject.OS, r.Subject.Kind = as[r.Subject.OS].OS, as[r.Subject.OS].Kind
	}
	if err := keep(t.Context(), dir, s, runs); err != nil {
		t.Fatal(err)
	}
}

// bootAnswers returns what the score says of each system's boot.
func bootAnswers(r score.Result) map[string]score.Answer {
	all := map[string]score.Answer{}
	for _, p := range append(r.Ranking, r.Disqualified...) {
		for _, c := range p.Criteria {
			if c.Name == string(score.Boot) {
				all[p.Distro] = c.Answers[0]
			}
		}
	}
	return all
}

func TestMeasuredBootsEnterTheScore(t *testing.T) {
	home := t.TempDir()
	session(t, resultstest.Keep, filepath.Join(home, "results"), map[string]results.Subject{
		"debian": {OS: "debian-local", Kind: distros.KindLocal}, "ignition-standin": {OS: "coreos-standin", Kind: distros.KindStandIn},
		"flatcar": {OS: "flatcar", Kind: distros.KindVendor},
	})
	r := scoreJSON(t, home, "debian-local", "coreos-standin", "flatcar", "fedora-coreos", "--results", "20261122-2349", "--weight", "boot=20")
	got := bootAnswers(r)
	for _, name := range []string{"debian-local", "coreos-standin", "flatcar"} {
		if a := got[name]; a.Unknown || !strings.Contains(a.Value, "TCG") || a.Source != "session 20261122-2349-boot" {
			t.Errorf("%s: %+v", name, a)
		}
	}
	if got["flatcar"].Grade != 1 || got["coreos-standin"].Grade >= 1 {
		t.Errorf("the fastest is flatcar: %+v", got)
	}
	// The stand-in imitates it; that is no measurement of it.
	if a := got["fedora-coreos"]; !a.Unknown || a.Grade != 0 {
		t.Errorf("fedora-coreos was not measured: %+v", a)
	}
	notes := strings.Join(r.Notes, "\n")
	for _, want := range []string{"boot 20 (new)", "medians of session 20261122-2349-boot: first boot, TCG", "is a stand-in", "compare only with each other"} {
		if !strings.Contains(notes, want) {
			t.Errorf("the notes do not say %q:\n%s", want, notes)
		}
	}
}

func TestAGuestUnderAVendorsNameCountsForNobody(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "session")
	session(t, resultstest.Write, dir, map[string]results.Subject{
		"debian": {OS: "debian-local", Kind: distros.KindLocal}, "ignition-standin": {OS: "flatcar", Kind: distros.KindStandIn},
		"flatcar": {OS: "gone", Kind: distros.KindVendor},
	})
	r := scoreJSON(t, t.TempDir(), "debian-local", "flatcar", "--results", dir, "--weight", "boot=20")
	if r.Criteria[len(r.Criteria)-1].LeftOut == "" || !bootAnswers(r)["flatcar"].Unknown {
		t.Errorf("a stand-in's boots were taken for flatcar's: %+v", bootAnswers(r))
	}
}

// TestScoreIsTheArticles runs the command as somebody would who has read the
// article, in the words that it prints.
func TestScoreIsTheArticles(t *testing.T) {
	var out, errs bytes.Buffer
	w := app.World{In: strings.NewReader(""), Out: &out, Err: &errs, UID: os.Geteuid(), Executable: "/nowhere", Now: today, Getenv: func(string) string { return "" }}
	if code := app.Run(t.Context(), w, []string{"score", "rancheros", "k3os", "bottlerocket", "talos", "linuxkit", "fedora-coreos", "flatcar"}); code != app.ExitDone {
		t.Fatal(errs.String())
	}
	rest := out.String()
	for _, want := range []string{
		"Flatcar Container Linux is first", "Fedora CoreOS", "Bottlerocket", "Cloud coupling", "AWS", "Talos Linux", "Kernel modules",
		"Ruled out", "Where the points come from", "How firm the first place is", "--why NAME",
	} {
		i := strings.Index(rest, want)
		if i < 0 {
			t.Fatalf("%q does not follow in\n%s", want, out.String())
		}
		rest = rest[i:]
	}
}
