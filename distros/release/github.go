package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"distrolab/distros/image"
	"distrolab/distros/web"
)

// github asks GitHub which releases a project has. A version is the tag. Drafts
// and pre-releases are passed over unless asked for by their tag.
//
// Options of the catalog entry: "repo", owner/name; "disk", "kernel", "initrd"
// and "iso", the names of the files, in which {tag}, {version} (the tag without
// its v) and {arch} stand for what they say; "checksums", the list of digests;
// "digest", its kind; "arch_amd64" and "arch_arm64", the project's names;
// "bundle", a Sigstore bundle over the list, made by "identity" (RE2), whom
// "issuer" (URL) vouches for.
type github struct{}

// gitRelease is the part of GitHub's answer that is read.
type gitRelease struct {
	Tag        string     `json:"tag_name"`
	Draft      bool       `json:"draft"`
	Prerelease bool       `json:"prerelease"`
	Published  time.Time  `json:"published_at"`
	Assets     []gitAsset `json:"assets"`
}

type gitAsset struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	URL  string `json:"browser_download_url"`
}

func (github) indexURL(a asked) string { return gitIndex(a, a.option("repo")) }

// gitIndex is where GitHub describes the newest release of a project, or the
// one asked for.
func gitIndex(a asked, repo string) string {
	address := a.root("https://api.github.com") + "/repos/" + repo + "/releases/"
	if a.version == "" {
		return address + "latest"
	}
	return address + "tags/" + url.PathEscape(a.version)
}

// askGitHub finds a release of a project.
func askGitHub(ctx context.Context, client *web.Client, a asked, repo string) (gitRelease, error) {
	address := gitIndex(a, repo)
	text, err := client.Get(ctx, address, maxIndexBytes)
	if err != nil {
		return gitRelease{}, limited(err, address)
	}
	r, err := readGitRelease(text, a.version)
	if err != nil {
		return gitRelease{}, fmt.Errorf("reading %s: %w", address, err)
	}
	return r, nil
}

// limited explains an answer with which GitHub refuses to answer.
func limited(err error, address string) error {
	var status *web.StatusError
	if !errors.As(err, &status) || (status.Code != http.StatusForbidden && status.Code != http.StatusTooManyRequests) {
		return err
	}
	u, parseErr := url.Parse(address)
	if parseErr != nil {
		return err
	}
	return &UnreachableError{Host: u.Host, Err: status,
		Hint: "GitHub answers 60 requests an hour to one address without an account; wait, name a mirror, or use a version that the store holds"}
}

// readGitRelease reads one release; empty tag: the newest, which then may not
// be a draft or pre-release.
func readGitRelease(text []byte, tag string) (gitRelease, error) {
	var r gitRelease
	if err := json.Unmarshal(text, &r); err != nil {
		return gitRelease{}, err
	}
	switch {
	case !isVersion(r.Tag):
		return gitRelease{}, fmt.Errorf("its tag %q is not a version", clip(r.Tag))
	case tag != "" && r.Tag != tag:
		return gitRelease{}, fmt.Errorf("it is release %s, not %s", r.Tag, tag)
	case r.Draft:
		return gitRelease{}, fmt.Errorf("%s is a draft, which its project has not published", r.Tag)
	case tag == "" && r.Prerelease:
		return gitRelease{}, fmt.Errorf("%s is a pre-release, which is only taken when asked for by its tag", r.Tag)
	}
	return r, nil
}

// gitFile finds a file of a release and returns where it is fetched from. The
// address that GitHub gives must be the one every file of that release has.
func (r gitRelease) file(a asked, repo, name string) (gitAsset, error) {
	for _, asset := range r.Assets {
		if asset.Name != name {
			continue
		}
		path := "/" + repo + "/releases/download/" + r.Tag + "/" + name
		given, err := url.PathUnescape(asset.URL)
		if err != nil || (given != "https://github.com"+path && given != a.root("https://github.com")+path) {
			return gitAsset{}, fmt.Errorf("%s lies at %q, which is not that of release %s", name, clip(asset.URL), r.Tag)
		}
		asset.URL = a.root("https://github.com") + path
		return asset, nil
	}
	return gitAsset{}, &missingAssetError{tag: r.Tag, name: name}
}

// missingAssetError says that a release lacks a file.
type missingAssetError struct{ tag, name string }

func (e *missingAssetError) Error() string {
	return fmt.Sprintf("release %s has no file %s; it may not be built for this architecture", e.tag, e.name)
}

func (g github) resolve(ctx context.Context, client *web.Client, a asked) (Release, error) {
	repo := a.option("repo")
	if !matches(repo, `[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}`) || a.option("checksums") == "" {
		return Release{}, errors.New("its catalog entry does not name repo, such as owner/name, and checksums in release.options")
	}
	found, err := askGitHub(ctx, client, a, repo)
	if err != nil {
		return Release{}, err
	}
	list, verdict, err := g.list(ctx, client, a, found)
	if err != nil {
		return Release{}, err
	}
	r := Release{Version: found.Tag, Published: found.Published, Trust: image.TrustDigest, Verdict: verdict + a.overTLS() + "; no signature of it is known"}
	switch {
	case a.option("bundle") != "" && a.bundle == nil:
		r.Verdict = verdict + a.overTLS() + "; its Sigstore bundle is not checked"
	case a.option("bundle") != "":
		r.Trust, r.Verdict = image.TrustSigned, verdict+", signed by "+a.option("identity")+" (Sigstore)"
	}
	if r.Artifacts, err = g.artifacts(a, found, list); err != nil {
		return Release{}, fmt.Errorf("reading %s: %w", g.indexURL(a), err)
	}
	return r, nil
}

