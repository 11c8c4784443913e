package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"distrolab/distros/image"
	"distrolab/distros/web"
)

// ubuntuKey signs the simplestreams documents.
const ubuntuKey = "ubuntu-cloudimage"

// ubuntu asks Ubuntu's simplestreams: a clear-signed index names the list of
// products, clear-signed too, which has each image's path, digest and size. A
// version is the serial of a build, such as 20260705; its path never changes.
//
// Options of the catalog entry: "release", such as 24.04. The channel is the
// code name. The root is that of the released images, .../releases.
type ubuntu struct{}

func (ubuntu) root(a asked) string { return a.root("https://cloud-images.ubuntu.com/releases") }

func (u ubuntu) indexURL(a asked) string { return u.root(a) + "/streams/v1/index.sjson" }

// ubuntuIndex is the part of the index that is read.
type ubuntuIndex struct {
	Format string `json:"format"`
	Index  map[string]struct {
		DataType string   `json:"datatype"`
		Format   string   `json:"format"`
		Path     string   `json:"path"`
		Products []string `json:"products"`
	} `json:"index"`
}

// ubuntuProduct is the part of a product that is read.
type ubuntuProduct struct {
	Arch     string                   `json:"arch"`
	Release  string                   `json:"release"` // code name
	Versions map[string]ubuntuVersion `json:"versions"`
}

type ubuntuVersion struct {
	Items map[string]struct {
		FType  string `json:"ftype"`
		Path   string `json:"path"`
		SHA256 string `json:"sha256"`
		Size   int64  `json:"size"`
	} `json:"items"`
}

func (u ubuntu) resolve(ctx context.Context, client *web.Client, a asked) (Release, error) {
	product, signer, address, err := u.product(ctx, client, a)
	if err != nil {
		return Release{}, err
	}
	serial := a.version
	if serial == "" {
		if serial = product.newest(); serial == "" {
			return Release{}, fmt.Errorf("reading %s: it has no disk image of %s for %s", address, a.channel, a.arch)
		}
	}
	artifact, err := product.disk(serial, a)
	if err != nil {
		return Release{}, fmt.Errorf("reading %s: %w", address, err)
	}
	artifact.URL = u.root(a) + "/" + artifact.URL
	return Release{
		Version: serial, Artifacts: []Artifact{artifact}, Published: serialDay(serial),
		Trust:   image.TrustSigned,
		Verdict: "sha256 from Ubuntu's list of products, signed by " + signer,
	}, nil
}

func (u ubuntu) releases(ctx context.Context, client *web.Client, a asked) ([]Summary, error) {
	product, _, _, err := u.product(ctx, client, a)
	if err != nil {
		return nil, err
	}
	var all []Summary
	for _, serial := range product.serials() {
		all = append(all, Summary{Version: serial, Published: serialDay(serial)})
	}
	return all, nil
}

// product finds the images of a release and architecture. It also returns who
// signed the list and where it lies.
func (u ubuntu) product(ctx context.Context, client *web.Client, a asked) (p ubuntuProduct, signer, address string, err error) {
	if !matches(a.option("release"), `\d{2}\.\d{2}`) {
		return p, "", "", errors.New("its catalog entry does not name a release such as 24.04 in release.options")
	}
	id := "com.ubuntu.cloud:server:" + a.option("release") + ":" + a.arch
	text, _, err := a.opened(ctx, client, u.indexURL(a), ubuntuKey, a.version, maxIndexBytes)
	if err != nil {
		return p, "", "", err
	}
	path, err := ubuntuProducts(text, id)
	if err != nil {
		return p, "", "", fmt.Errorf("reading %s: %w", u.indexURL(a), err)
	}
	address = u.root(a) + "/" + path
	text, keys, err := a.opened(ctx, client, address, ubuntuKey, a.version, maxProductsBytes)
	if err != nil {
		return p, "", "", err
	}
	p, err = readUbuntuProduct(text, id, a)
	if err != nil {
		return p, "", "", fmt.Errorf("reading %s: %w", address, err)
	}
	return p, keys.String(), address, nil
}

// ubuntuProducts finds the list that has a product, and returns the path of
// its signed form.
func ubuntuProducts(text []byte, id string) (string, error) {
	var index ubuntuIndex
	if err := json.Unmarshal(text, &index); err != nil {
		return "", err
	}
	if index.Format != "index:1.0" {
		return "", fmt.Errorf("its format is %q, not index:1.0", clip(index.Format))
	}
	for _, part := range index.Index {
		if part.DataType != "image-downloads" || part.Format != "products:1.0" || !slices.Contains(part.Products, id) {
			continue
		}
		if !isPath(part.Path) {
			return "", fmt.Errorf("the list of products lies at %q, which does not lead straight to a file", clip(part.Path))
		}
		return strings.TrimSuffix(strings.TrimSuffix(part.Path, ".json"), ".sjson") + ".sjson", nil
	}
	return "", fmt.Errorf("it names no product %s", id)
}

func readUbuntuProduct(text []byte, id string, a asked) (ubuntuProduct, error) {
	var list struct {
		Format   string                   `json:"format"`
		Products map[string]ubuntuProduct `json:"products"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return ubuntuProduct{}, err
	}
	if list.Format != "products:1.0" {
		return ubuntuProduct{}, fmt.Errorf("its format is %q, not products:1.0", clip(list.Format))
	}
	p, ok := list.Products[id]
	switch {
	case !ok:
		return ubuntuProduct{}, fmt.Errorf("it has no product %s", id)
	case p.Release != a.channel || p.Arch != a.arch:
		return ubuntuProduct{}, fmt.Errorf("its product %s is %q for %q, not %s for %s", id, clip(p.Release), clip(p.Arch), a.channel, a.arch)
	}
	return p, nil
}

// serials are the builds that have a disk image, the newest first.
func (p ubuntuProduct) serials() []string {
	var all []string
	for serial, v := range p.Versions {
		if matches(serial, `\d{8}(\.\d{1,3})?`) && v.Items["disk1.img"].FType == "disk1.img" {
			all = append(all, serial)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return compareVersions(b, a) })
	return all
}

func (p ubuntuProduct) newest() string {
	if all := p.serials(); len(all) > 0 {
		return all[0]
	}
	return ""
}

// disk is the image of a build; its URL is still the path.
func (p ubuntuProduct) disk(serial string, a asked) (Artifact, error) {
	item, ok := p.Versions[serial].Items["disk1.img"]
	name := "ubuntu-" + a.option("release") + "-server-cloudimg-" + a.arch + ".img"
	switch {
	case !ok || item.FType != "disk1.img":
		all := p.serials()
		return Artifact{}, fmt.Errorf("it has no disk image of build %s; it has %s", serial, strings.Join(all[:min(len(all), 5)], ", "))
	case !isPath(item.Path) || !strings.HasSuffix(item.Path, "/release-"+serial+"/"+name):
		return Artifact{}, fmt.Errorf("the image of build %s lies at %q, which is another file", serial, clip(item.Path))
	case !isHex(item.SHA256, 64):
		return Artifact{}, fmt.Errorf("the image of build %s has no SHA-256 digest", serial)
	}
	// A qcow2 in spite of its name.
	return Artifact{Role: image.RoleDisk, URL: item.Path, Format: "qcow2", SHA256: strings.ToLower(item.SHA256), Size: max(item.Size, 0)}, nil
}

// serialDay is the day that a build's version begins with.
func serialDay(version string) time.Time {
	day, err := time.Parse("20060102", version[:min(len(version), 8)])
	if err != nil {
		return time.Time{} // only decoration
	}
	return day
}
