package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2" // github.com/charmbracelet/bubbletea

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/tui/screen"
)

// fake renders a few lines of its own, and keeps files in memory.
type fake struct {
	mu       sync.Mutex
	files    map[string]string
	rendered []string // names, in order
	fail     map[string]error
	edited   func(string) string
}

func newFake() *fake {
	return &fake{files: map[string]string{}, fail: map[string]error{}, edited: func(s string) string { return s }}
}

func (*fake) Begin(user string) provision.Intent {
	if user == "" {
		return provision.Intent{Hostname: "node1"}
	}
	return provision.DefaultIntent("node1", user, []string{testKey})
}

const testKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c you@workstation"

func (f *fake) Render(_ context.Context, intent provision.Intent, d distros.Distro, format string) (Rendering, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rendered = append(f.rendered, d.Name+format)
	if err := f.fail[d.Name]; err != nil {
		return Rendering{}, err
	}
	if format == "" {
		format = d.Config.Format
	}
	cfg := provision.Config{Format: format, Delivery: d.Config.Deliveries[0], Secrets: intent.Secrets()}
	body := "# for " + d.Name + "\nhostname: " + intent.Hostname + "\nusers:\n"
	for _, u := range intent.Users {
		body += "  - name: " + u.Name + "\n    keys: " + fmt.Sprint(len(u.SSHAuthorizedKeys)) + "\n"
	}
	if intent.Join != nil {
		body += "token: " + intent.Join.Token.Reveal() + "\n"
	}
	cfg.Sources = []provision.Document{{Name: "config.yaml", Content: body}}
	cfg.Documents = []provision.Document{{Name: "user-data", Content: `{"hostname": "` + intent.Hostname + `", "size": 3, "up": true}` + "\n"}}
	cfg.Steps = []provision.Step{{Stage: "boot", Does: "names the machine " + intent.Hostname, Fields: []string{"hostname"}}}
	r := Rendering{Distro: d, Intent: intent, Format: format + " (test)"}
	switch d.Name {
	case "talos":
		cfg.Gaps = []provision.Gap{{Field: "users[0]", Reason: "it has no accounts, no shell and no SSH, so that nobody can log in; use its own tool with its own config"},
			{Field: "packages", Reason: "it has no package manager"}}
	case "debian-13":
		r.Findings = []Finding{{"config.yaml", provision.Finding{Severity: provision.SeverityWarning, Line: 2, Message: "this name is short"}}}
	}
	r.Config = cfg
	return r, nil
}

func (f *fake) put(path, text string, replace bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, there := f.files[path]; there && !replace {
		return fmt.Errorf("%s is there already: %w", path, fs.ErrExist)
	}
	f.files[path] = text
	return nil
}

func (f *fake) Write(_ context.Context, dir string, r Rendering, replace bool) ([]string, error) {
	path := dir + "/" + r.Config.Documents[0].Name
	return []string{path}, f.put(path, r.Config.Documents[0].Content, replace)
}

func (f *fake) Save(_ context.Context, path, text string, replace bool) error {
	return f.put(path, text, replace)
}

func (f *fake) Read(_ context.Context, path string) ([]byte, error) {
	text, there := f.files[path]
	if !there {
		return nil, errors.New("open " + path + ": no such file")
	}
	return []byte(text), nil
}

func (f *fake) Edit(_ context.Context, text string) (*exec.Cmd, func() (string, error), error) {
	return exec.Command("true"), func() (string, error) { return f.edited(text), nil }, nil
}

// desk is the screen with a frame that remembers what it was told.
type desk struct {
	*Model
	t    testing.TB
	fake *fake
	told []tea.Msg // messages for the frame
}

func newDesk(t testing.TB, marks ...string) *desk {
	t.Helper()
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	f := newFake()
	d := &desk{Model: New(&screen.Shared{Catalog: catalog, Now: time.Now, Marks: marks}, f), t: t, fake: f}
	d.run(d.Open(""))
	return d
}

// run does a command and all that comes of it.
func (d *desk) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			d.run(c)
		}
	case screen.News, screen.Failure, screen.Question, screen.Go, screen.Copy:
		d.told = append(d.told, msg)
	case screen.Suspend:
		d.told = append(d.told, msg)
		d.run(func() tea.Msg { return msg.After(nil) })
	default:
		d.run(d.Update(msg))
	}
}

// press types keys: names in <>, all else letter by letter.
func (d *desk) press(keys string) {
	d.t.Helper()
	for keys != "" {
		name := keys[:1]
		if end := strings.IndexByte(keys, '>'); keys[0] == '<' && end > 0 {
			name, keys = keys[1:end], keys[end+1:]
		} else {
			keys = keys[1:]
		}
		d.one(key(name))
	}
}

// one gives a key to an action or to the screen, as the frame does.
func (d *desk) one(msg tea.KeyPressMsg) {
	d.t.Helper()
	isText := msg.Text != "" || msg.Code == tea.KeyBackspace
	if !(d.Typing() && isText) {
		if a, found := screen.ForKey(d.Actions(), msg.String()); found {
			if a.Disabled == "" {
				d.run(a.Run())
			}
			return
		}
	}
	d.run(d.Update(msg))
}

func key(name string) tea.KeyPressMsg {
	codes := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft,
		"right": tea.KeyRight, "backspace": tea.KeyBackspace, "home": tea.KeyHome, "end": tea.KeyEnd, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp}
	if name == "ctrl+u" {
		return tea.KeyPressMsg{Code: 'u', Mod: tea.ModCtrl}
	}
	if name == "shift+tab" {
		return tea.KeyPressMsg{Code: tea.KeyTab, Mod: tea.ModShift}
	}
	if code, is := codes[name]; is {
		return tea.KeyPressMsg{Code: code}
	}
	r := []rune(name)[0]
	return tea.KeyPressMsg{Code: r, Text: name}
}
