package release

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/stream-metadata-go/stream"

	"distrolab/distros/image"
	"distrolab/distros/web"
)

// fcosBase is the root of Fedora CoreOS's builds.
const fcosBase = "https://builds.coreos.fedoraproject.org"

// fcos asks a stream's metadata of Fedora CoreOS, which names the one version
// the stream offers now.
type fcos struct{}

func (fcos) root(a asked) string {
	if a.base == "" {
		return fcosBase
	}
	return a.base
}

func (f fcos) indexURL(a asked) string { return f.root(a) + "/streams/" + a.channel + ".json" }

func (f fcos) resolve(ctx context.Context, client *web.Client, a asked) (Release, error) {
	text, err := client.Get(ctx, f.indexURL(a), maxIndexBytes)
	if err != nil {
		return Release{}, err
	}
	r, err := fcosRelease(text, a)
	if err != nil {
		return Release{}, fmt.Errorf("reading %s: %w", f.indexURL(a), err)
	}
	// A copy of the metadata on a mirror still names the vendor's server.
	if rest, ok := strings.CutPrefix(r.Artifacts[0].URL, fcosBase+"/"); ok {
		r.Artifacts[0].URL = f.root(a) + "/" + rest
	}
	return r, nil
}

// fcosRelease reads the qemu image of an architecture from stream metadata.
func fcosRelease(text []byte, a asked) (Release, error) {
	var s stream.Stream
	if err := json.Unmarshal(text, &s); err != nil {
		return Release{}, err
	}
	if s.Stream != a.channel {
		return Release{}, fmt.Errorf("it is of stream %q, not %s", clip(s.Stream), a.channel)
	}
	arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[a.arch]
	platform, ok := s.Architectures[arch].Artifacts["qemu"]
	if !ok {
		return Release{}, fmt.Errorf("it has no qemu image for %s", arch)
	}
	disk := platform.Formats["qcow2.xz"].Disk
	switch {
	case disk == nil:
		return Release{}, fmt.Errorf("it has no qcow2.xz image for %s", arch)
	case !matches(platform.Release, `\d{1,4}\.\d{8}\.\d{1,3}\.\d{1,4}`):
		return Release{}, fmt.Errorf("%q is not a version", clip(platform.Release))
	case a.version != "" && platform.Release != a.version:
		return Release{}, fmt.Errorf("the stream offers %s; older versions such as %s cannot be asked for yet", platform.Release, a.version)
	case !isHex(disk.Sha256, 64) || !isHex(disk.UncompressedSha256, 64):
		return Release{}, fmt.Errorf("the image of %s has no two SHA-256 digests", platform.Release)
	case !strings.HasSuffix(disk.Location, ".qcow2.xz") || !strings.Contains(disk.Location, "/"+platform.Release+"/"):
		return Release{}, fmt.Errorf("the image of %s lies at %q, which is another file", platform.Release, clip(disk.Location))
	}
	published, err := time.Parse(time.RFC3339, s.Metadata.LastModified)
	if err != nil {
		published = time.Time{} // only decoration; the digests decide
	}
	return Release{
		Distro: a.distro.Name, Version: platform.Release, Channel: a.channel, Arch: a.arch,
		Artifacts: []Artifact{{
			Role: image.RoleDisk, URL: disk.Location, Format: "qcow2", Compression: "xz",
			SHA256: strings.ToLower(disk.Sha256), UnpackedSHA256: strings.ToLower(disk.UncompressedSha256),
		}},
		Verdict:   "sha256 of the compressed and the unpacked file from stream metadata" + overTLS(a) + "; OpenPGP signature not checked",
		Published: published,
	}, nil
}
