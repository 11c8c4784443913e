package release

import (
	"context"
	"fmt"
	"strings"

	"distrolab/distros/image"
	"distrolab/distros/web"
)

// flatcar asks the release servers of Flatcar Container Linux, one for each
// channel: version.txt names the current version, DIGESTS beside an image has
// its digests. Formats: flatcar/scripts:ci-automation/ci_automation_common.sh.
type flatcar struct{}

func (flatcar) root(a asked) string {
	base := a.base
	if base == "" {
		base = "https://" + a.channel + ".release.flatcar-linux.net"
	}
	return base + "/" + a.arch + "-usr/"
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
	list, err := client.Get(ctx, address+".DIGESTS", maxIndexBytes)
	if err != nil {
		return Release{}, err
	}
	digest, err := sum(section(list, "SHA512 HASH"), name, 128)
	if err != nil {
		return Release{}, fmt.Errorf("reading %s.DIGESTS: %w", address, err)
	}
	return Release{
		Distro: a.distro.Name, Version: version, Channel: a.channel, Arch: a.arch,
		// A qcow2 in spite of its name, since 3602.2.0.
		Artifacts: []Artifact{{Role: image.RoleDisk, URL: address, Format: "qcow2", SHA512: digest}},
		Verdict:   "sha512 from DIGESTS" + overTLS(a) + "; OpenPGP signature not checked",
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
		if !matches(value, `\d{1,6}\.\d{1,4}\.\d{1,4}(\+[A-Za-z0-9.-]{1,32})?`) {
			return "", fmt.Errorf("FLATCAR_VERSION %q is not a version", clip(value))
		}
		return value, nil
	}
	return "", fmt.Errorf("it has no line FLATCAR_VERSION")
}

// overTLS says how a digest travelled.
func overTLS(a asked) string {
	if a.plain {
		return " over plain HTTP from a mirror you named"
	}
	return " over HTTPS"
}
