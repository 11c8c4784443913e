package combustion_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/combustion"
	"distrolab/provision/internal/intenttest"
	"distrolab/provision/linux"
)

var update = flag.Bool("update", false, "write the golden files")

// microos is the catalog's system.
func microos(t testing.TB) provision.Target {
	t.Helper()
	catalog, err := distros.Load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := catalog.Find("microos")
	if err != nil {
		t.Fatal(err)
	}
	return provision.Target{Distro: d, Profile: d.Config, Delivery: d.Config.Deliveries[0]}
}

func render(t rapid.TB, intent provision.Intent, target provision.Target) provision.Config {
	t.Helper()
	cfg, err := combustion.Render(intent, target)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestGolden(t *testing.T) {
	intenttest.Golden(t, "minimal.golden", render(t, intenttest.Minimal(), microos(t)), *update)
	intenttest.Golden(t, "full.golden", render(t, intenttest.Full(), microos(t)), *update)
}

// machine is what a script did to it. Every program but the shell is ours.
type machine struct {
	files    map[string]provision.File
	ran      []string // programs with their arguments
	mounted  map[string]bool
	accounts map[string]bool
	stranger error // a program that no script of ours may call
}

// run interprets the script as a shell would, with our own programs.
func run(t rapid.TB, script string, args ...string) *machine {
	t.Helper()
	// The interpreter has no umask; TestRealBash sees what it does.
	file, err := syntax.NewParser().Parse(strings.NewReader("umask() { :; }\n"+script), "script")
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{files: map[string]provision.File{}, mounted: map[string]bool{}, accounts: map[string]bool{}}
	open := func(ctx context.Context, path string, flag int, perm os.FileMode) (io.ReadWriteCloser, error) {
		if path == "/dev/null" {
			return nothing{}, nil
		}
		if flag&os.O_WRONLY == 0 {
			return nil, fmt.Errorf("the script reads %s", path)
		}
		return &written{m: m, path: path}, nil
	}
	var said bytes.Buffer
	runner, err := interp.New(
		interp.Params(append([]string{"--"}, args...)...), interp.Env(nil), interp.OpenHandler(open),
		interp.StdIO(strings.NewReader(""), io.Discard, &said),
		interp.ExecHandlers(func(interp.ExecHandlerFunc) interp.ExecHandlerFunc { return m.exec }),
	)
	if err != nil {
		t.Fatal(err)
	}
	if err := runner.Run(context.Background(), file); err != nil || m.stranger != nil {
		t.Fatalf("%v %v\n%s\n%s", err, m.stranger, said.String(), script)
	}
	return m
}

type nothing struct{}

func (nothing) Read([]byte) (int, error)    { return 0, io.EOF }
func (nothing) Write(p []byte) (int, error) { return len(p), nil }
func (nothing) Close() error                { return nil }

// written is a file that the shell itself opened for writing.
type written struct {
	bytes.Buffer
	m    *machine
	path string
}

func (w *written) Close() error {
	w.m.files[w.path] = provision.File{Path: w.path, Content: w.String(), Mode: 0o600} // under umask 077
	return nil
}

func (m *machine) exec(ctx context.Context, args []string) error {
	h := interp.HandlerCtx(ctx)
	no := interp.ExitStatus(1)
	switch args[0] {
	case "cat":
		_, err := io.Copy(h.Stdout, h.Stdin)
		return err
	case "base64":
		_, err := io.Copy(h.Stdout, base64.NewDecoder(base64.StdEncoding, h.Stdin))
		return err
	case "install":
		return m.install(h, args)
	case "mountpoint":
		return no
	case "mount":
		m.mounted[args[1]] = true
	case "id":
		if args[1] == "-u" && !m.accounts[args[2]] {
			return no
		}
		fmt.Fprintln(h.Stdout, 100)
	case "useradd":
		m.accounts[args[len(args)-1]] = true
	case "getent":
		fmt.Fprintf(h.Stdout, "%s:x:1000:100::/home/%s:/bin/bash\n", args[2], args[2])
	case "cut":
		line, err := io.ReadAll(h.Stdin)
		fmt.Fprintln(h.Stdout, strings.Split(string(line), ":")[5])
		return err
	case "mkdir", "zypper", "systemctl":
	default:
		m.stranger = fmt.Errorf("the script called %q", args)
		return no
	}
	m.ran = append(m.ran, strings.Join(args, "\x00"))
	return nil
}

// install understands -d, -D, -m, -o and -g, as install(1) has them.
func (m *machine) install(h interp.HandlerContext, args []string) error {
	i, mode := slices.Index(args, "-m"), 0
	if _, err := fmt.Sscanf(args[i+1], "%o", &mode); err != nil {
		return err
	}
	path := args[len(args)-1]
	if slices.Contains(args[:i], "-d") {
		return nil
	}
	content, err := io.ReadAll(h.Stdin)
	m.files[path] = provision.File{Path: path, Content: string(content), Mode: mode}
	return err
}

// wanted are the files that the intent asks for, by path.
func wanted(t rapid.TB, intent provision.Intent, target provision.Target, cfg provision.Config) map[string]provision.File {
	t.Helper()
	plan, err := linux.Make(intent, target.Distro.Userland, linux.FetchByUnit)
	if err != nil {
		t.Fatal(err)
	}
	network, _ := linux.Network(intent.Network, target.Distro.Userland.Network)
	want := map[string]provision.File{provision.HostnamePath: {Path: provision.HostnamePath, Content: intent.Hostname + "\n", Mode: 0o644}}
	put := func(f provision.File) {
		f.Mode = f.EffectiveMode()
		want[f.Path] = f
	}
	for _, f := range append(plan.Files, network...) {
		put(f.File)
	}
	for i, f := range intent.Files {
		if f.Source == "" && !slices.ContainsFunc(cfg.Gaps, func(g provision.Gap) bool { return g.Field == fmt.Sprintf("files[%d]", i) }) {
			put(f)
		}
	}
	for _, u := range plan.Units {
		if u.Content != "" {
			put(provision.File{Path: provision.UnitDir + "/" + u.Name, Content: u.Content})
		}
	}
	var sudoers string
	for _, u := range intent.Users {
		keys := strings.Join(append(slices.Clone(u.SSHAuthorizedKeys), ""), "\n")
		put(provision.File{Path: "/home/" + u.Name + "/.ssh/authorized_keys", Content: keys, Mode: 0o600})
		sudoers += u.Name + " ALL=(ALL) NOPASSWD:ALL\n"
	}
	if sudoers != "" {
		put(provision.File{Path: provision.SudoersPath, Content: sudoers, Mode: 0o440})
	}
	return want
}

// checkDoes runs the script and fails unless exactly the files that were asked
// for are there, byte by byte, and nothing else was called.
func checkDoes(t rapid.TB, intent provision.Intent, target provision.Target) {
	t.Helper()
	cfg := render(t, intent, target)
	if missing := cfg.Unanswered(intent); len(missing) > 0 {
		t.Fatalf("nothing is said of %v", missing)
	}
	m := run(t, cfg.Documents[0].Content)
	if diff := cmp.Diff(wanted(t, intent, target, cfg), m.files); diff != "" {
		t.Fatalf("files (-want +got):\n%s\n%s", diff, cfg.Documents[0].Content)
	}
	for _, u := range intent.Units {
		verb := map[bool]string{true: "enable", false: "disable"}[u.Enabled]
		called := slices.Contains(m.ran, strings.Join([]string{"systemctl", verb, "--", u.Name}, "\x00"))
		if want := u.Enabled || u.Content == ""; called != want {
			t.Fatalf("systemctl %s %s: called %v, want %v", verb, u.Name, called, want)
		}
	}
	zypper := strings.Join(append([]string{"zypper", "--non-interactive", "install"}, intent.Packages...), "\x00")
	if called := slices.Contains(m.ran, zypper); called != (len(intent.Packages) > 0) {
		t.Fatalf("zypper: called %v for %q", called, intent.Packages)
	}
	if network := flagged(cfg.Documents[0].Content, "network"); network != (len(intent.Packages) > 0) {
		t.Fatalf("Combustion sees the flag network: %v", network)
	}
	if flagged(cfg.Documents[0].Content, "prepare") {
		checkPrepares(t, cfg.Documents[0].Content)
	}
	if len(intent.Users) > 0 && !m.mounted["/home"] {
		t.Fatal("/home was not mounted before users were made")
	}
}

// checkPrepares holds the first call to its one job: the initrd's network.
func checkPrepares(t rapid.TB, script string) {
	t.Helper()
	m := run(t, script, "--prepare")
	if len(m.files) != 1 || m.files["/etc/NetworkManager/system-connections/distrolab.nmconnection"].Content == "" {
		t.Fatalf("--prepare wrote %v", m.files)
	}
}

// flagged reports whether Combustion, which greps, sees the flag.
func flagged(script, flag string) bool {
	for line := range strings.SplitSeq(script, "\n") {
		rest, ok := strings.CutPrefix(line, "# combustion:")
		if ok && slices.Contains(strings.Fields(rest), flag) {
			return true
		}
	}
	return false
}

func TestTheScriptDoesWhatTheFullIntentAsks(t *testing.T) {
	checkDoes(t, intenttest.Full(), microos(t))
}

func TestEveryScriptDoesExactlyWhatItsIntentAsks(t *testing.T) {
	target := microos(t)
	rapid.Check(t, func(t *rapid.T) { checkDoes(t, intenttest.Intents().Draw(t, "intent"), target) })
}

// hostile are contents with which a shell or Combustion itself could be fooled.
func hostile() []string {
	return append(intenttest.Hostile(), "EOF\n", "EOF\nreboot\n", "EOF\nEOF1\nEOF2\n", "'EOF'\n", "$(touch /x)\n`touch /x`\n", "\\\nEOF\n", "a\\\n",
		"# combustion: network prepare\n", "x\n# combustion: network\n", "</domain>\n", "#!/bin/sh\nreboot\n", strings.Repeat("EOF\n", 1<<15), strings.Repeat("\x00", 1<<20))
}

func TestHostileContentsArriveExactly(t *testing.T) {
	intent := intenttest.Minimal()
	for i, content := range hostile() {
		path := fmt.Sprintf("/etc/%d/it's $(a) `file`; x", i)
		intent.Files = append(intent.Files, provision.File{Path: path, Content: content})
	}
	checkDoes(t, intent, microos(t))
}

// TestRealBash runs the script by the real programs in a root of its own. What
// only an openSUSE has is replaced: zypper, systemctl, useradd.
func TestRealBash(t *testing.T) {
	if err := exec.CommandContext(t.Context(), "unshare", "--mount", "--map-root-user", "true").Run(); err != nil {
		t.Skipf("no namespaces of our own here: %v", err)
	}
	root := t.TempDir()
	intent := intenttest.Full()
	intent.Files = []provision.File{{Path: "/usr-like/bin/hello", Content: "#!/bin/sh\n", Mode: 0o755}}
	for i, content := range hostile() {
		intent.Files = append(intent.Files, provision.File{Path: fmt.Sprintf("/etc/%d/it's $(a)", i), Content: content, Mode: 0o600 + i%8})
	}
	cfg := render(t, intent, microos(t))
	stub := "#!/bin/bash\necho \"${0##*/} $*\" >>/ran\n[ \"${0##*/}\" != useradd ] || echo \"${*: -1}:x:0:0::/home/${*: -1}:/bin/bash\" >>/etc/passwd\n"
	for _, name := range []string{"zypper", "systemctl", "useradd", "mount", "mountpoint"} {
		place(t, root, "stubs/"+name, stub)
	}
	place(t, root, "script", cfg.Documents[0].Content)
	place(t, root, "etc/passwd", "root:x:0:0::/root:/bin/bash\n")
	place(t, root, "etc/group", "root:x:0:\n")
	inside := `set -e; cd "$1"; mkdir -p usr dev proc; for d in bin sbin lib lib64; do ln -s usr/$d $d; done
		mount --rbind /usr usr; mount --rbind /dev dev; mount --rbind /proc proc; exec chroot . /usr/bin/env -i PATH=/stubs:/usr/bin /script`
	out, err := exec.CommandContext(t.Context(), "unshare", "--mount", "--map-root-user", "sh", "-c", inside, "sh", root).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%.2000s", err, out)
	}
	for path, f := range wanted(t, intent, microos(t), cfg) {
		info, err := os.Stat(filepath.Join(root, path))
		if err != nil {
			t.Error(err)
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, path))
		if err != nil || string(content) != f.Content || int(info.Mode().Perm()) != f.Mode {
			t.Errorf("%s: mode %o, want %o; content as wanted: %v, %v", path, info.Mode().Perm(), f.Mode, string(content) == f.Content, err)
		}
	}
	if _, err := os.Lstat(filepath.Join(root, "x")); err == nil {
		t.Error("the script ran what was in a file's content")
	}
	ran, err := os.ReadFile(filepath.Join(root, "ran"))
	if err != nil || !strings.Contains(string(ran), "zypper --non-interactive install tcpdump jq\n") || !strings.Contains(string(ran), "systemctl enable -- hello.service\n") {
		t.Errorf("%v: the script called:\n%s", err, ran)
	}
}

