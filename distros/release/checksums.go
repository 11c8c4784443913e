package release

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"distrolab/distros/image"
	"distrolab/distros/web"
)

// checksums asks a plain directory of images with a list of their digests, as
// many vendors have it. Images are found in that list, or in the listing of the
// directory where each image has a list of its own.
//
// Options of the catalog entry: "directory" below the root; "list", the name of
// the list; "file", the pattern of an image's name with a group "version";
// "arch_amd64" and "arch_arm64", the vendor's names; "digest", sha256 or
// sha512; "compression" and "format" of the images; "signature", the suffix of
// the list's signature, or clearsigned; "key", who signs. In these {channel},
// {arch}, {version} and {file} stand for what they say.
type checksums struct{}

// layout is what the options come to for one query.
type layout struct {
	directory string // URL, with a slash at its end
	list      string // name, still with {file} and {version}
	file      *regexp.Regexp
	digits    int
}

func (checksums) layout(a asked) (layout, error) {
	fill := strings.NewReplacer("{channel}", a.channel, "{arch}", vendorName(a))
	quoted := strings.NewReplacer("{channel}", regexp.QuoteMeta(a.channel), "{arch}", regexp.QuoteMeta(vendorName(a)))
	l := layout{directory: a.base + "/", list: fill.Replace(a.option("list")), digits: digitsOf(a.option("digest"))}
	if directory := strings.Trim(fill.Replace(a.option("directory")), "/"); directory != "" {
		if !isPath(directory) {
			return layout{}, fmt.Errorf("its catalog entry names the directory %q, which is not a path below the root", clip(directory))
		}
		l.directory += directory + "/"
	}
	pattern, err := regexp.Compile("^(?:" + quoted.Replace(a.option("file")) + ")$")
	switch {
	case err != nil || pattern.SubexpIndex("version") < 0:
		return layout{}, fmt.Errorf("its catalog entry has no pattern of the image's name with a group (?P<version>…) in release.options.file")
	case l.list == "" || a.base == "" || l.digits == 0:
		return layout{}, fmt.Errorf("its catalog entry does not name base_url, list and digest")
	}
	l.file = pattern
	return l, nil
}

// vendorName is the name of the architecture in the vendor's paths.
func vendorName(a asked) string {
	if name := a.option("arch_" + a.arch); name != "" {
		return name
	}
	return a.arch
}

func digitsOf(digest string) int {
	return map[string]int{"sha256": 64, "sha512": 128}[digest]
}

// single says whether each image has a list of its own.
func (l layout) single() bool {
	return strings.Contains(l.list, "{file}") || strings.Contains(l.list, "{version}")
}

func (l layout) listURL(c candidate) string {
	return l.directory + strings.NewReplacer("{file}", c.name, "{version}", c.version).Replace(l.list)
}

func (cs checksums) indexURL(a asked) string {
	l, err := cs.layout(a)
	if err != nil || l.single() {
		return l.directory
	}
	return l.listURL(candidate{})
}

func (cs checksums) resolve(ctx context.Context, client *web.Client, a asked) (Release, error) {
	l, err := cs.layout(a)
	if err != nil {
		return Release{}, err
	}
	var chosen candidate
	if l.single() {
		all, err := list(ctx, client, l.directory, l.file)
		if err != nil {
			return Release{}, err
		}
		if chosen, err = choose(all, a.version); err != nil {
			return Release{}, fmt.Errorf("reading %s: %w", l.directory, err)
		}
	}
	text, signer, err := l.text(ctx, client, chosen, a)
	why := keyless(err)
	if err != nil && (why == "" || text == nil) {
		return Release{}, err
	}
	file, version, err := l.pick(text, chosen, a)
	if err != nil {
		return Release{}, fmt.Errorf("reading %s: %w", l.listURL(chosen), err)
	}
	artifact := Artifact{Role: image.RoleDisk, URL: l.directory + file.name, Format: a.option("format"), Compression: a.option("compression"), Size: file.size}
	artifact.setDigest(file.digest)
	r := Release{Version: version, Artifacts: []Artifact{artifact}, Trust: image.TrustDigest, Verdict: a.option("digest") + " from " + l.listName(chosen)}
	switch {
	case why != "":
		r.Verdict += a.overTLS() + "; " + why
	case signer == "":
		r.Verdict += a.overTLS() + "; no signature of it is known"
	default:
		r.Trust, r.Verdict = image.TrustSigned, r.Verdict+", signed by "+signer
	}
	return r, nil
}

func (l layout) listName(c candidate) string { return strings.TrimPrefix(l.listURL(c), l.directory) }

// setDigest notes a digest by its length.
func (a *Artifact) setDigest(digest string) {
	if len(digest) == 128 {
		a.SHA512 = digest
		return
	}
	a.SHA256 = digest
}

// text asks for the list, and checks its signature if the vendor signs it; the
// second value then names the signer. If the signer's key is not known, the
// list is returned with the error.
func (l layout) text(ctx context.Context, client *web.Client, c candidate, a asked) ([]byte, string, error) {
	address, suffix, key := l.listURL(c), a.option("signature"), a.option("key")
	if suffix == "clearsigned" {
		text, keys, err := a.opened(ctx, client, address, key, c.version, maxIndexBytes)
		return text, keys.String(), err
	}
	text, err := client.Get(ctx, address, maxIndexBytes)
	if err != nil || suffix == "" {
		return text, "", err
	}
	keys, err := a.checked(ctx, client, text, address+suffix, key, c.version)
	return text, keys.String(), err
}

// pick finds the image in the list: the one chosen before, else the version
// asked for, else the newest.
func (l layout) pick(text []byte, chosen candidate, a asked) (listed, string, error) {
	if chosen.name != "" {
		file, err := sum(text, chosen.name, l.digits)
		return file, chosen.version, err
	}
	files, err := l.files(text)
	if err != nil {
		return listed{}, "", err
	}
	if chosen, err = choose(l.candidates(files, a.channel), a.version); err != nil {
		return listed{}, "", err
	}
	i := slices.IndexFunc(files, func(f listed) bool { return f.name == chosen.name })
	return files[i], chosen.version, nil
}

// candidates are the images of a list. Where a name has no version of its own
// (no digit in it, or only the channel's), because the vendor replaces the
// file, the digest tells builds apart.
func (l layout) candidates(files []listed, channel string) []candidate {
	var names []string
	for _, f := range files {
		names = append(names, f.name)
	}
	all := candidates(names, l.file)
	for i, c := range all {
		if strings.ContainsAny(c.version, "0123456789") && c.version != channel {
			continue
		}
		file := files[slices.Index(names, c.name)]
		all[i].version = strings.TrimPrefix(channel+"-"+file.digest[:12], "-")
	}
	newestFirst(all)
	return all
}

func (l layout) files(text []byte) ([]listed, error) {
	return readSums(text, l.digits, l.file.MatchString)
}

func (cs checksums) releases(ctx context.Context, client *web.Client, a asked) ([]Summary, error) {
	l, err := cs.layout(a)
	if err != nil {
		return nil, err
	}
	if l.single() {
		all, err := list(ctx, client, l.directory, l.file)
		return summariesOf(all), err
	}
	text, _, err := l.text(ctx, client, candidate{}, a)
	if err != nil && (keyless(err) == "" || text == nil) {
		return nil, err
	}
	files, err := l.files(text)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", l.listURL(candidate{}), err)
	}
	return summariesOf(l.candidates(files, a.channel)), nil
}
