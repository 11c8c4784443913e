package highlight

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// marked writes pieces with their tokens, for tests to read.
func marked(spans []Span) string {
	names := map[Token]string{Key: "k", String: "s", Constant: "c", Comment: "#", Mark: "m", Section: "S", Secret: "!"}
	var b strings.Builder
	for _, s := range spans {
		if n := names[s.Token]; n != "" {
			b.WriteString("<" + n + " " + s.Text + ">")
		} else {
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

func TestPieces(t *testing.T) {
	for _, c := range []struct {
		language Language
		text     string
		want     []string
	}{
		{YAML, "#cloud-config\na:\n  - b: 'c'\n    d: |\n      x: y\n\n    e: [1, \"f\", no] # g", []string{
			"<# #cloud-config>", "<k a><m :>", "  <m - ><k b><m :> <s 'c'>", "    <k d><m : |>", "<s       x: y>", "",
			"    <k e><m :> <m [><c 1><m ,> <s \"f\"><m ,> <c no><m ]> <# # g>"}},
		{YAML, "url: http://a:80/b\ntoken: (secret)", []string{"<k url><m :> <s http://a:80/b>", "<k token><m :> <! (secret)>"}},
		{JSON, `{"a": {"b": [true, -1.5, "c\"d"]}}`, []string{`<m {><k "a"><m :> <m {><k "b"><m :> <m [><c true><m ,> <c -1.5><m ,> <s "c\"d"><m ]}}>`}},
		{TOML, "[settings.ntp]\ntime-servers = [\"a\"]\nx = 1", []string{"<S [settings.ntp]>", "<k time-servers ><m => <m [><s \"a\"><m ]>", "<k x ><m => <c 1>"}},
		{INI, "[Unit]\n# why\nExecStart=/bin/a --b=c", []string{"<S [Unit]>", "<# # why>", "<k ExecStart><m =><s /bin/a --b=c>"}},
		{Shell, "#!/bin/sh\nA=1\nif x \"y\"; then z # end", []string{"<# #!/bin/sh>", "<k A=>1", "<k if> x <s \"y\"><m ;> <k then> z <# # end>"}},
	} {
		var got []string
		for _, spans := range Document(c.language, strings.Split(c.text, "\n")) {
			got = append(got, marked(spans))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s:\n%s", c.language, diff)
		}
	}
}

func TestDetect(t *testing.T) {
	for want, docs := range map[Language][][2]string{
		YAML:  {{"user-data", "#cloud-config\nhostname: a\n"}, {"config.bu", ""}, {"meta-data", "instance-id: x\n"}},
		JSON:  {{"opt/com.coreos/config", "{\"ignition\":{}}"}, {"config.ign", ""}},
		TOML:  {{"user-data", "[settings]\na = 1\n"}, {"net.toml", ""}, {"user-data", "# x\nversion = 2\n"}},
		Shell: {{"script", "#!/bin/bash\n"}},
		INI:   {{"a.service", "[Unit]\n"}},
		Text:  {{"blob", "\x00\x01"}, {"words", "only words"}},
	} {
		for _, d := range docs {
			if got := Detect(d[0], d[1]); got != want {
				t.Errorf("%q: %s, want %s", d, got, want)
			}
		}
	}
}

// Whatever the text, its pieces are the text.
func FuzzPiecesAreTheText(f *testing.F) {
	f.Add("a: |\n  b\n- 'c")
	f.Add("{\"a\\")
	f.Add("x=(secret)(secret)\n[")
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(text, "\n")
		for _, language := range []Language{Text, YAML, JSON, TOML, INI, Shell} {
			for i, spans := range Document(language, lines) {
				joined := ""
				for _, s := range spans {
					joined += s.Text
				}
				if joined != lines[i] {
					t.Fatalf("%s: %q became %q", language, lines[i], joined)
				}
			}
		}
	})
}

func TestEscapedShowsEveryByte(t *testing.T) {
	for in, want := range map[string]string{
		"kernel {\x00\x01": `kernel {\x00\x01`, "\xff\xc3": `\xff\xc3`, "a\\b": `a\\b`, "ü\u202e": `ü\xe2\x80\xae`, "\x1b[31m": `\x1b[31m`,
	} {
		if got := Escaped(in); got != want {
			t.Errorf("%q became %s, want %s", in, got, want)
		}
		if strings.Contains(want, `\x`) && IsText(in) {
			t.Errorf("%q counts as text", in)
		}
	}
	if !IsText("a\tb\nü 漢\n") {
		t.Error("text does not count as such")
	}
}