func place(t *testing.T, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestWhatIsNotKeptIsAGap: the transaction's /tmp and /run are emptied; /usr
// is writable in it, though not in the running system.
func TestWhatIsNotKeptIsAGap(t *testing.T) {
	intent := intenttest.Minimal()
	for _, path := range []string{"/run/a", "/tmp/b", "/var/tmp/c", "/usr/lib/d", "/usr/local/bin/e", "/var/lib/f"} {
		intent.Files = append(intent.Files, provision.File{Path: path, Content: "x\n"})
	}
	cfg := render(t, intent, microos(t))
	var gaps []string
	for _, g := range cfg.Gaps {
		gaps = append(gaps, g.Field)
	}
	if diff := cmp.Diff([]string{"files[0]", "files[1]", "files[2]"}, gaps); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
	m := run(t, cfg.Documents[0].Content)
	if diff := cmp.Diff(map[string]bool{"/home": true, "/usr/local": true, "/var": true}, m.mounted); diff != "" {
		t.Errorf("mounted (-want +got):\n%s", diff)
	}
}

// TestSecretsCanBeHidden: no form of the token that is in the script stays in
// what is shown.
func TestSecretsCanBeHidden(t *testing.T) {
	intent := intenttest.Full()
	token := intent.Join.Token.Reveal()
	intent.Files = append(intent.Files, provision.File{Path: "/etc/x", Content: "no line end " + token})
	cfg := render(t, intent, microos(t))
	cfg.Secrets = append(cfg.Secrets, intent.Secrets()...)
	text := cfg.Redacted().Documents[0].Content
	encoded := base64.StdEncoding.EncodeToString([]byte("no line end " + token))
	if strings.Contains(text, token) || strings.Contains(text, encoded) {
		t.Error("the token is still there")
	}
}

func BenchmarkRender(b *testing.B) {
	target := microos(b)
	for b.Loop() {
		if _, err := combustion.Render(intenttest.Full(), target); err != nil {
			b.Fatal(err)
		}
	}
}
