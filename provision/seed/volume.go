package seed

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/kdomanski/iso9660"

	"distrolab/distros"
	"distrolab/provision"
)

// Limits of ISO 9660 as the library writes it: names beyond them are cut or
// rewritten without a word, so they are refused here.
const (
	sectorSize     = 2048     // bytes
	maxLabel       = 32       // bytes
	maxName        = 28       // bytes of a file name, its version suffix ";1" apart
	maxExtension   = 8        // bytes after the dot
	maxPath        = 255      // bytes of a whole path
	maxVolumeFiles = 64       // files
	maxVolumeBytes = 64 << 20 // bytes of all contents
)

// packVolume writes the documents as files of one labelled volume.
func packVolume(cfg provision.Config) (Media, error) {
	label := cfg.Delivery.Label
	if label == "" || len(label) > maxLabel || !only(label, isLabelByte) {
		return Media{}, fmt.Errorf("packing volume: label %q must be 1 to %d letters, digits, - and _", label, maxLabel)
	}
	media := cfg.Delivery.Media
	if media != "" && media != distros.MediaDisk && media != distros.MediaCDROM {
		return Media{}, fmt.Errorf("packing volume %s: media %q must be %s or %s", label, media, distros.MediaDisk, distros.MediaCDROM)
	}
	if err := checkFiles(cfg.Documents, checkISOName); err != nil {
		return Media{}, fmt.Errorf("packing volume %s: %w", label, err)
	}
	image, err := writeISO(label, cfg.Documents)
	if err != nil {
		return Media{}, fmt.Errorf("packing volume %s: %w", label, err)
	}
	return Media{Volume: &Volume{Label: label, Image: image, CDROM: media == distros.MediaCDROM}}, nil
}

// checkFiles refuses names that check does not like and sizes no config has.
func checkFiles(docs []provision.Document, check func(name string) error) error {
	if len(docs) == 0 || len(docs) > maxVolumeFiles {
		return fmt.Errorf("%d files, must be 1 to %d", len(docs), maxVolumeFiles)
	}
	total := 0
	seen := map[string]bool{}
	for _, doc := range docs {
		if err := check(doc.Name); err != nil {
			return fmt.Errorf("file %q: %w", doc.Name, err)
		}
		if seen[doc.Name] {
			return fmt.Errorf("file %q: the name is used twice", doc.Name)
		}
		seen[doc.Name] = true
		total += len(doc.Content)
	}
	for _, doc := range docs {
		for dir := path.Dir(doc.Name); dir != "."; dir = path.Dir(dir) {
			if seen[dir] {
				return fmt.Errorf("file %q: it lies below %q, which is a file", doc.Name, dir)
			}
		}
	}
	if total > maxVolumeBytes {
		return fmt.Errorf("%d bytes of files are more than the limit of %d", total, maxVolumeBytes)
	}
	return nil
}

// checkPath accepts a relative path, such as user-data.toml or
// openstack/latest/user_data, that means the same in a file system and a URL.
func checkPath(name string) error {
	plain := func(c byte) bool { return c == '/' || isSerialByte(c) }
	if name == "" || len(name) > maxPath || path.IsAbs(name) || path.Clean(name) != name || strings.HasPrefix(name, "..") || !only(name, plain) {
		return fmt.Errorf("use a plain relative path of at most %d letters, digits and . _ -", maxPath)
	}
	return nil
}

// checkISOName accepts a path of which a guest that mounts ISO 9660 will see
// every byte.
func checkISOName(name string) error {
	if err := checkPath(name); err != nil {
		return err
	}
	parts := strings.Split(name, "/")
	if len(parts) > 8 { // ECMA-119 6.8.2.1: no deeper than eight
		return errors.New("ISO 9660 has no more than eight levels")
	}
	for i, part := range parts {
		if !only(part, isNameByte) {
			return errors.New("use small letters, digits, . - and _; ISO 9660 changes others")
		}
		stem, extension, dot := strings.Cut(part, ".")
		isFile := i == len(parts)-1
		switch {
		case len(part) > maxName:
			return fmt.Errorf("the name %s is longer than %d bytes and would be cut", part, maxName)
		case dot && !isFile, strings.Contains(extension, "."):
			return errors.New("a file name has at most one dot, a directory none")
		case dot && (stem == "" || extension == "" || len(extension) > maxExtension):
			return fmt.Errorf("the part after the dot must be 1 to %d bytes, the one before it not empty", maxExtension)
		}
	}
	return nil
}

// writeISO writes the image. The library's staging directory never outlives
// the call.
func writeISO(label string, docs []provision.Document) (image []byte, err error) {
	writer, err := iso9660.NewWriter()
	if err != nil {
		return nil, fmt.Errorf("making a staging directory (is there space in TMPDIR?): %w", err)
	}
	defer func() {
		if cleanErr := writer.Cleanup(); cleanErr != nil {
			image, err = nil, errors.Join(err, fmt.Errorf("removing the staging directory: %w", cleanErr))
		}
	}()
	size := 24 * sectorSize // what is not content, about
	for _, doc := range docs {
		size += len(doc.Content) + 2*sectorSize
		if err := writer.AddFile(strings.NewReader(doc.Content), doc.Name); err != nil {
			return nil, fmt.Errorf("staging %s: %w", doc.Name, err)
		}
	}
	out := bytes.NewBuffer(make([]byte, 0, size)) // growing would copy it over and over
	if err := writer.WriteTo(out, label); err != nil {
		return nil, fmt.Errorf("writing ISO 9660: %w", err)
	}
	return fixDates(out.Bytes())
}

// fixDates overwrites the volume's dates, which the library takes from the
// clock, so that one config packs to the same bytes every time. The offsets
// are those of ECMA-119 8.4.26 to 8.4.29 in the descriptor of sector 16.
func fixDates(image []byte) ([]byte, error) {
	const (
		descriptor = 16 * sectorSize
		created    = descriptor + 813
		modified   = created + 17
		effective  = modified + 2*17 // after the expiration date, which is unset
		date       = "2000010100000000\x00"
	)
	if len(image) < descriptor+sectorSize || len(image)%sectorSize != 0 {
		return nil, fmt.Errorf("writing ISO 9660: %d bytes are no whole image", len(image))
	}
	for _, at := range []int{created, modified, effective} {
		copy(image[at:], date)
	}
	return image, nil
}

func isLabelByte(c byte) bool { return isAlphanumeric(c) || c == '-' || c == '_' }
func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_'
}
