package main

import (
	"time"

	"distrolab/scripts/internal/terminal"
)

// picture is one of the README or the docs.
type picture struct {
	name, title string
	cols, rows  int
	arguments   []string
	steps       []step // none: the command runs to its end
}

// step does something in the terminal, or waits for something.
type step func(*terminal.Session) error

// keys presses keys one after the other, as fast as a person does.
func keys(all ...string) step {
	return func(s *terminal.Session) error {
		for _, k := range all {
			if err := s.Type(k); err != nil {
				return err
			}
			if err := s.Quiet(300 * time.Millisecond); err != nil {
				return err
			}
		}
		return nil
	}
}

// shows waits for a text.
func shows(text string) step {
	return func(s *terminal.Session) error {
		_, err := s.Await(text, patience)
		return err
	}
}

// settles waits until the screen is at rest.
func settles(s *terminal.Session) error { return s.Quiet(time.Second) }

const (
	enter = "\r"
	right = "\x1b[C"
)

// pictures are all that there are. Those of the app look at what
// scripts/make-pictures has put into the home.
func pictures() []picture {
	find := func(name string) step { return keys("/", name, enter, " ", "/", "\x15", enter) }
	both := []step{shows("? more"), keys("x"), find("flatcar"), find("talos"), find("bottlerocket")}
	app := func(name, title string, steps ...step) picture {
		return picture{name: name, title: title, cols: 120, rows: 36, steps: append(steps, settles)}
	}
	return []picture{
		{name: "score", title: "The article's systems, weighed for a managed Kubernetes service", cols: 120, rows: 120,
			arguments: []string{"score", "--profile", "managed-kubernetes", "flatcar", "fedora-coreos", "bottlerocket", "talos", "linuxkit", "k3os", "rancheros", "centos-7"}},
		{name: "explain", title: "distrolab explain bottlerocket", cols: 120, rows: 90,
			arguments: []string{"explain", "bottlerocket", "--intent", "provision/testdata/full.yaml"}},
		app("app-catalog", "The catalog: systems on the left, what is known of the selected one on the right",
			shows("? more"), keys("/", "flatcar", enter, "/", "\x15", enter)),
		app("app-compare", "Three systems side by side, with the ranking", append(both, keys("c"), keys("w"))...),
		app("app-config", "One intent, as three systems are told it", append(both, keys("3"), shows("hostname"), keys("v"), keys(right))...),
		app("app-labs", "A lab: machines on the left, a machine's milestones and its console on the right",
			shows("? more"), keys("4"), shows("ready")),
		app("app-results", "What a session found", shows("? more"), keys("6"), shows("Summary"), keys(enter)),
	}
}
