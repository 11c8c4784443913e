package release

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"distrolab/distros/image"
	"distrolab/distros/web"
)

// Talos's addresses.
const (
	talosRepo    = "siderolabs/talos"
	talosFactory = "https://factory.talos.dev"
)

// factoryTimeout is how long the Image Factory may take to build an image that
// nobody asked for before.
const factoryTimeout = 15 * time.Minute

// talos asks GitHub for the versions of Talos Linux, and its Image Factory for
// the image: what a schematic, named by its digest, makes of a version.
//
// Options of the catalog entry: "platform", such as nocloud; "schematic", 64
// hexadecimal digits.
type talos struct{}

func (talos) indexURL(a asked) string { return gitIndex(a, talosRepo) }

func (t talos) resolve(ctx context.Context, client *web.Client, a asked) (Release, error) {
	platform, schematic := a.option("platform"), a.option("schematic")
	if !isWord(platform) || !isHex(schematic, 64) {
		return Release{}, errors.New("its catalog entry does not name platform and schematic in release.options")
	}
	found, err := askGitHub(ctx, client, a, talosRepo)
	if err != nil {
		return Release{}, err
	}
	name := platform + "-" + a.arch + ".raw.xz"
	artifact := Artifact{
		Role: image.RoleDisk, URL: a.root(talosFactory) + "/image/" + schematic + "/" + found.Tag + "/" + name,
		Format: "raw", Compression: "xz",
	}
	r := Release{Version: found.Tag, Published: found.Published, Trust: image.TrustNone,
		Verdict: "nothing to check against: the public Image Factory publishes neither digest nor signature; only" + a.overTLS() + " and the image's own checksum inside xz"}
	if artifact.Size, err = t.build(ctx, client, a, artifact.URL, name); err != nil {
		return Release{}, err
	}
	digest, err := t.digest(ctx, client, artifact.URL, name)
	if err != nil {
		return Release{}, err
	}
	if digest != "" {
		artifact.SHA256 = digest
		r.Trust, r.Verdict = image.TrustDigest, "sha256 from the Image Factory"+a.overTLS()
	}
	r.Artifacts = []Artifact{artifact}
	return r, nil
}

// build has the factory make the image, which takes minutes when nobody asked
// for this schematic and version before, and returns its size.
func (talos) build(ctx context.Context, client *web.Client, a asked, address, name string) (int64, error) {
	if a.progress != nil {
		a.progress(image.Progress{Phase: "waiting until the factory has built", File: name})
	}
	return client.Patient(factoryTimeout).Size(ctx, address)
}

// digest asks for the digest of an image: only factories that are paid for
// give it; the public one answers 402, and the digest is empty.
func (talos) digest(ctx context.Context, client *web.Client, address, name string) (string, error) {
	text, err := client.Get(ctx, address+".sha256", maxIndexBytes)
	var status *web.StatusError
	if errors.As(err, &status) && status.Code == http.StatusPaymentRequired {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	digest, err := bareSum(text, name, 64)
	if err != nil {
		return "", fmt.Errorf("reading %s.sha256: %w", address, err)
	}
	return digest, nil
}

func (talos) releases(ctx context.Context, client *web.Client, a asked) ([]Summary, error) {
	return gitReleases(ctx, client, a, talosRepo)
}
