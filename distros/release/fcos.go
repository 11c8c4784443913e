package release

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/stream-metadata-go/release"
	"github.com/coreos/stream-metadata-go/stream"

	"distrolab/distros/image"
	"distrolab/distros/web"
)

// fcosBase is the root of Fedora CoreOS's builds.
const fcosBase = "https://builds.coreos.fedoraproject.org"

// fcosVersionPattern is the form of Fedora CoreOS's versions: Fedora release,
// date, stream, revision.
const fcosVersionPattern = `\d{1,4}\.\d{8}\.\d{1,3}\.\d{1,4}`

// fcos asks a stream's metadata of Fedora CoreOS, which names the one version
// the stream offers now, or the metadata of an older build. Beside each image
// lies its OpenPGP signature by the key of that Fedora release.
type fcos struct{}

// fcosImage is one image, as both kinds of metadata describe it.
type fcosImage struct {
	version          string
	published        string
	location         string
	signature        string
	sha256, unpacked string
}

func (f fcos) indexURL(a asked) string {
	if a.version != "" {
		return f.builds(a) + a.version + "/release.json"
	}
	return a.root(fcosBase) + "/streams/" + a.channel + ".json"
}

func (fcos) builds(a asked) string {
	return a.root(fcosBase) + "/prod/streams/" + a.channel + "/builds/"
}

func (f fcos) resolve(ctx context.Context, client *web.Client, a asked) (Release, error) {
	text, err := client.Get(ctx, f.indexURL(a), maxIndexBytes)
	if err != nil {
		return Release{}, err
	}
	read := fcosStreamImage
	if a.version != "" {
		read = fcosBuildImage
	}
	i, err := read(text, a)
	if err == nil {
		err = i.check(a)
	}
	if err != nil {
		return Release{}, fmt.Errorf("reading %s: %w", f.indexURL(a), err)
	}
	// A copy of the metadata on a mirror still names the vendor's server.
	address := a.root(fcosBase) + "/" + strings.TrimPrefix(strings.TrimPrefix(i.location, a.root(fcosBase)+"/"), fcosBase+"/")
	sig, err := a.detached(ctx, client, address+".sig", "fedora", i.version)
	if err != nil {
		return Release{}, err
	}
	published, err := time.Parse(time.RFC3339, i.published)
	if err != nil {
		published = time.Time{} // only decoration; the digests decide
	}
	return Release{
		Version: i.version,
		Artifacts: []Artifact{{
			Role: image.RoleDisk, URL: address, Format: "qcow2", Compression: "xz",
			SHA256: strings.ToLower(i.sha256), UnpackedSHA256: strings.ToLower(i.unpacked), Signature: sig,
		}},
		Trust:     image.TrustSigned,
		Verdict:   fmt.Sprintf("OpenPGP signature by %s; sha256 of the compressed and the unpacked file", sig.Keys),
		Published: published,
	}, nil
}

// fcosStreamImage reads the qemu image of an architecture from a stream.
func fcosStreamImage(text []byte, a asked) (fcosImage, error) {
	var s stream.Stream
	if err := json.Unmarshal(text, &s); err != nil {
		return fcosImage{}, err
	}
	if s.Stream != a.channel {
		return fcosImage{}, fmt.Errorf("it is of stream %q, not %s", clip(s.Stream), a.channel)
	}
	arch := a.vendorArch("x86_64", "aarch64")
	platform, ok := s.Architectures[arch].Artifacts["qemu"]
	if !ok {
		return fcosImage{}, fmt.Errorf("it has no qemu image for %s", arch)
	}
	disk := platform.Formats["qcow2.xz"].Disk
	if disk == nil {
		return fcosImage{}, fmt.Errorf("it has no qcow2.xz image for %s", arch)
	}
	return fcosImage{platform.Release, s.Metadata.LastModified, disk.Location, disk.Signature, disk.Sha256, disk.UncompressedSha256}, nil
}

// fcosBuildImage reads the qemu image of an architecture from one build.
func fcosBuildImage(text []byte, a asked) (fcosImage, error) {
	var r release.Release
	if err := json.Unmarshal(text, &r); err != nil {
		return fcosImage{}, err
	}
	if r.Release != a.version {
		return fcosImage{}, fmt.Errorf("it is of version %q, not %s", clip(r.Release), a.version)
	}
	arch := a.vendorArch("x86_64", "aarch64")
	media := r.Architectures[arch].Media
	if media.Qemu == nil || media.Qemu.Artifacts["qcow2.xz"].Disk == nil {
		return fcosImage{}, fmt.Errorf("it has no qcow2.xz image for %s", arch)
	}
	disk := media.Qemu.Artifacts["qcow2.xz"].Disk
	return fcosImage{r.Release, r.Metadata.LastModified, disk.Location, disk.Signature, disk.Sha256, disk.UncompressedSha256}, nil
}

// check refuses an image that is not where and what its version's must be.
func (i fcosImage) check(a asked) error {
	root := fcosBase
	if !strings.HasPrefix(i.location, fcosBase+"/") {
		root = a.root(fcosBase)
	}
	if !matches(i.version, fcosVersionPattern) {
		return fmt.Errorf("%q is not a version", clip(i.version))
	}
	if _, err := below(i.location, root); err != nil {
		return err
	}
	switch {
	case !isHex(i.sha256, 64) || !isHex(i.unpacked, 64):
		return fmt.Errorf("the image of %s has no two SHA-256 digests", i.version)
	case !strings.HasSuffix(i.location, ".qcow2.xz") || !strings.Contains(i.location, "/"+i.version+"/"):
		return fmt.Errorf("the image of %s lies at %q, which is another file", i.version, clip(i.location))
	case i.signature != "" && i.signature != i.location+".sig":
		return fmt.Errorf("the signature of %s lies at %q, which is that of another file", i.version, clip(i.signature))
	}
	return nil
}

func (f fcos) releases(ctx context.Context, client *web.Client, a asked) ([]Summary, error) {
	address := strings.TrimSuffix(f.builds(a), "builds/") + "releases.json"
	text, err := client.Get(ctx, address, maxIndexBytes)
	if err != nil {
		return nil, err
	}
	all, err := fcosReleases(text, a)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", address, err)
	}
	return all, nil
}

// fcosReleases reads a stream's list of builds, of which it takes those for
// the architecture.
func fcosReleases(text []byte, a asked) ([]Summary, error) {
	var index release.Index
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, err
	}
	if index.Stream != a.channel {
		return nil, fmt.Errorf("it is of stream %q, not %s", clip(index.Stream), a.channel)
	}
	var all []Summary
	for _, r := range index.Releases {
		var archs []string
		for _, c := range r.Commits {
			archs = append(archs, c.Architecture)
		}
		if matches(r.Version, fcosVersionPattern) && hasOrSilent(archs, a.vendorArch("x86_64", "aarch64")) {
			all = append(all, Summary{Version: r.Version, Published: fcosDay(r.Version)})
		}
	}
	return all, nil
}

// fcosDay is the day in a version, on which its packages were fixed.
func fcosDay(version string) time.Time {
	parts := strings.Split(version, ".")
	if len(parts) < 2 {
		return time.Time{}
	}
	day, err := time.Parse("20060102", parts[1])
	if err != nil {
		return time.Time{} // only decoration
	}
	return day
}