// fill puts what a release is into the name of a file.
func (github) fill(a asked, r gitRelease, name string) string {
	return strings.NewReplacer("{tag}", r.Tag, "{version}", strings.TrimPrefix(r.Tag, "v"), "{arch}", vendorName(a)).Replace(name)
}

// list fetches the list of digests, checks its bundle if there is one, and says
// what it was.
func (g github) list(ctx context.Context, client *web.Client, a asked, r gitRelease) ([]byte, string, error) {
	asset, err := r.file(a, a.option("repo"), g.fill(a, r, a.option("checksums")))
	if err != nil {
		return nil, "", fmt.Errorf("reading %s: %w", g.indexURL(a), err)
	}
	list, err := client.Get(ctx, asset.URL, maxIndexBytes)
	verdict := a.option("digest") + " from " + asset.Name
	if err != nil || a.option("bundle") == "" || a.bundle == nil {
		return list, verdict, err
	}
	bundle, err := r.file(a, a.option("repo"), g.fill(a, r, a.option("bundle")))
	var missing *missingAssetError
	if errors.As(err, &missing) {
		return nil, "", &UnsignedError{Distro: a.distro.Name, Version: r.Tag,
			Missing: fmt.Sprintf("release %s has no %s, and this project signs every list of digests", r.Tag, missing.name)}
	}
	if err != nil {
		return nil, "", fmt.Errorf("reading %s: %w", g.indexURL(a), err)
	}
	proof, err := client.Get(ctx, bundle.URL, maxIndexBytes)
	if err != nil {
		return nil, "", unsigned(err, a, r.Tag, bundle.URL)
	}
	if err := a.bundle(list, proof, a.option("identity"), a.option("issuer")); err != nil {
		return nil, "", fmt.Errorf("checking %s: %w", bundle.URL, err)
	}
	return list, verdict, nil
}

// artifacts are the files that the catalog entry names, each with its digest.
func (g github) artifacts(a asked, r gitRelease, list []byte) ([]Artifact, error) {
	var all []Artifact
	for _, role := range []string{image.RoleDisk, image.RoleKernel, image.RoleInitrd, image.RoleISO} {
		if a.option(role) == "" {
			continue
		}
		asset, err := r.file(a, a.option("repo"), g.fill(a, r, a.option(role)))
		if err != nil {
			return nil, err
		}
		file, err := sum(list, asset.Name, digitsOf(a.option("digest")))
		if err != nil {
			return nil, err
		}
		artifact := Artifact{Role: role, URL: asset.URL, Size: max(asset.Size, 0)}
		artifact.Format, artifact.Compression = formatOf(role, asset.Name, a.arch)
		artifact.setDigest(file.digest)
		all = append(all, artifact)
	}
	if len(all) == 0 {
		return nil, errors.New("the catalog entry names no file in release.options")
	}
	return all, nil
}

// formatOf tells a file's format from its role and name. A disk called .img is
// a qcow2 with all projects that are known.
func formatOf(role, name, arch string) (format, compression string) {
	switch role {
	case image.RoleKernel:
		return map[string]string{"amd64": "bzImage", "arm64": "Image"}[arch], ""
	case image.RoleInitrd:
		return "cpio", ""
	case image.RoleISO:
		return "iso9660", ""
	}
	for _, c := range image.Compressions() {
		if c != "" && strings.HasSuffix(name, "."+c) {
			name, compression = strings.TrimSuffix(name, "."+c), c
		}
	}
	if strings.HasSuffix(name, ".raw") {
		return "raw", compression
	}
	return "qcow2", compression
}

func (github) releases(ctx context.Context, client *web.Client, a asked) ([]Summary, error) {
	return gitReleases(ctx, client, a, a.option("repo"))
}

// gitReleases lists the newest releases of a project.
func gitReleases(ctx context.Context, client *web.Client, a asked, repo string) ([]Summary, error) {
	address := a.root("https://api.github.com") + "/repos/" + repo + "/releases?per_page=30"
	text, err := client.Get(ctx, address, maxIndexBytes)
	if err != nil {
		return nil, limited(err, address)
	}
	all, err := readGitReleases(text)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", address, err)
	}
	return all, nil
}

func readGitReleases(text []byte) ([]Summary, error) {
	var list []gitRelease
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, err
	}
	var all []Summary
	for _, r := range list {
		if isVersion(r.Tag) && !r.Draft && !r.Prerelease {
			all = append(all, Summary{Version: r.Tag, Published: r.Published})
		}
	}
	return all, nil
}
