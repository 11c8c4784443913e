package kubernetes

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// The names of a bundle's parts.
const (
	Schema       = "distrolab.kubernetes/1" // of bundle.json
	ManifestName = "bundle.json"
	ArchiveName  = "node.tar"
	ImagesName   = "images" // an OCI image layout
)

// Where a bundle may come from.
const (
	OriginBuilt    = "built here from Kubernetes' Go modules"
	OriginOfficial = "official release"
)

// What a bundle may hold. Official releases need a tenth of it.
const (
	maxManifest = 1 << 20 // bytes of bundle.json, and of an image's manifest
	maxImages   = 64
	maxLayers   = 64
	maxBlob     = 4 << 30 // bytes of one layer, and of the node archive
	maxVerdict  = 200     // characters of a text
)

// Manifest is bundle.json: what a bundle is and which digests its parts have.
type Manifest struct {
	Schema  string   `json:"schema"`
	Version string   `json:"version"` // of Kubernetes, such as v1.36.1
	Arch    string   `json:"arch"`    // amd64 or arm64
	Origin  string   `json:"origin"`  // where it comes from, for people
	Node    Archive  `json:"node"`
	Pause   string   `json:"pause"` // reference of the image of pods' pause containers
	Hello   string   `json:"hello"` // reference of the probe pod's image; empty: there is none
	Images  []Image  `json:"images"`
	Addons  []string `json:"addons"` // of kubeadm, whose images work: coredns, kube-proxy
}

// Archive is the uncompressed tar of a node's programs: names such as
// opt/bin/kubelet, to be unpacked in the root directory.
type Archive struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// Image is one image of a bundle.
type Image struct {
	Ref    string `json:"ref"`    // registry, repository and tag
	Digest string `json:"digest"` // of its manifest: sha256:…
}

// versionPattern is what Kubernetes calls its releases.
const versionPattern = `^v[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,4}(-(alpha|beta|rc)\.[0-9]{1,3})?$`

// repositoryPattern is what the distribution specification calls a name.
const repositoryPattern = `^[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$`

// CheckVersion says whether a text is a version of Kubernetes such as v1.36.1.
func CheckVersion(version string) error {
	if !regexp.MustCompile(versionPattern).MatchString(version) {
		return fmt.Errorf("%.64q is no version of Kubernetes such as v1.36.1", version)
	}
	return nil
}

// parseManifest reads bundle.json strictly and checks it.
func parseManifest(r io.Reader) (Manifest, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err != nil {
		return Manifest{}, fmt.Errorf("reading %s: %w", ManifestName, err)
	}
	if len(text) > maxManifest {
		return Manifest{}, fmt.Errorf("reading %s: longer than %d bytes", ManifestName, maxManifest)
	}
	var m Manifest
	in := json.NewDecoder(strings.NewReader(string(text)))
	in.DisallowUnknownFields()
	if err := in.Decode(&m); err != nil {
		return Manifest{}, fmt.Errorf("reading %s: %w", ManifestName, err)
	}
	if in.More() {
		return Manifest{}, fmt.Errorf("reading %s: there is more after the manifest", ManifestName)
	}
	if err := m.check(); err != nil {
		return Manifest{}, fmt.Errorf("checking %s: %w", ManifestName, err)
	}
	return m, nil
}

// check finds what no bundle of ours has.
func (m Manifest) check() error {
	if m.Schema != Schema {
		return fmt.Errorf("schema %.64q: this distrolab reads %s", m.Schema, Schema)
	}
	if err := CheckVersion(m.Version); err != nil {
		return err
	}
	if m.Arch != "amd64" && m.Arch != "arm64" {
		return fmt.Errorf("architecture %.32q: use amd64 or arm64", m.Arch)
	}
	if err := checkText("origin", m.Origin); err != nil {
		return err
	}
	if m.Node.File != ArchiveName || !isSHA256(m.Node.SHA256) || m.Node.Bytes <= 0 || m.Node.Bytes > maxBlob {
		return fmt.Errorf("node: file %.64q of %d bytes with SHA-256 %.80q: want %s, its digest and a size of at most %d", m.Node.File, m.Node.Bytes, m.Node.SHA256, ArchiveName, int64(maxBlob))
	}
	for _, a := range m.Addons {
		if a != AddonDNS && a != AddonProxy {
			return fmt.Errorf("addon %.64q: kubeadm has %s and %s", a, AddonDNS, AddonProxy)
		}
	}
	return m.checkImages()
}

// The addons of kubeadm.
const (
	AddonDNS   = "coredns"
	AddonProxy = "kube-proxy"
)

func (m Manifest) checkImages() error {
	if len(m.Images) == 0 || len(m.Images) > maxImages {
		return fmt.Errorf("%d images: a bundle has 1 to %d", len(m.Images), maxImages)
	}
	seen := map[string]bool{}
	for _, i := range m.Images {
		if len(i.Ref) > maxVerdict {
			return fmt.Errorf("image %.64q: its name is too long", i.Ref)
		}
		ref, err := name.NewTag(i.Ref, name.StrictValidation)
		if err == nil && !regexp.MustCompile(repositoryPattern).MatchString(ref.RepositoryStr()) {
			err = errors.New("that is no name of a repository")
		}
		if err != nil {
			return fmt.Errorf("image %.64q: %w", i.Ref, err)
		}
		if hex, ok := strings.CutPrefix(i.Digest, "sha256:"); !ok || !isSHA256(hex) {
			return fmt.Errorf("image %s: digest %.80q is not sha256: with 64 hexadecimal digits", i.Ref, i.Digest)
		}
		if seen[i.Ref] {
			return fmt.Errorf("image %s is there twice", i.Ref)
		}
		seen[i.Ref] = true
	}
	if !seen[m.Pause] {
		return fmt.Errorf("the pause image %.64q is not among the images", m.Pause)
	}
	if m.Hello != "" && !seen[m.Hello] {
		return fmt.Errorf("the probe pod's image %.64q is not among the images", m.Hello)
	}
	return nil
}

// checkText accepts one line for people.
func checkText(what, text string) error {
	if text == "" || len(text) > maxVerdict || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) {
		return errors.New(what + ": it is not one line of text")
	}
	return nil
}

func isSHA256(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
