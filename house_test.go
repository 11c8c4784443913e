// Package house holds the rules that the repository keeps: who may import
// whom, what is documented, how large things get. A rule that hurts is changed
// here, with the reason, and not worked around. It reads the source tree only.
package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// source is one Go file of ours, parsed.
type source struct {
	path string // relative to the module's root
	dir  string
	text []byte
	file *ast.File
	set  *token.FileSet
}

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) line(p token.Pos) int { return s.set.Position(p).Line }

// sources parses every Go file of the module.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || path != "." && strings.HasPrefix(d.Name(), ".") || path == "bin" || path == "out") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		all = append(all, source{path: path, dir: filepath.Dir(path), text: text, file: file, set: set})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d Go files found: the rules would prove nothing", len(all))
	}
	return all
}

// rank orders the rooms: a package may import those of a lower rank and its
// own room.
func rank(dir string) (room string, level int) {
	order := []string{"distros", "provision", "labs", "tui", "cmd", "scripts"}
	room, _, _ = strings.Cut(dir, "/")
	for i, name := range order {
		if room == name {
			return room, i
		}
	}
	return room, -1
}

func TestArrowsGoDown(t *testing.T) {
	for _, s := range sources(t) {
		room, level := rank(s.dir)
		if s.dir == "." {
			continue // the tests of the house look at every room
		}
		for _, imp := range s.file.Imports {
			path := strings.Trim(imp.Path.Value, `"`)
			target, ours := strings.CutPrefix(path, "distrolab/")
			if !ours {
				continue
			}
			otherRoom, other := rank(target)
			if otherRoom != room && other >= level {
				t.Errorf("%s imports %s: arrows go cmd → tui → labs → provision → distros", s.path, path)
			}
		}
	}
}

// walls are imports that only one room may have, with the reason.
var walls = []struct{ imports, allowed, reason string }{
	{"github.com/digitalocean/go-libvirt", "labs/hypervisor", "one place knows libvirt"},
	{"libvirt.org/go/libvirtxml", "labs/hypervisor", "one place knows the domain XML"},
	{"gvisor.dev/gvisor", "labs/network", "one place knows the network stack"},
	{"github.com/kdomanski/iso9660", "provision/seed", "one place writes media"},
	{"github.com/coreos/ignition", "provision/ignition", "one place knows Ignition and Butane"},
	{"github.com/siderolabs/talos", "provision/talos", "one place knows Talos's config, and one its API"},
	{"github.com/flatcar/container-linux-config-transpiler", "provision/clc", "one place knows Container Linux Config"},
	{"charm.land/", "tui", "one place draws"},
	{"github.com/spf13/cobra", "cmd/distrolab/app", "one place reads the command line"},
	{"google.golang.org/grpc", "labs/talosapi", "one place speaks gRPC"},
	{"k8s.io/client-go", "labs/cluster", "one place talks to Kubernetes"},
	{"github.com/google/go-containerregistry", "labs/kubernetes", "one place knows images of containers"},
	{"modernc.org/sqlite", "labs/results", "one place knows SQL"},
	{"database/sql", "labs/results", "one place knows SQL"},
	{"golang.org/x/crypto/ssh", "labs/access", "one place logs in"},
	{"golang.org/x/perf/benchmath", "labs/stats", "one place computes statistics"},
	{"gonum.org/v1/gonum", "labs/stats", "one place computes statistics"},
	{"github.com/ProtonMail/go-crypto", "distros/signature", "one place judges signatures"},
	{"github.com/sigstore/", "distros/signature", "one place judges signatures"},
	{"github.com/theupdateframework/go-tuf", "distros/signature/tuf", "one place walks signed metadata"},
}

