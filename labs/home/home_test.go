package home_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"distrolab/labs/home"
)

func getenv(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestWhereThingsAre(t *testing.T) {
	tests := []struct {
		name      string
		uid       int
		env       map[string]string
		data, run string // run: what the directory lies in
	}{
		{"root", 0, map[string]string{"HOME": "/root", "XDG_RUNTIME_DIR": "/run/user/0"}, "/var/lib/distrolab", "/run/distrolab"},
		{"a user", 1000, map[string]string{"HOME": "/home/u", "XDG_RUNTIME_DIR": "/run/user/1000"}, "/home/u/.local/share/distrolab", "/run/user/1000/distrolab"},
		{"XDG", 1000, map[string]string{"HOME": "/home/u", "XDG_DATA_HOME": "/data"}, "/data/distrolab", "/tmp/distrolab-1000"},
		{"XDG that is relative", 1000, map[string]string{"HOME": "/home/u", "XDG_DATA_HOME": "data", "XDG_RUNTIME_DIR": "run"}, "/home/u/.local/share/distrolab", "/tmp/distrolab-1000"},
		{"asked for", 0, map[string]string{"DISTROLAB_HOME": "/a/../b"}, "/b", "/run/distrolab"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h, err := home.For(test.uid, getenv(test.env))
			if err != nil {
				t.Fatal(err)
			}
			if h.Data != test.data || filepath.Dir(h.Run) != test.run {
				t.Errorf("got %+v, want data %s and run below %s", h, test.data, test.run)
			}
		})
	}
	if _, err := home.For(1000, getenv(nil)); err == nil || !strings.Contains(err.Error(), "DISTROLAB_HOME") {
		t.Errorf("without a home: %v", err)
	}
}

func TestHomesAndLabsShareNoSockets(t *testing.T) {
	a, err1 := home.For(0, getenv(map[string]string{"DISTROLAB_HOME": "/a"}))
	b, err2 := home.For(0, getenv(map[string]string{"DISTROLAB_HOME": "/b"}))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if a.Run == b.Run || a.Sockets("x") == a.Sockets("y") || a.Sockets("x") == b.Sockets("x") {
		t.Errorf("%+v and %+v share sockets", a, b)
	}
	longest := a.Sockets(strings.Repeat("x", 32)) + "/" + strings.Repeat("m", 32) + ".con"
	if len(longest) > 107 {
		t.Errorf("%q is longer than the path of a unix socket may be", longest)
	}
}

func TestPrepareMakesWalkableDirectories(t *testing.T) {
	base := t.TempDir()
	h := home.Home{Data: filepath.Join(base, "data"), Run: filepath.Join(base, "run", "x")}
	if err := h.Prepare(); err != nil {
		t.Fatal(err)
	}
	if err := h.Prepare(); err != nil {
		t.Errorf("again: %v", err)
	}
	for _, dir := range []string{h.Data, h.Images(), h.Labs(), h.Results(), h.Run} {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm() != 0o711 {
			t.Errorf("%s: %v, %v", dir, info, err)
		}
	}
}

func TestRuntimeDirectoryOfSomeoneElseIsRefused(t *testing.T) {
	base := t.TempDir()
	open := filepath.Join(base, "open")
	target := filepath.Join(base, "target")
	link := filepath.Join(base, "link")
	err := errors.Join(os.Mkdir(open, 0o777), os.Chmod(open, 0o777), os.Mkdir(target, 0o700), os.Symlink(target, link))
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range []string{open, link} {
		h := home.Home{Data: filepath.Join(base, "data"), Run: filepath.Join(run, "x")}
		if err := h.Prepare(); err == nil || !strings.Contains(err.Error(), "XDG_RUNTIME_DIR") {
			t.Errorf("%s: %v", run, err)
		}
	}
}

func TestHomeThatCannotBeMade(t *testing.T) {
	h := home.Home{Data: "/dev/null/x", Run: filepath.Join(t.TempDir(), "run", "x")}
	if err := h.Prepare(); err == nil || !strings.Contains(err.Error(), "set DISTROLAB_HOME") {
		t.Errorf("got %v", err)
	}
}
