package release

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"time"

	"distrolab/distros/image"
	"distrolab/distros/signature/tuf"
	"distrolab/distros/web"
)

// bottlerocketRoot is where Bottlerocket's repositories lie.
const bottlerocketRoot = "https://updates.bottlerocket.aws"

// bottlerocket reads the signed lists of Bottlerocket (The Update Framework):
// one repository for each variant, which is the channel, and architecture, and
// one place with the files of all. Layout: bottlerocket-os/bottlerocket:BUILDING.md
// and PROVISIONING-METAL.md. Its zero value is the one to use.
type bottlerocket struct {
	root []byte           // trusted root metadata; nil: that which distrolab carries
	now  func() time.Time // nil: the system's clock
}

// metadata is the address of a repository's metadata, with a slash at its end.
func (bottlerocket) metadata(a asked) string {
	return a.root(bottlerocketRoot) + "/2020-07-07/" + a.channel + "/" + a.vendorArch("x86_64", "aarch64") + "/"
}

func (b bottlerocket) indexURL(a asked) string { return b.metadata(a) + "timestamp.json" }

func (b bottlerocket) resolve(ctx context.Context, client *web.Client, a asked) (Release, error) {
	listing, err := b.list(ctx, client, a)
	if err != nil {
		return Release{}, err
	}
	all := b.images(a, listing)
	found, ok := newestImage(all, a.version)
	switch {
	case !ok && a.version != "":
		return Release{}, fmt.Errorf("reading %s: the signed list has no disk image of version %s", b.metadata(a), a.version)
	case !ok:
		return Release{}, fmt.Errorf("reading %s: the signed list has no disk image of %s", b.metadata(a), a.channel)
	}
	return Release{
		Version: found.version, Trust: image.TrustSigned,
		Artifacts: []Artifact{{
			Role: image.RoleDisk, URL: a.root(bottlerocketRoot) + "/targets/" + found.file.Path,
			Format: "raw", Compression: "lz4", Size: found.file.Length,
			SHA256: found.file.Hashes["sha256"], SHA512: found.file.Hashes["sha512"],
		}},
		Verdict: fmt.Sprintf("digest and length from metadata signed by Bottlerocket (TUF, root %d, list %d, valid until %s)",
			listing.Root, listing.Version, listing.Expires.UTC().Format(time.DateOnly)),
	}, nil
}

// releases names the versions of which there is a disk image.
func (b bottlerocket) releases(ctx context.Context, client *web.Client, a asked) ([]Summary, error) {
	listing, err := b.list(ctx, client, a)
	if err != nil {
		return nil, err
	}
	var all []Summary
	for _, i := range b.images(a, listing) {
		all = append(all, Summary{Version: i.version})
	}
	return all, nil
}

// list reads the newest signed list.
func (b bottlerocket) list(ctx context.Context, client *web.Client, a asked) (tuf.Listing, error) {
	repository := tuf.Repository{
		Root: b.root, Now: time.Now(),
		Get: func(ctx context.Context, name string, limit int64) ([]byte, error) {
			data, err := client.Get(ctx, b.metadata(a)+name, limit)
			var status *web.StatusError
			if errors.As(err, &status) && absent(status.Code) {
				return nil, tuf.ErrNoFile
			}
			return data, err
		},
	}
	if b.root == nil {
		repository.Root = tuf.BottlerocketRoot()
	}
	if b.now != nil {
		repository.Now = b.now()
	}
	if a.state != "" {
		repository.State = filepath.Join(a.state, "bottlerocket", a.channel, a.arch)
	}
	listing, err := repository.List(ctx)
	if err != nil {
		return tuf.Listing{}, fmt.Errorf("reading %s: %w", b.metadata(a), err)
	}
	return listing, nil
}

// absent says whether a status means that there is no such file: the servers
// of Bottlerocket are a store that forbids what it does not have.
func absent(code int) bool {
	return code == http.StatusForbidden || code == http.StatusNotFound || code == http.StatusGone
}

// diskImage is one file of a list that is a whole disk.
type diskImage struct {
	version string
	file    tuf.File
}

// images picks the disk images of the variant: each version is listed as
// NAME-v1.2.3.img.lz4, and often a second time with the commit in its name.
func (bottlerocket) images(a asked, listing tuf.Listing) []diskImage {
	name := regexp.MustCompile(`^bottlerocket-` + regexp.QuoteMeta(a.channel+"-"+a.vendorArch("x86_64", "aarch64")) +
		`-v?([0-9]+\.[0-9]+\.[0-9]+)(-[0-9a-f]{7,40}(-dirty)?)?\.img\.lz4$`)
	var all []diskImage
	for _, f := range listing.Files {
		if m := name.FindStringSubmatch(f.Name); m != nil {
			all = append(all, diskImage{version: m[1], file: f})
		}
	}
	return all
}

// newestImage picks a version, or the newest. Of two names for one version it
// takes the one that sorts last, so that the choice is always the same.
func newestImage(all []diskImage, version string) (diskImage, bool) {
	var best diskImage
	for _, i := range all {
		if version != "" && i.version != version {
			continue
		}
		order := compareVersions(i.version, best.version)
		if best.version == "" || order > 0 || (order == 0 && i.file.Name > best.file.Name) {
			best = i
		}
	}
	return best, best.version != ""
}