func TestWallsHold(t *testing.T) {
	for _, s := range sources(t) {
		for _, imp := range s.file.Imports {
			path := strings.Trim(imp.Path.Value, `"`)
			for _, w := range walls {
				if !strings.HasPrefix(path, w.imports) || s.isTest() || s.dir == w.allowed || strings.HasPrefix(s.dir, w.allowed+"/") {
					continue
				}
				if s.dir == "labs/talosapi" && w.imports == "github.com/siderolabs/talos" {
					continue // sends what provision/talos wrote; that room opens no connection
				}
				if path == "golang.org/x/crypto/ssh" && strings.HasPrefix(s.dir, "provision") {
					continue // reads and makes authorized_keys lines; opens no connection
				}
				if path == "github.com/spf13/cobra" && strings.HasPrefix(s.dir+"/", "scripts/kube/") {
					continue // a module of its own: Kubernetes' programs are such commands
				}
				if s.dir == "distros/release/vendortest" && w.allowed == "distros/signature" {
					continue // makes the signatures of imitated vendors, for tests
				}
				t.Errorf("%s imports %s, which only %s may: %s", s.path, path, w.allowed, w.reason)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	docs := map[string]string{}
	for _, s := range sources(t) {
		if strings.HasSuffix(s.file.Name.Name, "_test") {
			continue
		}
		if _, seen := docs[s.dir]; !seen {
			docs[s.dir] = ""
		}
		if s.file.Doc != nil {
			if docs[s.dir] != "" {
				t.Errorf("%s: a second package comment", s.path)
			}
			docs[s.dir] = s.file.Doc.Text()
		}
	}
	for dir, doc := range docs {
		if len(strings.Fields(doc)) < 12 {
			t.Errorf("package %s has no comment that says what it is for and what it may touch", dir)
		}
	}
}

func TestFilesAndFunctionsStaySmall(t *testing.T) {
	for _, s := range sources(t) {
		if lines := strings.Count(string(s.text), "\n"); lines > 500 {
			t.Errorf("%s has %d lines; at most 500", s.path, lines)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			if lines := s.line(f.End()) - s.line(f.Pos()) + 1; lines > 80 {
				t.Errorf("%s:%d: %s has %d lines; at most 80", s.path, s.line(f.Pos()), f.Name.Name, lines)
			}
		}
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
					t.Errorf("%s:%d: %s has no comment", s.path, s.line(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				checkSpecs(t, s, d)
			}
		}
	}
}

// exportedReceiver is false for a method of an unexported type, and for those
// whose name is their comment: they are exported only to fit an interface.
func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	kind := f.Recv.List[0].Type
	if star, ok := kind.(*ast.StarExpr); ok {
		kind = star.X
	}
	if generic, ok := kind.(*ast.IndexExpr); ok {
		kind = generic.X
	}
	name, ok := kind.(*ast.Ident)
	return ok && name.IsExported() && !slices.Contains([]string{"Error", "Unwrap", "String"}, f.Name.Name)
}

func checkSpecs(t *testing.T, s source, d *ast.GenDecl) {
	t.Helper()
	for _, spec := range d.Specs {
		var names []*ast.Ident
		var documented bool
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			names, documented = []*ast.Ident{spec.Name}, spec.Doc != nil || d.Doc != nil
		case *ast.ValueSpec:
			names, documented = spec.Names, spec.Doc != nil || spec.Comment != nil || d.Doc != nil
		}
		for _, n := range names {
			if n.IsExported() && !documented {
				t.Errorf("%s:%d: %s has no comment", s.path, s.line(n.Pos()), n.Name)
			}
		}
	}
}

// constantVariables are package variables that nobody changes: Go has no other
// way to write them. An error value, an embedded file system, a compile-time
// interface check, and what is computed once when first needed are allowed.
var constantVariables = regexp.MustCompile(`^\s*(var )?(_ |\w+(, \w+)* +=\s+(errors\.New|fmt\.Errorf|sync\.OnceValue)\(|\w+ (embed\.FS|string|\[\]byte)$)`)

func TestNoPackageStateAndNoInit(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		lines := strings.Split(string(s.text), "\n")
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "init" && f.Recv == nil {
				t.Errorf("%s:%d: init function: build it in a constructor", s.path, s.line(f.Pos()))
			}
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, spec := range g.Specs {
				if line := lines[s.line(spec.Pos())-1]; !constantVariables.MatchString(line) {
					t.Errorf("%s:%d: package variable: %s", s.path, s.line(spec.Pos()), strings.TrimSpace(line))
				}
			}
		}
	}
}

func TestNamesSayWhatIsInside(t *testing.T) {
	bad := regexp.MustCompile(`(?i)^(util|utils|common|helper|helpers|manager|misc|base|shared)$`)
	for _, s := range sources(t) {
		for _, part := range strings.Split(filepath.ToSlash(s.path), "/") {
			if bad.MatchString(strings.TrimSuffix(part, ".go")) {
				t.Errorf("%s: %q says nothing about its content", s.path, part)
			}
		}
	}
}

func TestModuleFileIsClean(t *testing.T) {
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if regexp.MustCompile(`(?m)^\s*replace\b`).Match(text) {
		t.Error("go.mod has a replace directive")
	}
	docs, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		fields := strings.Fields(line)
		direct := strings.HasPrefix(line, "\t") && !strings.Contains(line, "// indirect")
		if direct && len(fields) >= 2 && !strings.Contains(string(docs), "`"+fields[0]+"`") {
			t.Errorf("docs/dependencies.md does not say why %s is needed", fields[0])
		}
	}
}

func TestGlyphsAreOneCellWide(t *testing.T) {
	for _, s := range sources(t) {
		if strings.ContainsAny(string(s.text), "\uFE0F\u200D") {
			t.Errorf("%s contains a variation selector or a zero-width joiner: terminals disagree on their width", s.path)
		}
	}
}
