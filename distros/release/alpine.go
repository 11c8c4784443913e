package release

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"distrolab/distros/image"
	"distrolab/distros/web"
)

// alpineKey is that of the builder of the cloud images.
const alpineKey = "alpine"

// alpine asks the listing of Alpine's cloud images of a branch. Beside each
// image lie its digest, bare, and its OpenPGP signature by the builder of the
// cloud images, who is not the one who signs Alpine's ISOs.
//
// Options of the catalog entry: "variant", such as nocloud; "firmware", bios or
// uefi (arm64 is always uefi); "bootstrap", cloudinit or tiny. The channel is
// the branch, such as v3.22.
type alpine struct{}

func (alpine) indexURL(a asked) string {
	return a.root("https://dl-cdn.alpinelinux.org/alpine") + "/" + a.channel + "/releases/cloud/"
}

// pattern is that of an image's name, such as
// nocloud_alpine-3.23.4-x86_64-uefi-cloudinit-r0.qcow2. Some builds name the
// kind of machine after the bootstrap; vm is ours.
func (alpine) pattern(a asked) (*regexp.Regexp, error) {
	variant, firmware, bootstrap := a.option("variant"), a.option("firmware"), a.option("bootstrap")
	if !isWord(variant) || !isWord(firmware) || !isWord(bootstrap) {
		return nil, errors.New("its catalog entry does not name variant, firmware and bootstrap in release.options")
	}
	if a.arch == "arm64" {
		firmware = "uefi"
	}
	return regexp.Compile(`^` + variant + `_alpine-(?P<version>\d{1,2}\.\d{1,3}\.\d{1,3})-` + a.vendorArch("x86_64", "aarch64") +
		`-` + firmware + `-` + bootstrap + `(-vm)?-r(?P<revision>\d{1,3})\.qcow2$`)
}

// offered are the images of the listing; their versions have the revision of
// the build, such as 3.23.4-r0.
func (al alpine) offered(ctx context.Context, client *web.Client, a asked) ([]candidate, error) {
	pattern, err := al.pattern(a)
	if err != nil {
		return nil, err
	}
	all, err := list(ctx, client, al.indexURL(a), pattern)
	if err != nil {
		return nil, err
	}
	for i, c := range all {
		all[i].version += "-r" + pattern.FindStringSubmatch(c.name)[pattern.SubexpIndex("revision")]
	}
	newestFirst(all)
	return all, nil
}

func (al alpine) resolve(ctx context.Context, client *web.Client, a asked) (Release, error) {
	all, err := al.offered(ctx, client, a)
	if err != nil {
		return Release{}, err
	}
	chosen, err := choose(all, a.version)
	if err != nil {
		return Release{}, fmt.Errorf("reading %s: %w", al.indexURL(a), err)
	}
	address := al.indexURL(a) + chosen.name
	text, err := client.Get(ctx, address+".sha512", maxIndexBytes)
	if err != nil {
		return Release{}, err
	}
	digest, err := bareSum(text, chosen.name, 128)
	if err != nil {
		return Release{}, fmt.Errorf("reading %s.sha512: %w", address, err)
	}
	r := Release{
		Version:   chosen.version,
		Artifacts: []Artifact{{Role: image.RoleDisk, URL: address, Format: "qcow2", SHA512: digest}},
		Trust:     image.TrustSigned,
	}
	sig, err := a.detached(ctx, client, address+".asc", alpineKey, chosen.version)
	if why := keyless(err); why != "" {
		r.Trust, r.Verdict = image.TrustDigest, "sha512 beside the image"+a.overTLS()+"; "+why
		return r, nil
	}
	if err != nil {
		return Release{}, err
	}
	r.Artifacts[0].Signature = sig
	r.Verdict = fmt.Sprintf("OpenPGP signature by %s; sha512 beside the image", sig.Keys)
	return r, nil
}

func (al alpine) releases(ctx context.Context, client *web.Client, a asked) ([]Summary, error) {
	all, err := al.offered(ctx, client, a)
	return summariesOf(all), err
}
