package release

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"distrolab/distros/release/vendortest"
	"distrolab/distros/signature"
)

// attacked are systems that cover every kind of index.
func attacked() []string {
	return []string{
		"flatcar", "fedora-coreos", "debian-13", "ubuntu-2404", "alpine", "oracle-9", "centos-stream-9",
		"rocky-9", "microos", "rancheros", "k3os", "talos",
	}
}

// refused fetches and demands a refusal that says why and leaves the store as
// it was.
func refused(t *testing.T, w *vendortest.World, name, want string) error {
	t.Helper()
	src := source(t, w)
	before := content(t, src.Store)
	_, err := src.Image(t.Context(), entry(t, name), Query{Arch: "amd64"}, nil)
	if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
		t.Errorf("%s: error is %v, want it to say %q", name, err, want)
	}
	if diff := cmp.Diff(before, content(t, src.Store)); diff != "" {
		t.Errorf("%s: the store was touched:\n%s", name, diff)
	}
	if len(w.Plain()) > 0 {
		t.Errorf("%s: asked without TLS: %v", name, w.Plain())
	}
	return err
}

func TestAttacksOnTheIndex(t *testing.T) {
	for attack, tt := range map[string]struct {
		fault vendortest.Fault
		want  string
	}{
		"a captive portal":         {vendortest.Portal(), `a web page came instead of the document|names no image of this system`},
		"an endless document":      {vendortest.Endless(), `longer than \d+ bytes, so it is not what was asked for`},
		"an empty document":        {vendortest.Instead(nil), `unexpected end of JSON|has no line FLATCAR_VERSION|names no image|is missing or broken|does not match`},
		"not found":                {vendortest.Status(404), `404 Not Found|signature is missing`},
		"a server in trouble":      {vendortest.Status(503), `503 Service Unavailable; the server is busy, try again later`},
		"sent on to plain http":    {vendortest.Redirect("http://mirror.example/x"), `"http://mirror.example/x" is not https`},
		"sent on to a local file":  {vendortest.Redirect("file:///etc/passwd"), `is not an address of a server|is not https`},
		"sent around in a circle":  {vendortest.Redirect("/around"), `404|signature is missing`},
		"a document of other kind": {vendortest.Instead([]byte(`{"format":"index:9","stream":"x","tag_name":"../x"}`)), `has no line|is of stream|names no|its format is|is not a version|its image is|is missing or broken|does not match`},
	} {
		t.Run(attack, func(t *testing.T) {
			t.Parallel()
			for _, name := range attacked() {
				w, site, _ := served(t, name, "amd64")
				w.Fault(site.Index, tt.fault)
				refused(t, w, name, tt.want)
			}
		})
	}
}

func TestAttacksOnTheListOfDigests(t *testing.T) {
	for attack, tt := range map[string]struct {
		fault vendortest.Fault
		want  string
	}{
		"a captive portal":        {vendortest.Portal(), `a web page came instead`},
		"an endless document":     {vendortest.Endless(), `longer than \d+ bytes`},
		"an empty list":           {vendortest.Instead(nil), `no digest for|is missing or broken|does not match|unexpected end`},
		"not found":               {vendortest.Status(404), `404 Not Found|signature is missing`},
		"sent on to plain http":   {vendortest.Redirect("http://mirror.example/x"), `"http://mirror.example/x" is not https`},
		"a list of other files":   {vendortest.Instead([]byte(strings.Repeat("a", 64) + "  other.img\n" + strings.Repeat("a", 128) + "  other.img\n")), `no digest for|names no image|is missing or broken|does not match`},
		"a list of weak digests":  {vendortest.Instead([]byte(strings.Repeat("a", 32) + "  rancheros-openstack.img\n")), `no digest for|names no image|is missing or broken|does not match`},
		"a list with a long line": {vendortest.Instead(bytes.Repeat([]byte("x"), 100<<10)), `token too long|is missing or broken|does not match|has no digest`},
	} {
		t.Run(attack, func(t *testing.T) {
			t.Parallel()
			for _, name := range attacked() {
				w, site, _ := served(t, name, "amd64")
				if site.List == site.Index {
					continue // covered by the attacks on the index
				}
				w.Fault(site.List, tt.fault)
				refused(t, w, name, tt.want)
			}
		})
	}
}

func TestAttacksOnTheImage(t *testing.T) {
	for attack, tt := range map[string]struct {
		fault vendortest.Fault
		want  string
	}{
		"a captive portal":              {vendortest.Portal(), `web page|but its index says|it has \d+ bytes, where \d+ were expected`},
		"another image":                 {vendortest.Instead(vendortest.Disk("evil")), `but its index says|it has \d+ bytes, where \d+ were expected|does not match|does not start as`},
		"half of it zeros":              {vendortest.Hollow(), `but its index says|does not match|data is damaged`},
		"longer than it should be":      {vendortest.Longer(), `but its index says|more than|it has \d+ bytes, where \d+ were expected|does not match`},
		"shorter than it should be":     {vendortest.Shorter(), `but its index says|it has \d+ bytes, where \d+ were expected|does not match|EOF`},
		"not found":                     {vendortest.Status(404), `404 Not Found`},
		"sent on to plain http":         {vendortest.Redirect("http://mirror.example/x"), `"http://mirror.example/x" is not https`},
		"sent on to where nobody knows": {vendortest.Redirect("https://elsewhere.example/x"), `404 Not Found`},
	} {
		t.Run(attack, func(t *testing.T) {
			t.Parallel()
			for _, name := range attacked() {
				w, site, _ := served(t, name, "amd64")
				if name == "talos" { // the image lies where the factory sends us
					site.Image = strings.Replace(site.Image, "factory.talos.dev/image", "images.talos.example", 1)
				}
				w.Fault(site.Image, tt.fault)
				refused(t, w, name, tt.want)
			}
		})
	}
}

