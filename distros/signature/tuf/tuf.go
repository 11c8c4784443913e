// Package tuf reads a repository of The Update Framework: it walks from a root
// that distrolab carries to the list of files that the publisher signed, and
// refuses what is older than it saw before. It asks for files through the
// function it is given and keeps what it trusts in the directory it is given;
// nothing else is touched. The checks are those of go-tuf; every refusal is a
// [*signature.Error] that says which one failed.
package tuf

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"
)

// Bounds of what is read. Root, timestamp and snapshot of the repositories
// known have a few kB; a list of targets grows with every version published.
const (
	maxRoot      = 512 << 10
	maxTimestamp = 64 << 10
	maxSnapshot  = 2 << 20
	maxTargets   = 16 << 20
	maxRotations = 64 // roots that one run follows
	maxFiles     = 20000
)

//go:embed bottlerocket.root.json
var bottlerocketRoot []byte

// BottlerocketRoot is version 8 of the root metadata of Bottlerocket's
// repositories, from bottlerocket-os/bottlerocket:8.root.json (commit
// b5cd3e2923a9), valid until 2027-08-03. Newer roots are found by walking.
func BottlerocketRoot() []byte { return bottlerocketRoot }

// ErrNoFile is what [Repository.Get] returns for a file that is not there.
var ErrNoFile = errors.New("no such file")

// Repository is a place with signed metadata.
type Repository struct {
	// Root is the root metadata to start from, which is trusted.
	Root []byte
	// Get reads a file of the repository, such as timestamp.json, of at most
	// limit bytes. For a file that is not there it returns [ErrNoFile].
	Get func(ctx context.Context, name string, limit int64) ([]byte, error)
	// State is the directory where trusted metadata is kept, so that a
	// repository that goes back in time is noticed; it is made when missing.
	// Empty: nothing is kept and only one run is looked at.
	State string
	// Now is the time at which metadata must be valid.
	Now time.Time
}

// File is a file that the publisher signed.
type File struct {
	Name   string            // as published
	Path   string            // below the place of the files; with the digest in front where the repository wants it
	Length int64             // bytes
	Hashes map[string]string // in hexadecimal digits, by "sha256" and "sha512"; at least one
}

// Listing is what a repository says of its files.
type Listing struct {
	Files   map[string]File // by name
	Root    int64           // version of the root metadata
	Version int64           // version of the list
	Expires time.Time       // until when the newest word of the publisher is good
}

// List asks for all metadata and returns the files it names. Only when all of
// it holds is what is kept in State replaced. Lists that the publisher delegated
// to others are not read.
func (r Repository) List(ctx context.Context) (Listing, error) {
	kept, err := load(r.State)
	if err != nil {
		return Listing{}, err
	}
	u := update{repository: r, kept: kept, fresh: files{}}
	for _, step := range []func(context.Context) error{u.root, u.timestamp, u.snapshot, u.targets} {
		if err := step(ctx); err != nil {
			return Listing{}, err
		}
	}
	listing, err := u.listing()
	if err != nil {
		return Listing{}, err
	}
	if again, err := load(r.State); err != nil || !kept.same(again) {
		return listing, err // another run kept its own meanwhile, which is not replaced by what may be older
	}
	return listing, u.fresh.save(r.State)
}

// listing checks and copies the list of targets.
func (u *update) listing() (Listing, error) {
	targets := u.trusted.Targets[metadata.TARGETS].Signed
	if len(targets.Targets) > maxFiles {
		return Listing{}, malformed("targets.json", "names more than %d files", maxFiles)
	}
	l := Listing{
		Files: map[string]File{}, Root: u.trusted.Root.Signed.Version,
		Version: targets.Version, Expires: u.trusted.Timestamp.Signed.Expires,
	}
	for name, target := range targets.Targets {
		f, err := file(name, target, u.trusted)
		if err != nil {
			return Listing{}, err
		}
		l.Files[name] = f
	}
	return l, nil
}

// file checks one entry of the list: its name must stay below the place of the
// files, and its length and a strong digest must be there.
func file(name string, target *metadata.TargetFiles, trusted *trustedmetadata.TrustedMetadata) (File, error) {
	if name == "" || len(name) > 512 || name != path.Clean(name) || path.IsAbs(name) || strings.HasPrefix(name, "..") || strings.ContainsAny(name, "\\%?#\x00\n") {
		return File{}, malformed("targets.json", "names the file %q, which does not stay below the place of the files", clip(name))
	}
	if target == nil || target.Length < 0 {
		return File{}, malformed("targets.json", "gives no length of %q", clip(name))
	}
	f := File{Name: name, Path: name, Length: target.Length, Hashes: map[string]string{}}
	for algorithm, digits := range map[string]int{"sha256": 64, "sha512": 128} {
		digest, ok := target.Hashes[algorithm]
		if !ok {
			continue
		}
		if text := digest.String(); len(text) == digits {
			f.Hashes[algorithm] = text
		} else {
			return File{}, malformed("targets.json", "gives a %s of %q that is none", algorithm, clip(name))
		}
	}
	digest := f.Hashes["sha256"]
	if digest == "" {
		digest = f.Hashes["sha512"]
	}
	if digest == "" {
		return File{}, malformed("targets.json", "gives neither sha256 nor sha512 of %q", clip(name))
	}
	if trusted.Root.Signed.ConsistentSnapshot {
		dir, base := path.Split(name)
		f.Path = dir + digest + "." + base
	}
	return f, nil
}

// clip shortens a text from outside for an error message.
func clip(s string) string {
	if len(s) > 64 {
		s = strings.ToValidUTF8(s[:64], "") + "…"
	}
	return s
}

func versioned(version int64, name string) string { return fmt.Sprintf("%d.%s", version, name) }
