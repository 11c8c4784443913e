package image

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Schema is the schema name of the manifests this package reads and writes.
const Schema = "distrolab.image/1"

// ManifestName is the file that describes an image, beside the image's files.
const ManifestName = "image.json"

// The roles of an image's files. An image has a disk, or a kernel, or both, or
// an installer's or live system's medium.
const (
	RoleDisk   = "disk"   // format "qcow2" or "raw"
	RoleKernel = "kernel" // format "bzImage" (x86) or "Image" (arm64)
	RoleInitrd = "initrd" // format "cpio": an initramfs, compressed or not
	RoleISO    = "iso"    // format "iso9660": a medium to start from
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
	Trust   string          `json:"trust"`             // how far it is vouched for, such as [TrustSigned]
	Verdict string          `json:"verdict"`           // the same in a sentence: what was checked, and what was not
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
	m, err := parseManifest(r)
	if err != nil {
		return Manifest{}, err
	}
	if err := m.validate(); err != nil {
		return Manifest{}, fmt.Errorf("checking %s: %w", ManifestName, err)
	}
	return m, nil
}

func parseManifest(r io.Reader) (Manifest, error) {
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
	return m, nil
}

// validate returns every problem of a manifest, joined.
func (m Manifest) validate() error {
	var bad []error
	note := func(format string, args ...any) { bad = append(bad, fmt.Errorf(format, args...)) }
	if m.Schema != Schema {
		note("schema %q is not %s", clip(m.Schema), Schema)
	}
	if !isDistro(m.Distro) {
		note("distro %q is not a catalog name", clip(m.Distro))
	}
	if !isWord(m.Version, 64, "._+~-") {
		note("version %q has characters other than letters, digits and . _ + ~ -", clip(m.Version))
	}
	if m.Arch != "amd64" && m.Arch != "arm64" {
		note("arch %q is not amd64 or arm64", clip(m.Arch))
	}
	if trustRank(m.Trust) < 0 {
		note("trust %q is not one of %s", clip(m.Trust), strings.Join(trusts(), ", "))
	}
	for field, text := range map[string]string{"origin": m.Origin, "verdict": m.Verdict, "cmdline": m.Cmdline} {
		if len(text) > 1000 || strings.ContainsFunc(text, unprintable) {
			note("%s is longer than 1000 bytes or holds control characters", field)
		}
	}
	if !m.has(RoleDisk) && !m.has(RoleKernel) && !m.has(RoleISO) {
		note("it has neither a disk nor a kernel nor a medium, so nothing could boot")
	}
	for _, role := range slices.Sorted(maps.Keys(m.Files)) {
		if err := m.Files[role].validate(role); err != nil {
			note("files.%s: %w", clip(role), err)
		}
	}
	slices.SortStableFunc(bad, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(bad...)
}

func (m Manifest) has(role string) bool {
	_, ok := m.Files[role]
	return ok
}

// formatsOf are the formats a role may have; none for an unknown role.
func formatsOf(role string) []string {
	switch role {
	case RoleDisk:
		return []string{"qcow2", "raw"}
	case RoleKernel:
		return []string{"bzImage", "Image"}
	case RoleInitrd:
		return []string{"cpio"}
	case RoleISO:
		return []string{"iso9660"}
	}
	return nil
}

func (f File) validate(role string) error {
	formats := formatsOf(role)
	switch {
	case formats == nil:
		return fmt.Errorf("the roles are %s, %s, %s and %s", RoleDisk, RoleKernel, RoleInitrd, RoleISO)
	case !plainName(f.Name):
		return fmt.Errorf("name %q is not a plain file name", clip(f.Name))
	case !slices.Contains(formats, f.Format):
		return fmt.Errorf("format %q is not one of %s", clip(f.Format), strings.Join(formats, ", "))
	case !isHex(f.SHA256, 64):
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
	return isWord(name, 128, "._+-") && name != ManifestName
}

// isWord reports whether a text is one to max letters, digits and characters
// of extra, with a letter or digit first. It is no regular expression, because
// every image of the store is checked so before a cached one is found.
func isWord(s string, max int, extra string) bool {
	for i, c := range []byte(s) {
		alnum := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !alnum && (i == 0 || strings.IndexByte(extra, c) < 0) {
			return false
		}
	}
	return len(s) > 0 && len(s) <= max
}

func isDistro(s string) bool { return isWord(s, 32, "-") && s == strings.ToLower(s) }

// isHex reports whether a text is a number of small hexadecimal digits.
func isHex(s string, digits int) bool {
	return len(s) == digits && strings.Trim(s, "0123456789abcdef") == ""
}

// isID reports whether a text is the address of an image.
func isID(s string) bool {
	at := len(s) - 17
	return at > 0 && s[at] == '-' && isDistro(s[:at]) && isHex(s[at+1:], 16)
}

func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar
}

// cleaned replaces what may not be in a text of a manifest.
func cleaned(s string) string {
	return strings.Map(func(r rune) rune {
		if unprintable(r) {
			return '?'
		}
		return r
	}, s)
}

// clip shortens a text from outside for an error message.
func clip(s string) string {
	if len(s) > 64 {
		return strings.ToValidUTF8(s[:64], "") + "…"
	}
	return s
}