// signedSites are the attacked systems whose publisher signs.
func signedSites() map[string]string {
	return map[string]string{
		"flatcar": "flatcar", "fedora-coreos": "fedora", "ubuntu-2404": "ubuntu-cloudimage", "alpine": "alpine",
		"rocky-9": "rocky-9", "microos": "opensuse",
	}
}

// Every system whose publisher signs is refused for each fault of a signature.
func TestAttacksOnSignatures(t *testing.T) {
	for name, key := range signedSites() {
		t.Run(name+" with another key", func(t *testing.T) {
			w := vendortest.New(t)
			w.SignWith(key, vendortest.NewSigner(t, "mallory"))
			w.Serve(entry(t, name), "amd64")
			err := refused(t, w, name, `was made by key [0-9A-F]{16}, which is not in `)
			wantReason(t, err, signature.UnknownKey)
		})
		t.Run(name+" with a key that had expired", func(t *testing.T) {
			w := vendortest.New(t)
			w.Serve(entry(t, name), "amd64")
			w.Signer(key).Expire()
			err := refused(t, w, name, `by key [0-9A-F]{16}, .*had expired by then`)
			wantReason(t, err, signature.Expired)
		})
		t.Run(name+" of another file", func(t *testing.T) {
			w, site, _ := served(t, name, "amd64")
			if site.Signed == site.List { // it holds the text: the text is changed
				w.Spoil(site.Signed, flipDigit)
			} else {
				armored := bytes.Contains(w.Get(site.Signed), []byte("-----BEGIN"))
				other := w.Signer(key).Detached([]byte("another file"), armored)
				w.Fault(site.Signed, vendortest.Instead(other))
			}
			err := refused(t, w, name, `does not match: the file is damaged, or the signature is of another file`)
			wantReason(t, err, signature.Mismatch)
		})
		t.Run(name+" that is no signature", func(t *testing.T) {
			w, site, _ := served(t, name, "amd64")
			w.Fault(site.Signed, vendortest.Instead([]byte("hello")))
			refused(t, w, name, `signature .*(is missing or broken|cannot be read|holds no signature)`)
		})
		t.Run(name+" that was taken away", func(t *testing.T) {
			w, site, _ := served(t, name, "amd64")
			w.Fault(site.Signed, vendortest.Status(404))
			err := refused(t, w, name, `is refused, because its publisher's signature is missing: the server has no https://`)
			var unsigned *UnsignedError
			if !errors.As(err, &unsigned) {
				t.Errorf("error is a %T", err)
			}
		})
	}
}

func wantReason(t *testing.T, err error, want signature.Reason) {
	t.Helper()
	var refusal *signature.Error
	if !errors.As(err, &refusal) || refusal.Reason != want {
		t.Errorf("error is %v, want a refusal for %q", err, want)
	}
}

// flipDigit changes the first long run of hexadecimal digits.
func flipDigit(text []byte) []byte {
	at := regexp.MustCompile(`[0-9a-f]{64}`).FindIndex(text)
	if text[at[0]] == 'a' {
		text[at[0]] = 'b'
	} else {
		text[at[0]] = 'a'
	}
	return text
}

// What good servers do in bad networks is no reason to refuse.
func TestTroublesThatAreNoAttacks(t *testing.T) {
	for trouble, fault := range map[string]vendortest.Fault{
		"a connection that breaks": vendortest.Cut(40<<10, 1),
		"a server without ranges":  vendortest.NoRanges(),
		"a slow server":            vendortest.Slow(64<<10, time.Millisecond),
		"another host":             vendortest.Redirect("https://cdn.example/the/image"),
	} {
		t.Run(trouble, func(t *testing.T) {
			t.Parallel()
			for _, name := range []string{"flatcar", "fedora-coreos", "oracle-9"} {
				w, site, d := served(t, name, "amd64")
				w.Put("https://cdn.example/the/image", w.Get(site.Image))
				w.Fault(site.Image, fault)
				src := source(t, w)
				i, err := src.Image(t.Context(), d, Query{Arch: "amd64"}, nil)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				if err := src.Store.VerifyFiles(t.Context(), i.ID); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

// A server that never answers is given up when the caller's time is over.
func TestSilentServers(t *testing.T) {
	for _, name := range attacked() {
		w, site, d := served(t, name, "amd64")
		w.Fault(site.Index, vendortest.Silent())
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := source(t, w).Resolve(ctx, d, Query{Arch: "amd64"})
		var away *UnreachableError
		if !errors.As(err, &away) || !strings.Contains(err.Error(), "no answer in time") {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

// GitHub refuses those who ask too often; the message says what to do.
func TestLimitedByGitHub(t *testing.T) {
	for _, name := range []string{"rancheros", "talos"} {
		for code, headers := range map[int][]string{
			http.StatusForbidden:       {"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1787400000"},
			http.StatusTooManyRequests: {"Retry-After", "60"},
		} {
			w, site, d := served(t, name, "amd64")
			w.Fault(site.Index, vendortest.Status(code, headers...))
			_, err := source(t, w).Resolve(t.Context(), d, Query{Arch: "amd64"})
			var away *UnreachableError
			if !errors.As(err, &away) || !strings.Contains(err.Error(), "60 requests an hour") {
				t.Errorf("%s, %d: error is %v", name, code, err)
			}
			if code == http.StatusForbidden && !strings.Contains(err.Error(), "it answers again after 12:00 UTC") {
				t.Errorf("%s: error is %v, want the time", name, err)
			}
		}
	}
}
