// Package tuftest makes and signs repositories of The Update Framework for
// tests: good ones, and every kind of bad one. It writes the documents itself,
// without the library that checks them, and touches nothing but memory.
package tuftest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Key is a key pair of a publisher.
type Key struct {
	private ed25519.PrivateKey
}

// NewKey makes the key of a name, always the same: what a fuzz test found then
// means the same in its next run.
func NewKey(name string) Key {
	seed := sha256.Sum256([]byte(name))
	return Key{ed25519.NewKeyFromSeed(seed[:])}
}

func (k Key) public() map[string]any {
	text := hex.EncodeToString(k.private.Public().(ed25519.PublicKey))
	return map[string]any{"keytype": "ed25519", "scheme": "ed25519", "keyval": map[string]any{"public": text}}
}

func (k Key) id() string {
	sum := sha256.Sum256(canonical(k.public()))
	return hex.EncodeToString(sum[:])
}

// Repository is a publisher with its keys, and the files of its server.
type Repository struct {
	RootKeys                     []Key // two of them sign for all
	Timestamp, Snapshot, Targets Key
	Expires                      time.Time         // of everything published next
	Versions                     map[string]int64  // by role: of what is published next
	Files                        map[string][]byte // what the server has, by name
	Content                      map[string][]byte // the files that the list names
	Asked                        []string          // names asked for
}

// New makes a publisher that has published its first root and an empty list.
func New(now time.Time) *Repository {
	r := &Repository{
		RootKeys:  []Key{NewKey("root a"), NewKey("root b"), NewKey("root c")},
		Timestamp: NewKey("timestamp"), Snapshot: NewKey("snapshot"), Targets: NewKey("targets"),
		Expires: now.AddDate(0, 0, 14), Versions: map[string]int64{"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1},
		Files: map[string][]byte{}, Content: map[string][]byte{},
	}
	r.PublishRoot(r.RootKeys[0], r.RootKeys[1])
	r.Publish()
	return r
}

// Root is the newest root published.
func (r *Repository) Root() []byte { return r.Files[fmt.Sprintf("%d.root.json", r.Versions["root"]-1)] }

// PublishRoot publishes a root with the keys of now, signed by the given ones.
func (r *Repository) PublishRoot(signers ...Key) {
	keys, role := map[string]any{}, func(threshold int, list ...Key) map[string]any {
		var ids []string
		for _, k := range list {
			ids = append(ids, k.id())
		}
		return map[string]any{"keyids": ids, "threshold": threshold}
	}
	for _, k := range append(slices.Clone(r.RootKeys), r.Timestamp, r.Snapshot, r.Targets) {
		keys[k.id()] = k.public()
	}
	name := fmt.Sprintf("%d.root.json", r.Versions["root"])
	r.Files[name] = r.Document("root", map[string]any{
		"consistent_snapshot": true, "keys": keys, "roles": map[string]any{
			"root": role(2, r.RootKeys...), "timestamp": role(1, r.Timestamp),
			"snapshot": role(1, r.Snapshot), "targets": role(1, r.Targets),
		},
	}, signers...)
	r.Versions["root"]++
}

// Publish publishes a list of the content, a snapshot and a timestamp.
func (r *Repository) Publish() {
	list := map[string]any{}
	for name, content := range r.Content {
		list[name] = Target(content)
	}
	r.PublishList(list)
}

// Target describes a file as a list does.
func Target(content []byte) map[string]any {
	short, long := sha256.Sum256(content), sha512.Sum512(content)
	return map[string]any{"length": len(content), "hashes": map[string]any{
		"sha256": hex.EncodeToString(short[:]), "sha512": hex.EncodeToString(long[:]),
	}}
}

// PublishList publishes a list as given, which may be a bad one.
func (r *Repository) PublishList(list map[string]any) {
	targets := r.Document("targets", map[string]any{"targets": list}, r.Targets)
	version := r.Versions["targets"]
	r.Files[fmt.Sprintf("%d.targets.json", version)] = targets
	r.Versions["targets"]++
	r.PublishSnapshot(map[string]any{"targets.json": map[string]any{"version": version}})
}

// PublishSnapshot publishes a snapshot and the timestamp that names it.
func (r *Repository) PublishSnapshot(meta map[string]any) {
	snapshot := r.Document("snapshot", map[string]any{"meta": meta}, r.Snapshot)
	version := r.Versions["snapshot"]
	r.Files[fmt.Sprintf("%d.snapshot.json", version)] = snapshot
	r.Versions["snapshot"]++
	sum := sha256.Sum256(snapshot)
	r.PublishTimestamp(map[string]any{"snapshot.json": map[string]any{
		"version": version, "length": len(snapshot), "hashes": map[string]any{"sha256": hex.EncodeToString(sum[:])},
	}}, r.Timestamp)
}

// PublishTimestamp publishes a timestamp as given.
func (r *Repository) PublishTimestamp(meta map[string]any, signers ...Key) {
	r.Files["timestamp.json"] = r.Document("timestamp", map[string]any{"meta": meta}, signers...)
	r.Versions["timestamp"]++
}

// Document writes metadata of a role, at its version and expiry, with the
// fields added and signed by the keys.
func (r *Repository) Document(role string, fields map[string]any, signers ...Key) []byte {
	signed := map[string]any{
		"_type": role, "spec_version": "1.0.0", "version": r.Versions[role],
		"expires": r.Expires.UTC().Format(time.RFC3339),
	}
	maps.Copy(signed, fields)
	text := canonical(signed)
	var signatures []map[string]string
	for _, k := range signers {
		signatures = append(signatures, map[string]string{"keyid": k.id(), "sig": hex.EncodeToString(ed25519.Sign(k.private, text))})
	}
	return canonical(map[string]any{"signed": signed, "signatures": signatures})
}

// Copy returns the files of now, to serve them again later.
func (r *Repository) Copy() map[string][]byte { return maps.Clone(r.Files) }

// Server answers as the publisher's server would; absent is the error for a
// file that is not there.
func (r *Repository) Server(absent error) func(ctx context.Context, name string, limit int64) ([]byte, error) {
	return func(_ context.Context, name string, limit int64) ([]byte, error) {
		r.Asked = append(r.Asked, name)
		data, ok := r.Files[name]
		switch {
		case !ok:
			return nil, absent
		case int64(len(data)) > limit:
			return nil, fmt.Errorf("reading %s: longer than %d bytes", name, limit)
		}
		return bytes.Clone(data), nil
	}
}

// canonical writes JSON in the one form that is signed: keys in order, no
// blanks, nothing escaped that need not be.
func canonical(v any) []byte {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // only maps of plain values come here
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}
