package lab

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"distrolab/labs"
	"distrolab/labs/observe"
	"distrolab/tui/screen"
	"distrolab/tui/style"
)

var update = flag.Bool("update", false, "write the golden frames anew")

func looks() map[string]screen.Look {
	return map[string]screen.Look{
		"colour": lookOf(colorprofile.TrueColor, style.Unicode()), "16": lookOf(colorprofile.ANSI, style.Unicode()),
		"none": lookOf(colorprofile.ASCII, style.Unicode()), "ascii": lookOf(colorprofile.ASCII, style.ASCII()),
	}
}

// golden compares a frame with the stored one. Colours are kept in one look and
// size; the others are shapes.
func golden(t *testing.T, name string, lines []string, keep bool) {
	t.Helper()
	got := strings.Join(lines, "\n") + "\n"
	if !keep {
		got = ansi.Strip(got)
	}
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-stored +now):\n%s", name, diff)
	}
}

// settle waits until the selected console has said all it has.
func (b *bench) settle() {
	b.t.Helper()
	for range 200 {
		if c := b.m.console(); c == nil || c.broken.Load() || c.term.Version() > 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestFrames(t *testing.T) {
	long := trial()
	long.Lab = strings.Repeat("long-", 12)
	long.Machines[0].Name = "漢字-e\u0301-\u202eתשע-" + strings.Repeat("long-", 10)
	long.Machines[0].Version = "\x1b[31m" + strings.Repeat("9", 60)
	states := map[string]func(*testing.T) *bench{
		"main":  func(t *testing.T) *bench { return newBench(t, trial(), lost()) },
		"empty": func(t *testing.T) *bench { return newBench(t) },
		"failed": func(t *testing.T) *bench {
			b := newBench(t, trial())
			b.press("down", "down")
			return b
		},
		"lab":     func(t *testing.T) *bench { b := newBench(t, trial()); b.press("up"); return b },
		"cluster": func(t *testing.T) *bench { b := newBench(t, clustered()); b.press("up"); return b },
		"raising": func(t *testing.T) *bench {
			s := clustered()
			s.Cluster.State, s.Cluster.Step, s.Machines[0].State = labs.ClusterRaising, "kubeadm init: waiting for the API server", labs.StateBooting
			s.Machines[0].Timeline = observe.Timeline{}
			return newBench(t, s)
		},
		"start": func(t *testing.T) *bench {
			b := newBench(t, trial())
			b.m.starts = append(b.m.starts, &start{plan: Plan{Lab: "fresh", Systems: []string{"flatcar", "talos"}}, steps: []string{
				"finding images and writing configs", "flatcar: fetching flatcar.img.bz2 120.0 MiB of 480.0 MiB (25 %), 12.0 MiB/s, 30s to go"}})
			b.tell(changed{[]labs.Status{trial()}})
			b.m.list.Select(5)
			return b
		},
		"long":     func(t *testing.T) *bench { return newBench(t, long) },
		"attached": func(t *testing.T) *bench { b := newBench(t, trial()); b.press("a"); return b },
		"form":     func(t *testing.T) *bench { b := newBench(t, trial()); b.press("n"); return b },
		"zoom":     func(t *testing.T) *bench { b := newBench(t, trial()); b.press("tab", "z", "t"); return b },
	}
	for state, make := range states {
		b := make(t)
		b.settle()
		for _, size := range []screen.Size{{Width: 80, Height: 22}, {Width: 120, Height: 34}, {Width: 200, Height: 58}} {
			for name, look := range looks() {
				if state != "main" && (name != "none" || size.Width == 200) {
					continue
				}
				v := b.m.View(size, look)
				checkSize(t, v, size)
				golden(t, fmt.Sprintf("%s-%dx%d-%s", state, size.Width, size.Height, name), v.Lines, name == "colour" && size.Width == 120)
			}
		}
		golden(t, state+"-plain", b.m.Plain(80, lookOf(colorprofile.NoTTY, style.Unicode())), true)
	}
}

// clustered is a lab with a control plane and a node that has joined.
func clustered() labs.Status {
	s := trial()
	s.Machines = s.Machines[:2]
	s.Machines[0].Name, s.Machines[0].Role = labs.ControlPlaneName, labs.RoleControlPlane
	s.Machines[1].Role, s.Machines[1].State = labs.RoleWorker, labs.StateJoining
	s.Cluster = &labs.ClusterStatus{Kubernetes: "v1.36.1", State: labs.ClusterReady, Kubeconfig: "/home/me/.local/share/distrolab/labs/trial/kubeconfig"}
	return s
}

func checkSize(t *testing.T, v screen.View, size screen.Size) {
	t.Helper()
	if len(v.Lines) > size.Height {
		t.Fatalf("%d lines in %v", len(v.Lines), size)
	}
	for _, l := range v.Lines {
		if w := ansi.StringWidth(l); w > size.Width {
			t.Fatalf("%d cells in %v: %q", w, size, l)
		}
	}
	if c := v.Cursor; c != nil && (c.X < 0 || c.Y < 0 || c.X >= size.Width || c.Y >= size.Height) {
		t.Fatalf("the cursor is at %d,%d of %v", c.X, c.Y, size)
	}
}

func TestEverySizeIsDrawnWithinIt(t *testing.T) {
	main, form, attached, begun := newBench(t, trial(), lost()), newBench(t, trial()), newBench(t, trial()), newBench(t)
	form.press("n")
	attached.press("a")
	begun.m.starts = append(begun.m.starts, &start{plan: Plan{Lab: "x", Systems: []string{"probe"}}, steps: []string{"漢字 step"}})
	begun.tell(changed{nil})
	looks := []screen.Look{lookOf(colorprofile.TrueColor, style.Unicode()), lookOf(colorprofile.ASCII, style.ASCII())}
	widths := []int{1, 2, 3, 5, 9, 20, 40, 59, 60, 79, 80, 81, 99, 100, 101, 119, 120, 160, 199, 200, 240}
	for _, b := range []*bench{main, form, attached, begun, newBench(t)} {
		for i, w := range widths {
			for h := 1; h <= 80; h += 1 + h/8 {
				b.m.focus, b.m.zoom = pane(h%3), h%5 == 0
				b.m.list.Select(h % 7)
				size := screen.Size{Width: w, Height: h}
				checkSize(t, b.m.View(size, looks[i%2]), size)
			}
		}
	}
}

// BenchmarkView is a frame that nothing has changed in, and one with new console
// output, at 200x60. The budget of a frame is 16 ms.
func BenchmarkView(b *testing.B) {
	t := &testing.T{}
	bn := newBench(t, trial())
	bn.settle()
	look, size := lookOf(colorprofile.TrueColor, style.Unicode()), screen.Size{Width: 200, Height: 58}
	b.Run("still", func(b *testing.B) {
		for b.Loop() {
			bn.m.View(size, look)
		}
	})
	b.Run("streaming", func(b *testing.B) {
		c := bn.m.console()
		for b.Loop() {
			_, _ = c.term.Write([]byte(consoleText))
			bn.m.View(size, look)
		}
	})
}
