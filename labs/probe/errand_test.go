package probe

import "testing"

func TestMarksComeBackAsTheyWere(t *testing.T) {
	for _, m := range []Mark{{1, 0}, {MaxClaps, 1 << 60}} {
		if got, ok := ParseMark(m.String()); !ok || got != m {
			t.Errorf("%q is read as %+v, %v", m, got, ok)
		}
	}
	for _, p := range []ClockPair{{}, {5, 6, 7}} {
		if got, ok := ParseClockPair(p.String()); !ok || got != p {
			t.Errorf("%q is read as %+v, %v", p, got, ok)
		}
	}
}

func TestForeignTextIsNoMark(t *testing.T) {
	for _, text := range []string{"", "distrolab-clap", "distrolab-clap 1", "distrolab-clap 0 5", "distrolab-clap 1 -5",
		"distrolab-clap 100001 5", "distrolab-clap 99999999999999999999 5", "distrolab-clocks 1 2", "distrolab-clocks 1 3 2"} {
		if m, ok := ParseMark(text); ok {
			t.Errorf("%q is taken for the mark %+v", text, m)
		}
		if p, ok := ParseClockPair(text); ok {
			t.Errorf("%q is taken for the pair %+v", text, p)
		}
	}
}
