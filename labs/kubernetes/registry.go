package kubernetes

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
)

// registry serves the images of a bundle and changes nothing. What it may serve
// is decided when it is made: no path of a request becomes one of the disk.
type registry struct {
	dir          string
	repositories map[string]*repository
}

// repository is what a name such as coredns/coredns leads to.
type repository struct {
	tags    []tag
	digests map[string]stored // of manifests, with sha256:
	blobs   map[string]int64  // sizes by digest, with sha256:
}

// tag is one image of a repository. Two registries may have a repository of one
// name, so the host belongs to it.
type tag struct {
	host, tag string
	image     stored
}

// Registry serves the images of the bundle as an OCI registry that can only be
// read. It is meant as containerd's mirror of every registry: a request that
// names the registry it is for (the parameter ns) gets only that one's images,
// one that does not gets any. What the bundle lacks is not found, whatever name
// it has. It never asks another server.
func (b Bundle) Registry() http.Handler {
	r := &registry{dir: b.dir, repositories: map[string]*repository{}}
	for _, i := range b.images {
		ref, err := name.NewTag(i.Ref, name.StrictValidation)
		if err != nil {
			continue // Open has refused it
		}
		repo := r.repositories[ref.RepositoryStr()]
		if repo == nil {
			repo = &repository{digests: map[string]stored{}, blobs: map[string]int64{}}
			r.repositories[ref.RepositoryStr()] = repo
		}
		repo.tags = append(repo.tags, tag{host(ref.RegistryStr()), ref.TagStr(), i})
		repo.digests[i.Digest] = i
		for _, blob := range i.blobs {
			repo.blobs["sha256:"+blob.hex] = blob.size
		}
	}
	return r
}

// host is how containerd calls a registry.
func host(registry string) string {
	if registry == name.DefaultRegistry {
		return "docker.io"
	}
	return registry
}

// problem is an error as the distribution API writes it.
type problem struct {
	status     int
	code, text string
}

// ServeHTTP answers one request.
func (r *registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Docker-Distribution-API-Version", "registry/2.0")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if p := r.serve(w, req); p != nil {
		w.Header().Set("Content-Type", "application/json")
		if p.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", "GET, HEAD")
		}
		body, _ := json.Marshal(map[string]any{"errors": []map[string]string{{"code": p.code, "message": p.text}}}) // strings always marshal
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(p.status)
		if req.Method != http.MethodHead {
			w.Write(body) //nolint:errcheck // the client has gone
		}
	}
}

func (r *registry) serve(w http.ResponseWriter, req *http.Request) *problem {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return &problem{http.StatusMethodNotAllowed, "UNSUPPORTED", "this registry can only be read"}
	}
	path, ok := strings.CutPrefix(req.URL.Path, "/v2")
	if !ok || path != "" && path[0] != '/' {
		return &problem{http.StatusNotFound, "UNSUPPORTED", "this is a registry: its paths begin with /v2/"}
	}
	path = strings.TrimPrefix(path, "/")
	if path == "" {
		return document(w, req, map[string]string{})
	}
	if path == "_catalog" {
		return r.catalog(w, req)
	}
	parts := strings.Split(path, "/")
	if len(parts) < 3 {
		return unknown("NAME_UNKNOWN", "there is no such path")
	}
	repo := r.repositories[strings.Join(parts[:len(parts)-2], "/")]
	if repo == nil {
		return unknown("NAME_UNKNOWN", "the bundle has no image of this name")
	}
	kind, what := parts[len(parts)-2], parts[len(parts)-1]
	switch {
	case kind == "manifests":
		return repo.manifest(w, req, what)
	case kind == "blobs":
		return r.blob(w, req, repo, what)
	case kind == "tags" && what == "list":
		return repo.list(w, req, strings.Join(parts[:len(parts)-2], "/"))
	}
	return unknown("UNSUPPORTED", "there is no such path")
}

func unknown(code, text string) *problem { return &problem{http.StatusNotFound, code, text} }

// catalog lists the repositories.
func (r *registry) catalog(w http.ResponseWriter, req *http.Request) *problem {
	var names []string
	for name := range r.repositories {
		names = append(names, name)
	}
	slices.Sort(names)
	return document(w, req, map[string][]string{"repositories": names})
}

// list lists the tags of a repository.
func (r *repository) list(w http.ResponseWriter, req *http.Request, repository string) *problem {
	var tags []string
	for _, t := range r.tags {
		if from := req.URL.Query().Get("ns"); (from == "" || from == t.host) && !slices.Contains(tags, t.tag) {
			tags = append(tags, t.tag)
		}
	}
	slices.Sort(tags)
	return document(w, req, map[string]any{"name": repository, "tags": tags})
}

// manifest serves the manifest of an image, by its tag or digest.
func (r *repository) manifest(w http.ResponseWriter, req *http.Request, reference string) *problem {
	image, found := r.digests[reference]
	from := req.URL.Query().Get("ns")
	for _, t := range r.tags {
		if !found && t.tag == reference && (from == "" || from == t.host) {
			image, found = t.image, true
		}
	}
	if !found {
		return unknown("MANIFEST_UNKNOWN", "the bundle has no such image")
	}
	sum := sha256.Sum256(image.raw)
	head := w.Header()
	head.Set("Content-Type", string(image.kind))
	head.Set("Docker-Content-Digest", "sha256:"+hex.EncodeToString(sum[:]))
	return raw(w, req, image.raw)
}

// blob serves a configuration or a layer, or a range of it.
func (r *registry) blob(w http.ResponseWriter, req *http.Request, repo *repository, digest string) *problem {
	size, found := repo.blobs[digest]
	if !found {
		return unknown("BLOB_UNKNOWN", "no image of this name has such a blob")
	}
	f, err := os.Open(filepath.Join(r.dir, blobPath(strings.TrimPrefix(digest, "sha256:"))))
	if err != nil {
		return unknown("BLOB_UNKNOWN", "the blob is gone from the bundle")
	}
	defer f.Close() //nolint:errcheck // only read
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() != size {
		return &problem{http.StatusInternalServerError, "UNKNOWN", "the blob is damaged in the bundle"}
	}
	head := w.Header()
	head.Set("Content-Type", "application/octet-stream")
	head.Set("Docker-Content-Digest", digest)
	head.Set("ETag", `"`+digest+`"`)
	http.ServeContent(w, req, "", time.Time{}, f)
	return nil
}

func document(w http.ResponseWriter, req *http.Request, v any) *problem {
	text, err := json.Marshal(v)
	if err != nil {
		return &problem{http.StatusInternalServerError, "UNKNOWN", "the answer cannot be written"}
	}
	w.Header().Set("Content-Type", "application/json")
	return raw(w, req, text)
}

func raw(w http.ResponseWriter, req *http.Request, body []byte) *problem {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if req.Method != http.MethodHead {
		w.Write(body) //nolint:errcheck // the client has gone
	}
	return nil
}
