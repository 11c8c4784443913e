package observe_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"distrolab/distros"
	"distrolab/labs/observe"
)

// A service of the running system that names GRUB was once taken for GRUB.
func TestLoaderTextAfterTheKernelIsNotTheLoader(t *testing.T) {
	boot := distros.BootProfile{Patterns: map[string]string{"loader_first": "GRUB", "boot_complete": "login:"}}
	profile, err := observe.Compile(boot)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		console string
		seen    bool
	}{
		{"GNU GRUB 2.12\n[    0.000000] Linux version 6.12\nn1 login: \n", true},
		{"[    0.000000] Linux version 6.12\n  Starting grub-common.service - Record successful boot for GRUB...\nn1 login: \n", false},
	} {
		o := observe.New(profile, observe.Options{})
		o.Begin(time.Now())
		if err := o.ReadConsole(context.Background(), strings.NewReader(c.console)); err != nil {
			t.Fatal(err)
		}
		timeline := o.Finish("")
		if _, ok := timeline.At(observe.LoaderFirst); ok != c.seen {
			t.Errorf("console %q: loader seen %t, want %t", c.console, ok, c.seen)
		}
		if _, ok := timeline.At(observe.BootComplete); !ok {
			t.Errorf("console %q: boot_complete was lost: %s", c.console, timeline.Why(observe.BootComplete))
		}
	}
}
