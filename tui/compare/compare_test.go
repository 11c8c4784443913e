package compare

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/distros/score"
	"distrolab/tui/internal/screentest"
	"distrolab/tui/screen"
)

// fake has the embedded profiles, or none.
type fake struct {
	err   error
	saved map[string]string
}

func (f fake) Save(name, text string) (string, error) {
	if f.saved == nil {
		return "", errors.New("read-only file system")
	}
	f.saved[name] = text
	return name, nil
}

func (f fake) Profiles() ([]score.Profile, error) {
	if f.err != nil {
		return nil, f.err
	}
	names, err := score.BuiltinNames()
	if err != nil {
		return nil, err
	}
	var all []score.Profile
	for _, name := range names {
		text, _ := score.BuiltinText(name)
		p, err := score.Parse(name+".yaml", text)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func day() time.Time { return time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) }

func catalog(t testing.TB) *distros.Catalog {
	t.Helper()
	c, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func opened(c *distros.Catalog, f fake, marks ...string) *Model {
	m := New(&screen.Shared{Catalog: c, Now: day, Profile: score.Default, Weights: map[string]float64{}, Marks: marks}, f)
	screentest.Run(m, m.Open(""))
	return m
}

func article(t testing.TB) *Model {
	return opened(catalog(t), fake{}, "flatcar", "fedora-coreos", "talos", "bottlerocket", "k3os")
}

func text(m *Model, width, height int) string {
	return screentest.Frame(m, screen.Size{Width: width, Height: height}, screentest.Looks()["nocolour"], false)
}

func TestFramesOfTheTable(t *testing.T) {
	m := article(t)
	screentest.Press(t, m, "down", "down", "right")
	screentest.Frames(t, "table", m)
}

func TestFramesOfTheScore(t *testing.T) {
	m := article(t)
	m.View(screen.Size{Width: 120, Height: 34}, screentest.Looks()["nocolour"])
	screentest.Press(t, m, "w", "tab", "down", "down", "+", "+", ">")
	screentest.Frames(t, "score", m)
}

func TestFramesOfOtherStates(t *testing.T) {
	m := article(t)
	for range 14 {
		screentest.Press(t, m, "down")
	}
	screentest.Press(t, m, "right", "enter")
	screentest.One(t, "why", m, 120, 34)
	screentest.One(t, "why", m, 80, 22)
	screentest.One(t, "why", m, 60, 14)
	screentest.Press(t, m, "esc", "d", "f")
	screentest.One(t, "sentences", m, 120, 34)
	screentest.One(t, "sentences", m, 60, 18)

	all := opened(catalog(t), fake{})
	screentest.Press(t, all, "end")
	screentest.One(t, "all", all, 120, 34)
	all.View(screen.Size{Width: 80, Height: 22}, screentest.Looks()["nocolour"])
	screentest.Press(t, all, "w")
	screentest.One(t, "all-score", all, 80, 22)

	strangers := opened(distros.CatalogOf(strange()), fake{err: errors.New("reading profile: permission denied")})
	screentest.Press(t, strangers, "w")
	screentest.One(t, "strange", strangers, 120, 14)
	screentest.One(t, "empty", opened(distros.CatalogOf(nil), fake{}), 80, 8)
	screentest.One(t, "single", opened(catalog(t), fake{}, "probe"), 80, 12)
}

// strange are entries as a person's own files could hold them.
func strange() []distros.Distro {
	return []distros.Distro{
		{Name: "wide", Title: "日本語の長い名前のシステム、とても長い", Kind: distros.KindLocal, Facts: []distros.Fact{{Key: "shell", Class: "full", Value: "\x1b[2Jgone"}}},
		{Name: "rtl", Title: "מערכת \u202e evil", Kind: distros.KindVendor, Facts: []distros.Fact{{Key: "kernel", Value: strings.Repeat("x", 300), Unconfirmed: true}}},
		{Name: strings.Repeat("long-", 6) + "xx", Title: strings.Repeat("name ", 40), Kind: distros.KindStandIn, StandsFor: "all"},
	}
}

func TestEveryLineKeepsToItsRoom(t *testing.T) {
	m := opened(distros.CatalogOf(append(strange(), catalog(t).All()...)), fake{}, "wide", "rtl", "flatcar", "talos", "k3os")
	all := screentest.Looks()
	keys := []string{"down", "right", "left", "pgdown", "enter", "d", "f", "w", "tab", "o", "+", "-", "p", "a", "end", "esc"}
	rapid.Check(t, func(t *rapid.T) {
		size := screen.Size{Width: rapid.IntRange(1, 240).Draw(t, "width"), Height: rapid.IntRange(1, 80).Draw(t, "height")}
		look := all[rapid.SampledFrom([]string{"colour", "ascii", "16"}).Draw(t, "look")]
		for _, key := range rapid.SliceOfN(rapid.SampledFrom(keys), 0, 5).Draw(t, "keys") {
			if a, found := screen.ForKey(m.Actions(), key); found && a.Disabled == "" {
				screentest.Run(m, a.Run())
			}
		}
		v := m.View(size, look)
		if len(v.Lines) > size.Height {
			t.Fatalf("%d lines, want at most %d", len(v.Lines), size.Height)
		}
		for _, l := range v.Lines {
			if w := ansi.StringWidth(l); w > size.Width {
				t.Fatalf("%d cells, want at most %d: %q", w, size.Width, l)
			}
		}
		if rapid.IntRange(0, 9).Draw(t, "plain") == 0 {
			m.Plain(size.Width, look)
		}
	})
}

func TestWhatIsCompared(t *testing.T) {
	m := opened(catalog(t), fake{}, "talos", "flatcar")
	if got := strings.Join(m.comparison.Distros, " "); got != "talos flatcar" {
		t.Errorf("compared are %s, want the marked in the order of marking", got)
	}
	screentest.Press(t, m, "space")
	if got := strings.Join(m.comparison.Distros, " "); got != "flatcar" || m.shared.Marked("talos") {
		t.Errorf("after taking a mark away, compared are %s", got)
	}
	screentest.Press(t, m, "space")
	if len(m.columns) != len(m.shared.Catalog.All()) {
		t.Errorf("without marks %d systems are compared, want all", len(m.columns))
	}
	screentest.Press(t, m, "right", "space", "right", "space")
	if len(m.columns) != len(m.shared.Catalog.All()) {
		t.Error("marking among all changed what is compared")
	}
	screentest.Press(t, m, "a")
	if len(m.columns) != 2 {
		t.Errorf("%d systems are compared, want the 2 marked", len(m.columns))
	}
}

func TestOnlyDifferences(t *testing.T) {
	m := opened(catalog(t), fake{}, "ubuntu-2404", "ubuntu-2604")
	screentest.Press(t, m, "d")
	if len(m.visible) == 0 || len(m.visible) >= len(m.comparison.Rows) {
		t.Fatalf("%d of %d rows", len(m.visible), len(m.comparison.Rows))
	}
	for _, i := range m.visible {
		r := m.comparison.Rows[i]
		if answer(r, r.Cells[0]) == answer(r, r.Cells[1]) {
			t.Errorf("%s does not differ", r.Title)
		}
	}
	screentest.Press(t, m, "f")
	sentences := len(m.visible)
	if want := len(m.comparison.OnlyDifferences().Rows); sentences != want {
		t.Errorf("%d rows differ in sentences, want %d as the command says", sentences, want)
	}
}

func TestMinorities(t *testing.T) {
	r := distros.Row{Criterion: distros.Criterion{Key: "shell", Classes: []string{"a", "b", "c"}}, Cells: []distros.Cell{
		{Class: "b", Value: "x"}, {Class: "a", Value: "x"}, {Class: "c", Value: "x", Unconfirmed: true}, {Class: "a", Value: "y"}, {}}}
	if got := strings.Join(minorities(r), " "); got != "b" {
		t.Errorf("%q, want b", got)
	}
}

func TestWhySaysTheFactItsSourceAndItsPoints(t *testing.T) {
	m := article(t)
	screentest.Press(t, m, "enter")
	for m.comparison.Rows[m.visible[m.row]].Key != "kubeadm" {
		screentest.Press(t, m, "down")
	}
	got := text(m, 120, 34)
	for _, want := range []string{"Flatcar Container Linux: kubeadm on the node", "extension", "kubelet and kubeadm come as a sysext image",
		"2026-08-21", "managed-kubernetes: grade 0.9, 16.2 of 18.0 points for Plain kubeadm runs on it"} {
		if !strings.Contains(got, want) {
			t.Errorf("not said: %q in\n%s", want, got)
		}
	}
}

func TestWeightsMoveTheRanking(t *testing.T) {
	m := article(t)
	m.View(screen.Size{Width: 120, Height: 34}, screentest.Looks()["nocolour"])
	screentest.Press(t, m, "w", "tab")
	for m.result.Criteria[m.weight].Name != "read-only" {
		screentest.Press(t, m, "down")
	}
	if first := m.result.Ranking[0].Distro; first != "flatcar" {
		t.Fatalf("%s is first", first)
	}
	changes := 0
	for m.result.Ranking[0].Distro == "flatcar" && changes < 60 {
		got := screentest.Press(t, m, "+")
		if len(got) != 1 || got[0] != (screen.Changed{}) {
			t.Fatalf("moving a weight says %v", got)
		}
		changes++
	}
	if w := m.shared.Weights["read-only"]; w != 42 || m.result.Ranking[0].Distro != "fedora-coreos" {
		t.Errorf("at %v %s is first; the command says Fedora CoreOS from 41.2 on", w, m.result.Ranking[0].Distro)
	}
	if got := text(m, 120, 34); !strings.Contains(got, "Moved: fedora-coreos 2 to 1, flatcar 1 to 2") {
		t.Errorf("the panel does not say what has moved:\n%s", got)
	}
	screentest.Press(t, m, "x")
	if len(m.shifts) != 0 {
		t.Errorf("after reset: %v", m.shifts)
	}
	if len(m.shared.Weights) != 0 || m.result.Ranking[0].Distro != "flatcar" {
		t.Errorf("after reset: %v", m.shared.Weights)
	}
}

func TestTheSelectedWeightIsSeen(t *testing.T) {
	m := article(t)
	m.View(screen.Size{Width: 80, Height: 9}, screentest.Looks()["nocolour"])
	screentest.Press(t, m, "w")
	for _, c := range m.result.Criteria {
		if got := text(m, 80, 9); !strings.Contains(got, "▌ "+c.Title) {
			t.Errorf("%s is selected and not seen:\n%s", c.Title, got)
		}
		screentest.Press(t, m, "down")
	}
}

func TestOneCriterionHasToCount(t *testing.T) {
	m := article(t)
	m.View(screen.Size{Width: 120, Height: 34}, screentest.Looks()["nocolour"])
	screentest.Press(t, m, "w", "tab")
	own, _ := m.profile()
	for i := range own.Criteria {
		for range 10 {
			screentest.Press(t, m, "<")
		}
		if i < len(own.Criteria)-1 {
			screentest.Press(t, m, "down")
		}
	}
	sum := 0.0
	for _, c := range m.result.Criteria {
		sum += c.Weight
	}
	if sum <= 0 {
		t.Error("all weights are gone")
	}
}

func TestProfiles(t *testing.T) {
	m := article(t)
	screentest.Press(t, m, "w")
	m.shared.Weights["read-only"] = 50
	seen := map[string]bool{m.result.Profile.Name: true}
	for range 4 {
		screentest.Press(t, m, "p")
		seen[m.result.Profile.Name] = true
	}
	if len(seen) != 5 {
		t.Errorf("profiles seen: %v, want five", seen)
	}
	if len(m.shared.Weights) != 0 {
		t.Error("a profile began with another's weights")
	}
	gone := New(&screen.Shared{Catalog: catalog(t), Now: day, Profile: "deleted"}, fake{})
	if screentest.Run(gone, gone.Open("")); gone.shared.Profile != score.Default || !gone.scored {
		t.Errorf("with a profile that is gone, %s counts", gone.shared.Profile)
	}
	if screentest.Press(t, m, "p"); m.shared.Profile != score.Default {
		t.Errorf("after the last comes %s", m.shared.Profile)
	}
}

func TestColumnsByScore(t *testing.T) {
	m := article(t)
	screentest.Press(t, m, "right", "right") // talos
	screentest.Press(t, m, "o")
	if got := strings.Join(m.seen().Distros, " "); got != "flatcar fedora-coreos bottlerocket talos k3os" {
		t.Errorf("columns are %s", got)
	}
	if m.system() != "talos" {
		t.Errorf("the selection went to %s", m.system())
	}
}

func TestOldWorkIsDropped(t *testing.T) {
	m := opened(catalog(t), fake{}, "talos", "flatcar")
	old := m.compare()
	oldRank := m.rank()
	m.shared.Marks = []string{"k3os", "kairos"}
	screentest.Run(m, tea.Batch(m.compare(), m.rank()))
	screentest.Run(m, tea.Batch(old, oldRank))
	if got := strings.Join(m.comparison.Distros, " "); got != "k3os kairos" {
		t.Errorf("an older comparison won: %s", got)
	}
	if _, there := m.places["talos"]; there {
		t.Error("an older ranking won")
	}
}

func TestProfilesThatCannotBeRead(t *testing.T) {
	m := New(&screen.Shared{Catalog: catalog(t), Now: day, Profile: score.Default}, fake{err: errors.New("permission denied")})
	got := screentest.Run(m, m.Open(""))
	if len(got) != 1 || got[0].(screen.Failure).Retry == nil {
		t.Errorf("%v", got)
	}
	screentest.Press(t, m, "w")
	if shown := text(m, 120, 34); !strings.Contains(shown, "There is no score: permission denied") {
		t.Errorf("%s", shown)
	}
}

func TestMouse(t *testing.T) {
	m := article(t)
	m.View(screen.Size{Width: 120, Height: 34}, screentest.Looks()["colour"])
	m.Update(tea.MouseClickMsg{X: 50, Y: 6, Button: tea.MouseLeft})
	if r, _, _ := m.cell(); r.Key != "licence" && r.Key != "base" || m.system() != "fedora-coreos" {
		t.Errorf("a click selects %s of %s", r.Key, m.system())
	}
	was := m.row
	m.Update(tea.MouseWheelMsg{X: 50, Y: 6, Button: tea.MouseWheelDown})
	if m.row != was+1 {
		t.Error("the wheel does not move")
	}
}

func TestStarsAreWhatTheProfilePrefers(t *testing.T) {
	m := article(t)
	for key, want := range map[string]string{
		"read_only": "bottlerocket fedora-coreos talos", "licence": "", "kernel_modules": "bottlerocket flatcar",
	} {
		var got []string
		for _, name := range []string{"bottlerocket", "fedora-coreos", "flatcar", "k3os", "talos"} {
			if m.best[key][name] {
				got = append(got, name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", key, got, want)
		}
	}
	if strings.Contains(text(m, 120, 34), "★") {
		t.Error("there are stars, and no score is shown")
	}
	screentest.Press(t, m, "w")
	if !strings.Contains(text(m, 120, 34), "★ extensive") {
		t.Error("no star where the profile prefers an answer")
	}
}

func TestExport(t *testing.T) {
	f := fake{saved: map[string]string{}}
	m := opened(catalog(t), f, "talos", "flatcar")
	screentest.Press(t, m, "d")
	got := screentest.Press(t, m, "e")
	if len(got) != 1 || got[0] != (screen.News{Text: "written: compare-talos-flatcar.md and compare-talos-flatcar.csv"}) {
		t.Errorf("%v", got)
	}
	markdown := f.saved["compare-talos-flatcar.md"]
	if !strings.HasPrefix(markdown, "|  | Talos Linux | Flatcar Container Linux |") || strings.Contains(markdown, "Image made by") {
		t.Errorf("not the table that is shown:\n%s", markdown)
	}
	if csv := f.saved["compare-talos-flatcar.csv"]; !strings.Contains(csv, "Management,shell,talos,none,") {
		t.Errorf("%s", csv)
	}
	if got := screentest.Press(t, m, "y"); len(got) != 1 || got[0] != (screen.Copy{Text: markdown}) {
		t.Errorf("the clipboard gets something else: %v", got)
	}
	if got := screentest.Press(t, opened(catalog(t), fake{}), "e"); len(got) != 1 || got[0].(screen.Failure).Doing != "writing the table" {
		t.Errorf("%v", got)
	}
}

func TestPlainSaysAll(t *testing.T) {
	m := article(t)
	screentest.Press(t, m, "enter", "w")
	all := strings.Join(m.Plain(100, screentest.Looks()["ascii"]), "\n")
	for _, want := range []string{"Comparing flatcar, fedora-coreos, talos", "Container runtime", "Why flatcar", "is first with", "Ruled out"} {
		if !strings.Contains(all, want) {
			t.Errorf("not said: %q", want)
		}
	}
}

func BenchmarkFrame(b *testing.B) {
	look := screentest.Looks()["colour"]
	for _, c := range []struct {
		name string
		keys string
	}{{"short answers", ""}, {"sentences", "f"}, {"with the score", "w"}} {
		b.Run(c.name, func(b *testing.B) {
			m := article(b)
			m.View(screen.Size{Width: 200, Height: 58}, look)
			for _, key := range c.keys {
				a, _ := screen.ForKey(m.Actions(), string(key))
				screentest.Run(m, a.Run())
			}
			for b.Loop() {
				m.kept = kept{} // as after a key
				m.View(screen.Size{Width: 200, Height: 58}, look)
			}
		})
	}
}

func BenchmarkMoveAWeight(b *testing.B) {
	m := opened(catalog(b), fake{})
	for i := 0; b.Loop(); i++ {
		m.shared.Weights["read-only"] = float64(i % 40)
		screentest.Run(m, m.rank())
	}
}

// BenchmarkFrameOf10000 draws what a catalog of 10,000 entries has side by side.
func BenchmarkFrameOf10000(b *testing.B) {
	all := catalog(b).All()
	entries := make([]distros.Distro, 10_000)
	for i := range entries {
		entries[i] = all[i%len(all)]
		entries[i].Name = fmt.Sprintf("%s-%05d", entries[i].Name, i)
	}
	m := opened(distros.CatalogOf(entries), fake{})
	for b.Loop() {
		m.right(1)
		m.View(screen.Size{Width: 200, Height: 58}, screentest.Looks()["colour"])
	}
}
