package tui

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distrolab/distros"
	"distrolab/tui/screen"
)

func TestWhatIsKeptComesBack(t *testing.T) {
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	m, _, labs := two()
	m.shared.Marks, m.shared.Profile, m.shared.Weights = []string{"flatcar", "talos"}, "edge", map[string]float64{"shell": 2.5}
	m.mouse, m.recent = false, []string{"screen.labs"}
	m.open(screen.Labs, "")
	state, news := Decode(m.encoded(), catalog)
	if len(news) > 0 {
		t.Errorf("news %q", news)
	}
	if diff := cmp.Diff(m.state(), state); diff != "" {
		t.Error(diff)
	}
	again, _, labsAgain := two()
	again.restore(state)
	if again.current() != labsAgain || again.mouse || !slices.Equal(again.shared.Marks, []string{"flatcar", "talos"}) || again.shared.Weights["shell"] != 2.5 {
		t.Errorf("shown %v, shared %+v", again.current().ID(), again.shared)
	}
	_ = labs
}

func TestHostileStateIsLeftOutWithNews(t *testing.T) {
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ text, news string }{
		"no JSON":            {"\x1b[2J", "cannot be read"},
		"another form":       {`{"schema":99,"marks":["flatcar"]}`, "form 99"},
		"no form":            {`{"marks":["flatcar"]}`, "form 0"},
		"a list":             {`[1,2]`, "cannot be read"},
		"too large":          {strings.Repeat(" ", MaximumState) + "{}", "too large"},
		"unknown distros":    {`{"schema":1,"marks":["nope","flatcar\u001b","flatcar","flatcar"]}`, "3 of the things"},
		"mad weights":        {`{"schema":1,"weights":{"a":-1,"b":1e300,"":1,"c":2}}`, "3 of the things"},
		"a number too large": {`{"schema":1,"weights":{"a":1e999}}`, "cannot be read"},
	} {
		s, news := Decode([]byte(c.text), catalog)
		if len(news) != 1 || !strings.Contains(news[0], c.news) {
			t.Errorf("%s: news %q", name, news)
		}
		if len(s.Marks) > 1 || len(s.Weights) > 1 {
			t.Errorf("%s: kept %+v", name, s)
		}
	}
	if s, news := Decode(nil, catalog); len(news) != 0 || s.Schema != 0 {
		t.Error("a first start has news")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"schema":1,"screen":"labs","marks":["flatcar"],"weights":{"shell":2},"recent":["x"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, _ := Decode(data, nil)
		for name, w := range s.Weights {
			if w < 0 || w > heaviest || math.IsNaN(w) || name == "" {
				t.Errorf("weight %q of %v", name, w)
			}
		}
		if len(s.Marks) > mostMarks || len(s.Recent) > mostRecent {
			t.Errorf("%d marks, %d recent", len(s.Marks), len(s.Recent))
		}
		m, _, _ := two()
		m.restore(s)
		m.View()
	})
}

// disk is a memory that tells what it got.
type disk struct {
	got []string
	err error
}

func (d *disk) Store(state []byte) error {
	d.got = append(d.got, string(state))
	return d.err
}

func TestChangesAreStoredOnceAndInOrder(t *testing.T) {
	d := &disk{}
	m, _, _ := two()
	m.keep.memory = d
	_, first := m.Update(screen.Changed{}) // nothing has changed
	drain(m, first)
	if len(d.got) != 0 {
		t.Fatalf("stored %q", d.got)
	}
	m.shared.Toggle("flatcar")
	_, one := m.Update(screen.Marked{})
	m.shared.Toggle("talos")
	_, two := m.Update(screen.Marked{}) // while the first is under way
	if two != nil && len(d.got) != 0 {
		t.Fatal("two at once")
	}
	drain(m, one)
	if len(d.got) != 2 || !strings.Contains(d.got[1], "talos") {
		t.Errorf("stored %q", d.got)
	}
	if err := m.storeLast(); err != nil || len(d.got) != 2 {
		t.Errorf("stored again at the end: %v", err)
	}
	m.shared.Toggle("debian")
	if err := m.storeLast(); err != nil || len(d.got) != 3 {
		t.Errorf("not stored at the end: %v", err)
	}
}

func TestAFullDiskIsToldOnce(t *testing.T) {
	d := &disk{err: errors.New("no space left on device")}
	m, _, _ := two()
	m.keep.memory = d
	m.shared.Toggle("flatcar")
	_, cmd := m.Update(screen.Marked{})
	drain(m, cmd)
	if !strings.Contains(m.news.shown, "no space left") {
		t.Errorf("news %q", m.news.shown)
	}
	m.news.shown = ""
	_, cmd = m.Update(screen.Marked{})
	drain(m, cmd)
	if m.news.shown != "" || len(d.got) != 2 {
		t.Errorf("news %q, stored %d times", m.news.shown, len(d.got))
	}
}
