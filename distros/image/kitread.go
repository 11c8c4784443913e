package image

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// ReadKit stores the images of a kit and returns them. Every file is compared
// with the kit's digests. Nobody signs a kit, so whoever carries it can change
// it: the trust is [TrustLocal], and the verdict says what the machine that
// packed it had found. An image the store holds already stays as it is. One
// that is refused does not stop the others; the error, if any, names each of
// those. Progress may be nil.
func (s *Store) ReadKit(ctx context.Context, dir string, progress func(Progress)) ([]Image, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("reading a kit: %w", err)
	}
	defer root.Close() //nolint:errcheck // only read
	kit, err := kitIn(root)
	if err != nil {
		return nil, fmt.Errorf("reading the kit in %s: %w", dir, err)
	}
	var images []Image
	var bad []error
	for _, k := range kit.Images {
		i, err := s.unpack(ctx, root, kit, k, progress)
		if err != nil {
			bad = append(bad, fmt.Errorf("taking %s from the kit in %s: %w", k.ID, dir, err))
		} else {
			images = append(images, i)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return images, errors.Join(bad...)
}

// kitIn reads the index of a kit.
func kitIn(root *os.Root) (Kit, error) {
	f, err := openRegular(root, KitName)
	if err != nil {
		return Kit{}, err
	}
	defer f.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(f, maxKitBytes+1))
	if err != nil {
		return Kit{}, err
	}
	return parseKit(text)
}

// parseKit reads an index that nobody vouches for.
func parseKit(text []byte) (Kit, error) {
	if len(text) > maxKitBytes {
		return Kit{}, fmt.Errorf("%s is larger than 1 MiB, so it is not an index", KitName)
	}
	var k Kit
	if err := json.Unmarshal(text, &k); err != nil {
		return Kit{}, fmt.Errorf("reading %s: %w", KitName, err)
	}
	if k.Schema != KitSchema || len(k.Images) > maxKitImages {
		return Kit{}, fmt.Errorf("checking %s: schema %q is not %s, or it has more than %d images", KitName, clip(k.Schema), KitSchema, maxKitImages)
	}
	seen := map[string]bool{}
	for _, i := range k.Images {
		if !isID(i.ID) || seen[i.ID] {
			return Kit{}, fmt.Errorf("checking %s: %q is not the address of an image, or is there twice", KitName, clip(i.ID))
		}
		seen[i.ID] = true
		for _, f := range i.Files {
			if !plainName(f.Name) && f.Name != ManifestName || !isHex(f.SHA256, 64) || f.Size <= 0 || f.Size > maxVirtualSize {
				return Kit{}, fmt.Errorf("checking %s: %s has a file %q whose name, sha256 or size is wrong", KitName, i.ID, clip(f.Name))
			}
		}
	}
	return k, nil
}

// unpack stores one image of a kit.
func (s *Store) unpack(ctx context.Context, root *os.Root, kit Kit, k KitImage, progress func(Progress)) (Image, error) {
	dir, err := root.OpenRoot(k.ID)
	if err != nil {
		return Image{}, err
	}
	defer dir.Close() //nolint:errcheck // only read
	m, err := k.manifest(dir)
	if err != nil {
		return Image{}, err
	}
	if i, err := s.Get(k.ID); err == nil {
		return i, s.use(k.ID)
	}
	m.Verdict = kitVerdict(kit, m)
	m.Trust = TrustLocal
	var need int64
	for _, f := range m.Files {
		need += f.Size
	}
	if err := s.checkSpace(need); err != nil {
		return Image{}, err
	}
	staging, err := s.stage()
	if err != nil {
		return Image{}, err
	}
	defer staging.discard()
	for _, f := range m.Files {
		if err := s.bring(ctx, dir, staging.dir, f, progress); err != nil {
			return Image{}, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return s.commit(staging, m)
}

// manifest reads image.json of an image and compares it with the index.
func (k KitImage) manifest(dir *os.Root) (Manifest, error) {
	f, err := openRegular(dir, ManifestName)
	if err != nil {
		return Manifest{}, err
	}
	defer f.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(f, maxManifestBytes+1))
	if err != nil {
		return Manifest{}, err
	}
	m, err := readManifest(bytes.NewReader(text))
	if err != nil {
		return Manifest{}, err
	}
	if m.id() != k.ID {
		return Manifest{}, fmt.Errorf("its %s describes %s", ManifestName, m.id())
	}
	listed := map[string]KitFile{}
	for _, f := range k.Files {
		listed[f.Name] = f
	}
	sum := sha256.Sum256(text)
	want := map[string]KitFile{ManifestName: {Name: ManifestName, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(text))}}
	for _, f := range m.Files {
		want[f.Name] = KitFile{Name: f.Name, SHA256: f.SHA256, Size: f.Size}
	}
	for name, f := range want {
		if listed[name] != f {
			return Manifest{}, fmt.Errorf("%s is not as %s lists it; the kit was changed after it was packed, or is damaged", name, KitName)
		}
	}
	return m, nil
}

// kitVerdict says who checked what.
func kitVerdict(kit Kit, m Manifest) string {
	said := m.Verdict
	if len(said) > 700 {
		said = said[:700]
	}
	return fmt.Sprintf("from a kit packed on %s, whose digests match; the machine that packed it said %s: %s; here the publisher's signature was not checked",
		kit.Packed.Format("2006-01-02"), m.Trust, cleaned(said))
}
