package release

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"distrolab/distros/image"
	"distrolab/distros/web"
)

// flatcarVersionPattern is the form of Flatcar's versions.
const flatcarVersionPattern = `\d{1,6}\.\d{1,4}\.\d{1,4}(\+[A-Za-z0-9.-]{1,32})?`

// flatcar asks the release servers of Flatcar Container Linux, one for each
// channel (stable, beta, alpha, lts): version.txt names the current version,
// DIGESTS.asc beside an image has its digests, clear-signed. Formats:
// flatcar/scripts:ci-automation/ci_automation_common.sh.
type flatcar struct{}

func (flatcar) root(a asked) string {
	return a.root("https://"+a.channel+".release.flatcar-linux.net") + "/" + a.arch + "-usr/"
}

func (f flatcar) indexURL(a asked) string {
	if a.version != "" {
		return f.root(a) + a.version + "/version.txt"
	}
	return f.root(a) + "current/version.txt"
}

func (f flatcar) resolve(ctx context.Context, client *web.Client, a asked) (Release, error) {
	text, err := client.Get(ctx, f.indexURL(a), maxIndexBytes)
	if err != nil {
		return Release{}, err
	}
	version, err := flatcarVersion(text)
	if err != nil {
		return Release{}, fmt.Errorf("reading %s: %w", f.indexURL(a), err)
	}
	if a.version != "" && version != a.version {
		return Release{}, fmt.Errorf("reading %s: it says version %s", f.indexURL(a), version)
	}
	// From here by version: "current" may move between two requests.
	name := "flatcar_production_qemu_image.img"
	if a.arch == "arm64" {
		name = "flatcar_production_qemu_uefi_image.img"
	}
	address := f.root(a) + version + "/" + name
	list, keys, err := a.opened(ctx, client, address+".DIGESTS.asc", "flatcar", version, maxIndexBytes)
	if err != nil {
		return Release{}, err
	}
	file, err := sum(section(list, "SHA512 HASH"), name, 128)
	if err != nil {
		return Release{}, fmt.Errorf("reading %s.DIGESTS.asc: %w", address, err)
	}
	return Release{
		Version: version,
		// A qcow2 in spite of its name, since 3602.2.0.
		Artifacts: []Artifact{{Role: image.RoleDisk, URL: address, Format: "qcow2", SHA512: file.digest}},
		Trust:     image.TrustSigned,
		Verdict:   fmt.Sprintf("sha512 from DIGESTS.asc, signed by %s", keys),
	}, nil
}

// flatcarVersion reads FLATCAR_VERSION from a version.txt of KEY=value lines.
func flatcarVersion(text []byte) (string, error) {
	for line := range strings.Lines(string(text)) {
		value, ok := strings.CutPrefix(strings.TrimSpace(line), "FLATCAR_VERSION=")
		if !ok {
			continue
		}
		value = strings.Trim(value, `"'`)
		if !matches(value, flatcarVersionPattern) {
			return "", fmt.Errorf("FLATCAR_VERSION %q is not a version", clip(value))
		}
		return value, nil
	}
	return "", fmt.Errorf("it has no line FLATCAR_VERSION")
}

func (flatcar) releases(ctx context.Context, client *web.Client, a asked) ([]Summary, error) {
	address := a.root("https://www.flatcar.org") + "/releases-json/releases-" + a.channel + ".json"
	text, err := client.Get(ctx, address, maxIndexBytes)
	if err != nil {
		return nil, err
	}
	all, err := flatcarReleases(text, a.arch)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", address, err)
	}
	return all, nil
}

// flatcarReleases reads the list of a channel's releases. Its keys are versions
// and names such as "current" and "current-2024", which repeat one of them.
func flatcarReleases(text []byte, arch string) ([]Summary, error) {
	var list map[string]struct {
		Architectures []string `json:"architectures"`
		ReleaseDate   string   `json:"release_date"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, err
	}
	var all []Summary
	for version, r := range list {
		if !matches(version, flatcarVersionPattern) || !hasOrSilent(r.Architectures, arch) {
			continue
		}
		published, err := time.Parse("2006-01-02 15:04:05 -0700", r.ReleaseDate)
		if err != nil {
			published = time.Time{} // only decoration
		}
		all = append(all, Summary{Version: version, Published: published.UTC()})
	}
	return all, nil
}
