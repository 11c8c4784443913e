package release

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"distrolab/distros/image"
	"distrolab/distros/web"
)

// oracle asks the JSON from which Oracle makes its page of KVM templates. It
// names the one current build of a line, such as 9, with its digest; nothing is
// signed, and older builds are not listed.
type oracle struct{}

func (oracle) root(a asked) string { return a.root("https://yum.oracle.com") }

func (o oracle) indexURL(a asked) string {
	return o.root(a) + "/templates/OracleLinux/ol" + a.channel + a.vendorArch("", "_aarch64-cloud") + "-template.json"
}

func (o oracle) resolve(ctx context.Context, client *web.Client, a asked) (Release, error) {
	text, err := client.Get(ctx, o.indexURL(a), maxIndexBytes)
	if err != nil {
		return Release{}, err
	}
	r, err := oracleRelease(text, a)
	if err != nil {
		return Release{}, fmt.Errorf("reading %s: %w", o.indexURL(a), err)
	}
	r.Artifacts[0].URL = o.root(a) + r.Artifacts[0].URL
	r.Verdict = "sha256 from Oracle's index" + a.overTLS() + "; Oracle signs no templates"
	return r, nil
}

// oracleRelease reads the index. The URL of the image is still without host. A
// version is made of the file's name: OL9U8 build 293 is 9.8-b293.
func oracleRelease(text []byte, a asked) (Release, error) {
	var index struct {
		BaseURL string `json:"base_url"`
		KVM     struct {
			Image  string `json:"image"`
			SHA256 string `json:"sha256"`
		} `json:"kvm"`
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return Release{}, err
	}
	name := regexp.MustCompile(`^OL(\d{1,2})U(\d{1,2})_(x86_64|aarch64)-kvm(?:-cloud)?-b(\d{1,6})\.qcow2$`).FindStringSubmatch(index.KVM.Image)
	if name == nil || name[1] != a.channel || name[3] != a.vendorArch("x86_64", "aarch64") {
		return Release{}, fmt.Errorf("its image is %q, which is not one of line %s for %s", clip(index.KVM.Image), a.channel, a.arch)
	}
	folder, isBelow := strings.CutPrefix(index.BaseURL, "/templates/OracleLinux/")
	version := name[1] + "." + name[2] + "-b" + name[4]
	switch {
	case !isBelow || !isPath(folder):
		return Release{}, fmt.Errorf("the image lies in %q, which is not a folder below /templates/OracleLinux", clip(index.BaseURL))
	case !isHex(index.KVM.SHA256, 64):
		return Release{}, fmt.Errorf("its image has no SHA-256 digest")
	case a.version != "" && a.version != version:
		return Release{}, fmt.Errorf("it offers %s only; Oracle lists no older builds such as %s", version, a.version)
	}
	return Release{
		Version: version, Trust: image.TrustDigest,
		Artifacts: []Artifact{{
			Role: image.RoleDisk, URL: index.BaseURL + "/" + index.KVM.Image, Format: "qcow2", SHA256: strings.ToLower(index.KVM.SHA256),
		}},
	}, nil
}
