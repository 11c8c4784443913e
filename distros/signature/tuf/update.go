package tuf

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"

	"distrolab/distros/signature"
)

// Names of the files in a repository, and of what is kept.
const (
	rootFile      = "root.json"
	timestampFile = "timestamp.json"
	snapshotFile  = "snapshot.json"
	targetsFile   = "targets.json"
)

// update is one walk through a repository.
type update struct {
	repository Repository
	kept       files // what an earlier run trusted
	fresh      files // what this run trusts
	trusted    *trustedmetadata.TrustedMetadata
}

// root starts from the newest root known and walks to the newest published:
// each must be signed by the one before it and by itself.
func (u *update) root(ctx context.Context) error {
	trusted, err := start(u.repository.Root)
	if err != nil {
		return refusal("the root metadata that distrolab starts from", err)
	}
	u.fresh[rootFile] = u.repository.Root
	if old, ok := u.kept[rootFile]; ok {
		earlier, err := start(old)
		if err != nil {
			return refusal("the root metadata kept in "+u.repository.State+" (remove that directory to start anew)", err)
		}
		if earlier.Root.Signed.Version > trusted.Root.Signed.Version {
			trusted, u.fresh[rootFile] = earlier, old
		}
	}
	trusted.RefTime = u.repository.Now.UTC()
	u.trusted = trusted
	for range maxRotations {
		name := versioned(u.trusted.Root.Signed.Version+1, rootFile)
		data, err := u.repository.Get(ctx, name, maxRoot)
		if errors.Is(err, ErrNoFile) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := shape(name, data, metadata.ROOT, ""); err != nil {
			return err
		}
		if err := try(u.trusted.UpdateRoot, data); err != nil {
			return refusal(name, err)
		}
		u.fresh[rootFile] = data
	}
	return malformed(rootFile, "changed more than %d times since the version known, which no publisher does; a newer distrolab may start later", maxRotations)
}

// timestamp reads the publisher's newest word: which snapshot counts, and how
// long this is so.
func (u *update) timestamp(ctx context.Context) error {
	if old, ok := u.kept[timestampFile]; ok && shape(timestampFile, old, metadata.TIMESTAMP, snapshotFile) == nil {
		// A word that has expired still says what was seen. One that today's
		// root does not know is of a key that was replaced, and says nothing.
		if err := try(u.trusted.UpdateTimestamp, old); u.trusted.Timestamp != nil || err == nil {
			u.fresh[timestampFile] = old
		}
	}
	data, err := u.repository.Get(ctx, timestampFile, maxTimestamp)
	if err != nil {
		return missing(timestampFile, err)
	}
	if err := shape(timestampFile, data, metadata.TIMESTAMP, snapshotFile); err != nil {
		return err
	}
	err = try(u.trusted.UpdateTimestamp, data)
	var same *metadata.ErrEqualVersionNumber
	switch {
	case errors.As(err, &same): // the one kept is as new
		if u.trusted.Timestamp.Signed.IsExpired(u.trusted.RefTime) {
			return refusal(timestampFile, &metadata.ErrExpiredMetadata{Msg: "since " + u.trusted.Timestamp.Signed.Expires.Format(time.DateOnly)})
		}
		return nil
	case err != nil:
		return refusal(timestampFile, err)
	}
	u.fresh[timestampFile] = data
	return nil
}

// snapshot reads which lists count.
func (u *update) snapshot(ctx context.Context) error {
	if old, ok := u.kept[snapshotFile]; ok && shape(snapshotFile, old, metadata.SNAPSHOT, targetsFile) == nil {
		if err := try(u.snapshotOf(true), old); err == nil {
			u.fresh[snapshotFile] = old
			return nil // it is the one that counts
		}
	}
	meta := u.trusted.Timestamp.Signed.Meta[snapshotFile]
	data, err := u.read(ctx, snapshotFile, meta, maxSnapshot)
	if err != nil {
		return err
	}
	if err := shape(snapshotFile, data, metadata.SNAPSHOT, targetsFile); err != nil {
		return err
	}
	if err := try(u.snapshotOf(false), data); err != nil {
		return refusal(snapshotFile, err)
	}
	u.fresh[snapshotFile] = data
	return nil
}

// targets reads the list of files.
func (u *update) targets(ctx context.Context) error {
	if old, ok := u.kept[targetsFile]; ok && shape(targetsFile, old, metadata.TARGETS, "") == nil {
		if err := try(u.trusted.UpdateTargets, old); err == nil {
			u.fresh[targetsFile] = old
			return nil
		}
	}
	meta := u.trusted.Snapshot.Signed.Meta[targetsFile]
	data, err := u.read(ctx, targetsFile, meta, maxTargets)
	if err != nil {
		return err
	}
	if err := shape(targetsFile, data, metadata.TARGETS, ""); err != nil {
		return err
	}
	if err := try(u.trusted.UpdateTargets, data); err != nil {
		return refusal(targetsFile, err)
	}
	u.fresh[targetsFile] = data
	return nil
}

