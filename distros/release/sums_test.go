package release

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every style in which vendors write digests is read by the same reader.
func TestStylesOfDigests(t *testing.T) {
	a, b := strings.Repeat("a", 64), strings.Repeat("b", 64)
	long := strings.Repeat("c", 128)
	for style, tt := range map[string]struct {
		list string
		want listed
	}{
		"GNU text":          {b + "  other.img\n" + a + "  a.img\n", listed{"a.img", a, 0}},
		"GNU binary":        {a + " *a.img\r\n", listed{"a.img", a, 0}},
		"GNU, one blank":    {a + " a.img\n", listed{"a.img", a, 0}},
		"GNU, ./":           {a + "  ./a.img", listed{"a.img", a, 0}},
		"BSD with size":     {"# a.img: 954073088 bytes\nSHA256 (a.img) = " + strings.ToUpper(a) + "\n", listed{"a.img", a, 954073088}},
		"BSD twice":         {"SHA256 (a.img) = " + a + "\nSHA256 (a.img) = " + a + "\n", listed{"a.img", a, 0}},
		"tagged":            {"sha256: " + a + "  a.img\nmd5: " + strings.Repeat("d", 32) + "  a.img\n", listed{"a.img", a, 0}},
		"sections":          {"# MD5 HASH\n" + strings.Repeat("d", 32) + "  a.img\n# SHA256 HASH\n" + a + "  a.img\n", listed{"a.img", a, 0}},
		"JSON":              {`{"kvm":{"image":"a.img","sha256":"` + a + `"},"ova":{"image":"b.img","sha256":"` + b + `"},"base_url":"/x"}`, listed{"a.img", a, 0}},
		"JSON with a path":  {`[{"file":"x/y/a.img","digest":"sha256:` + a + `"}]`, listed{"a.img", a, 0}},
		"JSON, base64":      {`{"items":[{"data":{"ref":"x/a.img"},"metadata":{"annotations":{"digest":"sha256:qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo"}}}]}`, listed{"a.img", a, 0}},
		"other digest kind": {long + "  a.img\n" + a + "  a.img\n", listed{"a.img", a, 0}},
	} {
		got, err := sum([]byte(tt.list), "a.img", 64)
		if err != nil {
			t.Errorf("%s: %v", style, err)
		}
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(listed{})); diff != "" {
			t.Errorf("%s: %s", style, diff)
		}
	}
	for _, text := range []string{a, a + "\n", a + "  a.img\n"} {
		if got, err := bareSum([]byte(text), "a.img", 64); got != a || err != nil {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
}

func TestListsThatAreRefused(t *testing.T) {
	a, b := strings.Repeat("a", 64), strings.Repeat("b", 64)
	for want, list := range map[string]string{
		"the list has two digests for a.img":  a + "  a.img\n" + b + " *a.img\n",
		"the list has no digest for a.img":    a[:63] + "  a.img\n" + a + "  ../a.img\n" + a + "  b.img\n",
		"unexpected end of JSON input":        `{"a":`,
		"reading the list: bufio.Scanner: to": strings.Repeat("x", maxLineBytes+1),
	} {
		if _, err := sum([]byte(list), "a.img", 64); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
	twice := fmt.Sprintf(`{"image":"a.img","sha256":%q,"other":%q}`, a, b)
	if _, err := sum([]byte(twice), "a.img", 64); err == nil || !strings.Contains(err.Error(), "two digests") {
		t.Errorf("JSON with two digests: %v", err)
	}
	deep := strings.Repeat(`{"a":`, maxDepth+1) + `{"image":"a.img","sha256":"` + a + `"}` + strings.Repeat("}", maxDepth+1)
	if _, err := sum([]byte(deep), "a.img", 64); err == nil {
		t.Error("JSON that nests without end is read")
	}
}

func TestVersionsAreOrderedAsNumbers(t *testing.T) {
	want := []string{"v0.9.9", "1.9.0", "1.10.0~rc1", "v1.10.0-alpha.2", "1.10.0-beta1", "1.10.0-rc.1", "1.10.0", "v1.10.0-k3s1r0", "1.10.0-r1", "1.10.0.1", "1.010.2", "2", "20260705", "20260705.1", "20261105"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortStableFunc(got, compareVersions)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if compareVersions("v1.2", "1.2") != 0 {
		t.Error("v1.2 is not 1.2")
	}
}

func TestListingsAreReadSafely(t *testing.T) {
	page := `<a href="?C=M">sort</a><a href="../">up</a><a href="/etc/passwd">x</a><a href="https://evil.example/a.img">x</a>
<a href="%2e%2e%2fa.img">x</a><a href="..">x</a><a href="a%20b.img">x</a><a href="a.img">x</a><a class="y" href='b.img'>x</a><a href="dir/">x</a><a href="a.img">again</a><a href="&quot;.img">x</a>`
	if diff := cmp.Diff([]string{"a.img", "b.img", "dir/"}, readListing([]byte(page))); diff != "" {
		t.Error(diff)
	}
	all := candidates([]string{"os-9.img", "os-10.img", "x.img"}, regexp.MustCompile(`^os-(?P<version>\d+)\.img$`))
	if c, err := choose(all, ""); err != nil || c.version != "10" {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := choose(all, "8"); err == nil || !strings.Contains(err.Error(), "no image of version 8; it has 10, 9") {
		t.Errorf("error is %v", err)
	}
}

func TestPlacesOfFiles(t *testing.T) {
	for address, plain := range map[string]bool{
		"https://a.example/x/../y": false, "http://a.example/x": false, "https:///x": false, "https://u@a.example/x": false,
		"https://a.example/x?y": false, "https://a.example/x#y": false, "https://a.example/%2e%2e/y": false, "file:///x": true, "https://a.example//x": false,
	} {
		if err := checkPlace(address, plain); err == nil {
			t.Errorf("%s is taken", address)
		}
	}
	for address, plain := range map[string]bool{"https://a.example/x/y:1_2~3+4.img": false, "http://a.example/x": true} {
		if err := checkPlace(address, plain); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}
