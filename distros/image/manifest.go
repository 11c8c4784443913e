// Package image keeps bootable images that were verified: it fetches, unpacks,
// checks and stores them by their content, and protects those in use.
//
// It touches the store's own directory, the directory an image is added from,
// and, when told to fetch, the network through the client it is given. What it
// reads from outside (manifests, images, servers) is hostile until checked.
package image

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Schema is the schema name of the manifests this package reads and writes.
const Schema = "distrolab.image/1"

// ManifestName is the file that describes an image, beside the image's files.
const ManifestName = "image.json"

// The roles of an image's files. An image has a disk, or a kernel, or both.
const (
	RoleDisk   = "disk"   // format "qcow2" or "raw"
	RoleKernel = "kernel" // format "bzImage" (x86) or "Image" (arm64)
	RoleInitrd = "initrd" // format "cpio": an initramfs, compressed or not
)

// maxManifestBytes bounds image.json.
const maxManifestBytes = 64 << 10

// Manifest says what an image is and what was checked of it.
type Manifest struct {
	Schema  string          `json:"schema"`            // [Schema]
	Distro  string          `json:"distro"`            // catalog name
	Version string          `json:"version"`           // the publisher's, or the builder's
	Arch    string          `json:"arch"`              // "amd64" or "arm64"
	Origin  string          `json:"origin"`            // one sentence or URL: where it comes from
	Verdict string          `json:"verdict"`           // what was checked, and what was not
	Files   map[string]File `json:"files"`             // by role
	Cmdline string          `json:"cmdline,omitempty"` // kernel command line, for direct kernel boot
	Created time.Time       `json:"created"`           // when it was built or published
}

// File is one file of an image.
type File struct {
	Name   string `json:"name"`   // plain file name, beside image.json
	SHA256 string `json:"sha256"` // of the whole file, 64 hexadecimal digits
	Size   int64  `json:"size"`   // bytes
	Format string `json:"format"` // see the roles
}

// readManifest reads a manifest that nobody vouches for.
func readManifest(r io.Reader) (Manifest, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxManifestBytes+1))
	if err != nil {
		return Manifest{}, fmt.Errorf("reading %s: %w", ManifestName, err)
	}
	if len(text) > maxManifestBytes {
		return Manifest{}, fmt.Errorf("reading %s: larger than 64 KiB, so it is not a manifest", ManifestName)
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return Manifest{}, fmt.Errorf("reading %s: %w", ManifestName, err)
	}
	if err := m.validate(); err != nil {
		return Manifest{}, fmt.Errorf("checking %s: %w", ManifestName, err)
	}
	return m, nil
}

// validate returns every problem of a manifest, joined.
func (m Manifest) validate() error {
	var bad []error
	note := func(format string, args ...any) { bad = append(bad, fmt.Errorf(format, args...)) }
	if m.Schema != Schema {
		note("schema %q is not %s", clip(m.Schema), Schema)
	}
	if !matches(m.Distro, `[a-z0-9][a-z0-9-]{0,31}`) {
		note("distro %q is not a catalog name", clip(m.Distro))
	}
	if !matches(m.Version, `[A-Za-z0-9][A-Za-z0-9._+~-]{0,63}`) {
		note("version %q has characters other than letters, digits and . _ + ~ -", clip(m.Version))
	}
	if m.Arch != "amd64" && m.Arch != "arm64" {
		note("arch %q is not amd64 or arm64", clip(m.Arch))
	}
	for field, text := range map[string]string{"origin": m.Origin, "verdict": m.Verdict, "cmdline": m.Cmdline} {
		if len(text) > 1000 || strings.ContainsFunc(text, unprintable) {
			note("%s is longer than 1000 bytes or holds control characters", field)
		}
	}
	if _, disk := m.Files[RoleDisk]; !disk {
		if _, kernel := m.Files[RoleKernel]; !kernel {
			note("it has neither a disk nor a kernel, so nothing could boot")
		}
	}
	for _, role := range slices.Sorted(maps.Keys(m.Files)) {
		if err := m.Files[role].validate(role); err != nil {
			note("files.%s: %w", clip(role), err)
		}
	}
	slices.SortStableFunc(bad, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(bad...)
}

func (f File) validate(role string) error {
	formats := map[string][]string{
		RoleDisk: {"qcow2", "raw"}, RoleKernel: {"bzImage", "Image"}, RoleInitrd: {"cpio"},
	}[role]
	switch {
	case formats == nil:
		return fmt.Errorf("the roles are %s, %s and %s", RoleDisk, RoleKernel, RoleInitrd)
	case !plainName(f.Name):
		return fmt.Errorf("name %q is not a plain file name", clip(f.Name))
	case !slices.Contains(formats, f.Format):
		return fmt.Errorf("format %q is not one of %s", clip(f.Format), strings.Join(formats, ", "))
	case !matches(f.SHA256, `[0-9a-f]{64}`):
		return fmt.Errorf("sha256 %q is not 64 small hexadecimal digits", clip(f.SHA256))
	case f.Size <= 0 || f.Size > maxVirtualSize:
		return fmt.Errorf("size %d is not that of a file", f.Size)
	}
	return nil
}

// id is the address of an image: its distro and a digest of all that makes it
// boot as it does. Two builds with the same files have the same address.
func (m Manifest) id() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n%s\n%s\n", m.Schema, m.Distro, m.Version, m.Arch, m.Cmdline)
	for _, role := range slices.Sorted(maps.Keys(m.Files)) {
		fmt.Fprintf(h, "%s %s %s\n", role, m.Files[role].Format, m.Files[role].SHA256)
	}
	return m.Distro + "-" + hex.EncodeToString(h.Sum(nil))[:16]
}

// plainName reports whether a name is that of a file in a directory, and
// nothing that leads elsewhere or that a shell, QEMU or libvirt would split.
func plainName(name string) bool {
	return matches(name, `[A-Za-z0-9][A-Za-z0-9._+-]{0,127}`) && name != ManifestName
}

func matches(s, pattern string) bool {
	ok, err := regexp.MatchString(`^(?:`+pattern+`)$`, s)
	return err == nil && ok
}

func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar
}

// clip shortens a text from outside for an error message.
func clip(s string) string {
	if len(s) > 64 {
		return strings.ToValidUTF8(s[:64], "") + "…"
	}
	return s
}