// read asks for a file whose version, and perhaps length, another file gives.
func (u *update) read(ctx context.Context, name string, meta *metadata.MetaFiles, limit int64) ([]byte, error) {
	if meta.Length > limit {
		return nil, malformed(name, "is said to have %d bytes; at most %d are read", meta.Length, limit)
	}
	if meta.Length > 0 {
		limit = meta.Length
	}
	if u.trusted.Root.Signed.ConsistentSnapshot {
		name = versioned(meta.Version, name)
	}
	data, err := u.repository.Get(ctx, name, limit)
	if err != nil {
		return nil, missing(name, err)
	}
	return data, nil
}

// start reads the root metadata that is trusted without more.
func start(root []byte) (trusted *trustedmetadata.TrustedMetadata, err error) {
	err = try(func(data []byte) (_ struct{}, err error) {
		trusted, err = trustedmetadata.New(data)
		return struct{}{}, err
	}, root)
	return trusted, err
}

// snapshotOf is the step that takes a snapshot, kept from before or new.
func (u *update) snapshotOf(kept bool) func([]byte) (*metadata.Metadata[metadata.SnapshotType], error) {
	return func(data []byte) (*metadata.Metadata[metadata.SnapshotType], error) {
		return u.trusted.UpdateSnapshot(data, kept)
	}
}

// try has go-tuf take a document. It reads documents before it checks their
// signatures, and panics on some that are broken (v2.4.2: a file that is null),
// which a server could use to stop us; that is a refusal here.
func try[T any](take func([]byte) (T, error), data []byte) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("it cannot be read: %v", problem)
		}
	}()
	_, err = take(data)
	return err
}

// shape refuses metadata of another kind than asked for, or without the entry
// that the checks go on with: go-tuf takes that for granted.
func shape(name string, data []byte, kind, entry string) error {
	var document struct {
		Signed struct {
			Type string                         `json:"_type"`
			Meta map[string]*metadata.MetaFiles `json:"meta"`
		} `json:"signed"`
	}
	if err := json.Unmarshal(data, &document); err != nil {
		return malformed(name, "is not metadata: %v", err)
	}
	if document.Signed.Type != kind {
		return malformed(name, "says that it is %q, not %q", clip(document.Signed.Type), kind)
	}
	for other, meta := range document.Signed.Meta {
		if meta == nil || meta.Version < 1 {
			return malformed(name, "gives no version of %q", clip(other))
		}
	}
	if entry != "" && document.Signed.Meta[entry] == nil {
		return malformed(name, "does not say which %s counts", entry)
	}
	return nil
}

// refusal puts what go-tuf found into a sentence.
func refusal(what string, err error) error {
	var (
		unsigned *metadata.ErrUnsignedMetadata
		version  *metadata.ErrBadVersionNumber
		expired  *metadata.ErrExpiredMetadata
		mismatch *metadata.ErrLengthOrHashMismatch
	)
	e := &signature.Error{What: what, Reason: signature.Malformed, Detail: fmt.Sprintf("is refused: %v", err)}
	switch {
	case errors.As(err, &unsigned):
		e.Reason, e.Detail = signature.UnknownKey, "is not signed by enough of the keys that the root metadata names"
	case errors.As(err, &version):
		e.Reason, e.Detail = signature.Rollback, fmt.Sprintf("goes back in time or does not fit the other files (%v)", err)
	case errors.As(err, &expired):
		e.Reason, e.Detail = signature.Expired, fmt.Sprintf("has expired, so nobody can say that it is the newest (%v); a retired system's metadata is not renewed, and a server that is held back looks the same", err)
	case errors.As(err, &mismatch):
		e.Reason, e.Detail = signature.Mismatch, fmt.Sprintf("has not the length or digest that is signed (%v)", err)
	}
	return e
}

func malformed(name, format string, args ...any) error {
	return &signature.Error{What: name, Reason: signature.Malformed, Detail: fmt.Sprintf(format, args...)}
}

// missing says that a file that must be there is not.
func missing(name string, err error) error {
	if errors.Is(err, ErrNoFile) {
		return &signature.Error{What: name, Reason: signature.NoSignature, Detail: "is not in the repository; this variant, channel or architecture may not exist there"}
	}
	return err
}
