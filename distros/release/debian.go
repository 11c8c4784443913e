package release

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"distrolab/distros/image"
	"distrolab/distros/web"
)

// debianVersionPattern is the form of the versions of builds.
const debianVersionPattern = `\d{8}-\d{1,6}`

// debian asks the list of Debian's cloud images. "latest/" holds a JSON beside
// each image that names the dated directory of the build; the digest is taken
// from SHA512SUMS there, and must agree with that of the JSON.
//
// Options of the catalog entry: "release", the number, such as 13; "variant",
// such as genericcloud. The channel is the code name.
type debian struct{}

func (debian) root(a asked) string {
	return a.root("https://cloud.debian.org/images/cloud") + "/" + a.channel + "/"
}

func (debian) stem(a asked) string {
	return "debian-" + a.option("release") + "-" + a.option("variant") + "-" + a.arch
}

func (d debian) indexURL(a asked) string {
	if a.version != "" {
		return d.root(a) + a.version + "/SHA512SUMS"
	}
	return d.root(a) + "latest/" + d.stem(a) + ".json"
}

func (d debian) resolve(ctx context.Context, client *web.Client, a asked) (Release, error) {
	if !isWord(a.option("release")) || !isWord(a.option("variant")) {
		return Release{}, fmt.Errorf("its catalog entry does not name release and variant in release.options")
	}
	build := debianBuild{version: a.version}
	if a.version == "" {
		text, err := client.Get(ctx, d.indexURL(a), maxIndexBytes)
		if err != nil {
			return Release{}, err
		}
		if build, err = readDebianBuild(text, a.channel, d.stem(a)); err != nil {
			return Release{}, fmt.Errorf("reading %s: %w", d.indexURL(a), err)
		}
	}
	a.version = build.version
	name := d.stem(a) + "-" + a.version + ".qcow2"
	sums := d.indexURL(a)
	list, err := client.Get(ctx, sums, maxIndexBytes)
	if err != nil {
		return Release{}, err
	}
	file, err := sum(list, name, 128)
	if err != nil {
		return Release{}, fmt.Errorf("reading %s: %w", sums, err)
	}
	if build.sha512 != "" && build.sha512 != file.digest {
		return Release{}, fmt.Errorf("reading %s: its digest of %s is not the one of the build's JSON; one of them was changed", sums, name)
	}
	return Release{
		Version:   a.version,
		Artifacts: []Artifact{{Role: image.RoleDisk, URL: strings.TrimSuffix(sums, "SHA512SUMS") + name, Format: "qcow2", SHA512: file.digest}},
		Trust:     image.TrustDigest,
		Verdict:   "sha512 from SHA512SUMS" + a.overTLS() + "; Debian signs no cloud images",
		Published: serialDay(a.version),
	}, nil
}

func (d debian) releases(ctx context.Context, client *web.Client, a asked) ([]Summary, error) {
	page, err := client.Page(ctx, d.root(a), maxIndexBytes)
	if err != nil {
		return nil, err
	}
	var all []Summary
	for _, name := range readListing(page) {
		if version, isDir := strings.CutSuffix(name, "/"); isDir && matches(version, debianVersionPattern) {
			all = append(all, Summary{Version: version, Published: serialDay(version)})
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("reading %s: it lists no build", d.root(a))
	}
	return all, nil
}

// debianBuild is what the JSON beside an image says of its build.
type debianBuild struct {
	version string // such as 20260712-2537
	sha512  string // of the qcow2, hexadecimal
}

// debianList is the part of that JSON which is read. The digest is base64
// without padding.
type debianList struct {
	Items []struct {
		Kind string `json:"kind"`
		Data struct {
			Ref string `json:"ref"`
		} `json:"data"`
		Metadata struct {
			Annotations map[string]string `json:"annotations"`
			Labels      map[string]string `json:"labels"`
		} `json:"metadata"`
	} `json:"items"`
}

// readDebianBuild finds the upload of the qcow2 image of a stem, such as
// debian-13-genericcloud-amd64.
func readDebianBuild(text []byte, suite, stem string) (debianBuild, error) {
	var list debianList
	if err := json.Unmarshal(text, &list); err != nil {
		return debianBuild{}, err
	}
	for _, item := range list.Items {
		if item.Kind != "Upload" || item.Metadata.Labels["upload.cloud.debian.org/image-format"] != "qcow2" {
			continue
		}
		version := item.Metadata.Labels["cloud.debian.org/version"]
		if !matches(version, debianVersionPattern) {
			return debianBuild{}, fmt.Errorf("%q is not a version of a build", clip(version))
		}
		want := suite + "/" + version + "/" + stem + "-" + version + ".qcow2"
		if item.Data.Ref != want {
			return debianBuild{}, fmt.Errorf("the image lies at %q instead of %s", clip(item.Data.Ref), want)
		}
		encoded, ok := strings.CutPrefix(item.Metadata.Annotations["cloud.debian.org/digest"], "sha512:")
		digest, err := base64.RawStdEncoding.DecodeString(encoded)
		if !ok || err != nil || len(digest) != 64 {
			return debianBuild{}, fmt.Errorf("the image of %s has no SHA-512 digest", version)
		}
		return debianBuild{version: version, sha512: hex.EncodeToString(digest)}, nil
	}
	return debianBuild{}, fmt.Errorf("it names no qcow2 image")
}
