package config

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"distrolab/provision"
	"distrolab/tui/screen"
)

func same(a, b provision.Intent) string {
	return cmp.Diff(a, b, cmpopts.EquateEmpty(), cmp.Comparer(func(x, y provision.Secret) bool { return x.Reveal() == y.Reveal() }))
}

func full(t testing.TB) (text string, intent provision.Intent) {
	t.Helper()
	data, err := os.ReadFile("../../provision/testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	intent, err = provision.ParseIntent("full.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	return string(data), intent
}

// The form says everything that an intent can say.
func TestFormHoldsWholeIntent(t *testing.T) {
	_, want := full(t)
	node := want
	node.Join, node.Node = nil, &provision.Node{Pods: "10.244.1.0/24", Bundle: want.Join.Bundle}
	node.Network = provision.Network{DHCP: true, MAC: "52:54:00:12:34:56"}
	manual := want
	join := *want.Join
	join.Manual, join.Bundle = true, nil
	manual.Join = &join
	manual.Network.DHCP = true
	on := true
	manual.Update.Auto = &on
	for name, want := range map[string]provision.Intent{"full": want, "node": node, "manual": manual, "empty": {}} {
		got, wrong := intentOf(formOf(want).clone())
		if diff := same(want, got); diff != "" || len(wrong) > 0 {
			t.Errorf("%s: %v\n%s", name, wrong, diff)
		}
	}
}

// Every field of the intent that can be asked for has a row that its problems
// and gaps stand beside.
func TestEveryFieldHasItsRow(t *testing.T) {
	text, want := full(t)
	d := newDesk(t, "flatcar")
	d.fake.files["full.yaml"] = text
	d.press("o<ctrl+u>full.yaml<enter>")
	var paths []string
	for _, r := range d.rows() {
		paths = append(paths, r.path)
	}
	for _, f := range want.Fields() {
		if !slices.ContainsFunc(paths, func(p string) bool { return p == f || provision.Below(p, f) }) {
			t.Errorf("no row shows %s; there are %v", f, paths)
		}
	}
}

func TestTypingIsLive(t *testing.T) {
	d := newDesk(t, "flatcar", "talos")
	d.press("<enter><ctrl+u>web7")
	if !d.Typing() {
		t.Fatal("the input has no focus")
	}
	for _, s := range d.systems {
		if !strings.Contains(s.result.Config.Sources[0].Content, "hostname: web7\n") {
			t.Errorf("%s shows %q", s.name(), s.result.Config.Sources[0].Content)
		}
	}
	d.press("<esc>")
	if d.Typing() {
		t.Error("esc does not leave the input")
	}
}

// Wrong values are said beside the field and keep nobody from typing; the
// configs of before stay.
func TestProblemsNeverBlock(t *testing.T) {
	d := newDesk(t, "flatcar")
	d.press("<enter><ctrl+u>A-")
	if len(d.problems) != 1 || d.problems[0].Path != "hostname" {
		t.Fatalf("problems: %v", d.problems)
	}
	if !strings.Contains(frame(d, 100, 30), "must be parts of a-z") {
		t.Error("nothing is said beside the field")
	}
	if got := d.current().result.Intent.Hostname; got != "node1" {
		t.Errorf("the config is of %q", got)
	}
	if a, _ := screen.ForKey(d.fileActions(), "w"); a.Disabled == "" {
		t.Error("what is not shown could be written")
	}
	d.press("<backspace><backspace>ok<enter>")
	if len(d.problems) > 0 || d.current().result.Intent.Hostname != "ok" {
		t.Errorf("%v, %q", d.problems, d.current().result.Intent.Hostname)
	}
}

// While a rendering runs no other of that system starts; the newest comes next.
func TestNewestRenderingWins(t *testing.T) {
	d := newDesk(t, "flatcar")
	before := len(d.fake.rendered)
	d.press("<enter>")
	var waiting []tea.Cmd
	for _, r := range "abc" {
		if cmd := d.Update(key(string(r))); cmd != nil {
			waiting = append(waiting, cmd)
		}
	}
	if len(waiting) != 1 {
		t.Fatalf("%d commands for three keys at once", len(waiting))
	}
	d.run(waiting[0])
	if got := d.current().result.Intent.Hostname; got != "node1abc" {
		t.Errorf("shown is %q", got)
	}
	if n := len(d.fake.rendered) - before; n > 2 {
		t.Errorf("rendered %d times", n)
	}
}

func TestListsAreEditedInSubForms(t *testing.T) {
	d := newDesk(t, "flatcar")
	d.press("<down><down>") // + user, below core
	if r, _ := d.row(); !r.add || r.field.thing != "user" {
		t.Fatalf("selected: %+v", r)
	}
	d.press("<enter>trainer<tab>")
	d.run(d.Update(tea.PasteMsg{Content: testKey + "\r\n# a comment\n" + testKey + "2\n"}))
	d.press("<esc><esc>")
	got, _ := intentOf(d.form)
	if len(got.Users) != 2 || got.Users[1].Name != "trainer" || len(got.Users[1].SSHAuthorizedKeys) != 2 {
		t.Fatalf("users: %+v", got.Users)
	}
	if len(d.trail) != 0 {
		t.Error("the sub-form is still open")
	}
	d.press("x")
	if got, _ = intentOf(d.form); len(got.Users) != 1 {
		t.Errorf("removed: %+v", got.Users)
	}
	d.press("u")
	if got, _ = intentOf(d.form); len(got.Users) != 2 {
		t.Errorf("undone: %+v", got.Users)
	}
}

func TestAKeyThatStayedEmptyGoes(t *testing.T) {
	d := newDesk(t, "flatcar")
	d.press("<down><enter><down><down><enter>")
	if d.typing == nil {
		t.Fatal("not typing a key")
	}
	d.press("<esc>")
	if got, _ := intentOf(d.form); len(got.Users[0].SSHAuthorizedKeys) != 1 {
		t.Errorf("keys: %q", got.Users[0].SSHAuthorizedKeys)
	}
}

func TestFilesComeAndGo(t *testing.T) {
	text, want := full(t)
	d := newDesk(t, "flatcar")
	d.fake.files["full.yaml"], d.fake.files["bad.yaml"] = text, "hostname: a\nusers: 3\n"
	d.press("o<ctrl+u>full.yaml<enter>")
	if got, _ := intentOf(d.form); same(want, got) != "" {
		t.Error(same(want, got))
	}
	d.press("s<enter>")
	if q, is := d.told[len(d.told)-1].(screen.Question); !is {
		t.Errorf("replaced without a question: %v", d.told)
	} else {
		d.run(q.Do)
	}
	saved, err := provision.ParseIntent("saved", []byte(d.fake.files["full.yaml"]))
	if err != nil || same(want, saved) != "" {
		t.Errorf("saved: %v\n%s", err, same(want, saved))
	}
	d.press("o<ctrl+u>bad.yaml<enter>")
	if f, is := d.told[len(d.told)-1].(screen.Failure); !is || !strings.Contains(f.Err.Error(), "bad.yaml:2") {
		t.Errorf("told: %v", d.told[len(d.told)-1])
	}
	if got, _ := intentOf(d.form); same(want, got) != "" {
		t.Error("a file that cannot be read changed the form")
	}
}

func TestTheEditorsTextIsTheIntent(t *testing.T) {
	d := newDesk(t, "flatcar")
	d.fake.edited = func(s string) string { return strings.Replace(s, "node1", "edited", 1) }
	d.press("e")
	if got, _ := intentOf(d.form); got.Hostname != "edited" {
		t.Errorf("%+v", got)
	}
	d.fake.edited = func(s string) string { return s + "nonsense: 1\n" }
	d.press("e")
	f, is := d.told[len(d.told)-1].(screen.Failure)
	if !is || f.Retry == nil {
		t.Fatalf("told: %v", d.told)
	}
	d.fake.edited = func(s string) string { return strings.Replace(s, "nonsense: 1\n", "packages: [jq]\n", 1) }
	d.run(f.Retry)
	if got, _ := intentOf(d.form); len(got.Packages) != 1 {
		t.Errorf("what was edited is lost: %+v", got)
	}
}

func TestWritingAsksBeforeItReplaces(t *testing.T) {
	d := newDesk(t, "flatcar", "talos")
	d.press("W<ctrl+u>out<enter>")
	if d.fake.files["out/flatcar/user-data"] == "" || d.fake.files["out/talos/user-data"] == "" {
		t.Fatalf("files: %v", d.fake.files)
	}
	d.press("<enter>2<esc>w<ctrl+u>out/flatcar<enter>")
	q, is := d.told[len(d.told)-1].(screen.Question)
	if !is || strings.Contains(d.fake.files["out/flatcar/user-data"], "node12") {
		t.Fatalf("told: %v, files: %v", d.told, d.fake.files)
	}
	d.run(q.Do)
	if !strings.Contains(d.fake.files["out/flatcar/user-data"], "node12") {
		t.Errorf("files: %v", d.fake.files)
	}
}

func TestSecretsAreHiddenUntilRevealed(t *testing.T) {
	const token = "abcdef.0123456789abcdef"
	text, _ := full(t)
	d := newDesk(t, "flatcar", "talos")
	d.fake.files["full.yaml"] = text
	d.press("o<ctrl+u>full.yaml<enter>")
	shows := func() bool {
		return strings.Contains(frame(d, 200, 60), token) || strings.Contains(strings.Join(d.Plain(100, looks()["none"]), "\n"), token)
	}
	if shows() {
		t.Error("the token is shown")
	}
	d.press("y")
	if c, is := d.told[len(d.told)-1].(screen.News); !is || strings.Contains(c.Text, token) {
		t.Errorf("told %v", d.told)
	}
	d.press("d<down><enter>")
	if d.against == nil || shows() {
		t.Error("the difference shows the token")
	}
	d.press("<esc>r")
	if !shows() {
		t.Error("revealing does not show the token")
	}
	d.press("r")
	if shows() {
		t.Error("it stays revealed")
	}
}

func TestDifferenceOfTwoSystemsAndOfTwoFormats(t *testing.T) {
	d := newDesk(t, "flatcar", "talos")
	d.press("d")
	if got, _ := d.choose.selected(); got.Name != "talos" {
		t.Errorf("first is %s, not the other marked one", got.Name)
	}
	d.press("<enter>")
	if got := frame(d, 140, 40); !strings.Contains(got, "flatcar and talos") || !strings.Contains(got, "cannot: it has no accounts") {
		t.Errorf("%s", got)
	}
	d.press("<esc>dflatcar<enter>")
	if d.against == nil || d.against.other.name() == "flatcar" || !d.against.other.rendered {
		t.Fatalf("%+v", d.against)
	}
	d.press("<esc>f")
	if d.current().format == "" || !d.current().rendered {
		t.Errorf("format %q", d.current().format)
	}
}

func TestSystemsFollowTheMarks(t *testing.T) {
	d := newDesk(t)
	if got := frame(d, 120, 36); !strings.Contains(got, "No system is marked") {
		t.Error(got)
	}
	d.press("ttalos<enter><esc>")
	if len(d.systems) != 1 || !d.systems[0].rendered || !d.shared.Marked("talos") {
		t.Fatalf("systems: %v", d.systems)
	}
	d.run(d.Open("flatcar"))
	if d.current().distro.Name != "flatcar" || len(d.systems) != 2 {
		t.Errorf("%s of %d", d.current().name(), len(d.systems))
	}
	if got, _ := intentOf(d.form); len(got.Users) != 1 {
		t.Errorf("the untouched form does not follow the first system's user: %+v", got)
	}
	d.press("<right>")
	if d.current().distro.Name != "talos" {
		t.Error("right does not show the next system")
	}
}

func TestOneSystemsFailureIsItsOwn(t *testing.T) {
	d := newDesk(t, "flatcar", "talos")
	d.fake.fail["flatcar"] = errors.New("no such thing\nfor this one")
	d.press("<enter>x<esc>")
	if got := frame(d, 140, 40); !strings.Contains(got, "could not be rendered") || !strings.Contains(got, "for this one") {
		t.Error(got)
	}
	if !strings.Contains(d.systems[1].result.Config.Sources[0].Content, "node1x") {
		t.Error("the other is not rendered")
	}
	d.fake.fail = nil
	d.press("<enter>y<esc>")
	if d.systems[0].failed != nil {
		t.Error("it stays failed")
	}
}

func TestALabGetsTheIntent(t *testing.T) {
	d := newDesk(t, "flatcar")
	d.press("<enter>5<esc>l")
	if d.shared.Intent == nil || d.shared.Intent.Hostname != "node15" {
		t.Fatalf("%+v", d.shared.Intent)
	}
	if diff := cmp.Diff(screen.Go{Screen: screen.Labs, Argument: screen.NewLab}, d.told[len(d.told)-1]); diff != "" {
		t.Error(diff)
	}
}

func TestLeavingEndsRenderingAndComingBackRendersAgain(t *testing.T) {
	d := newDesk(t, "flatcar")
	d.Update(nil)
	d.press("<enter>")
	cmd := d.Update(key("z"))
	d.Leave()
	again := d.Open("")
	d.run(cmd)
	d.run(again)
	if got := d.current().result.Intent.Hostname; got != "node1z" || d.current().running {
		t.Errorf("shown is %q", got)
	}
}

func TestBinaryContentIsNotTyped(t *testing.T) {
	d := newDesk(t, "flatcar")
	d.run(d.setForm(formOf(provision.Intent{Hostname: "a", Files: []provision.File{{Path: "/etc/x", Content: "\x00\xff"}}})))
	for i, r := range d.rows() {
		if r.path == "files[0]" {
			d.selected = i
		}
	}
	d.press("<enter><down><down><enter>")
	if d.typing != nil {
		t.Error("bytes that are no text are typed")
	}
	if got, _ := intentOf(d.form); got.Files[0].Content != "\x00\xff" {
		t.Errorf("%q", got.Files[0].Content)
	}
}

func TestStepsInPlaceOfDocuments(t *testing.T) {
	d := newDesk(t, "flatcar")
	d.press("p")
	if got := frame(d, 120, 34); !strings.Contains(got, "1  names the machine node1") || strings.Contains(got, "config.yaml") {
		t.Error(got)
	}
	d.press("p")
	if got := frame(d, 120, 34); !strings.Contains(got, "config.yaml") {
		t.Error(got)
	}
}

// Only what would be lost is asked about.
func TestAnUnsavedIntentIsAskedAbout(t *testing.T) {
	d := newDesk(t, "flatcar")
	asks := func() bool { _, asks := d.Ending(); return asks }
	if asks() {
		t.Error("nothing was changed")
	}
	d.press("<enter>x<esc>")
	if !asks() {
		t.Error("the changed intent would be lost")
	}
	d.press("s<ctrl+u>mine.yaml<enter>")
	if asks() {
		t.Error("it was saved")
	}
	d.press("o<enter>")
	if asks() {
		t.Error("it was opened")
	}
}
