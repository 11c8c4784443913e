package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"distrolab/distros/image"
	"distrolab/distros/web"
)

// Release says where an official release is fetched from. The zero value is
// where Kubernetes publishes it.
type Release struct {
	Client  *http.Client // default: http.DefaultClient
	Site    string       // of the programs; default https://dl.k8s.io
	Plugins string       // address of the archive of CNI plugins, beside which lies its .sha256
	Hello   string       // file of the probe pod's program; empty: the bundle has none
}

// What is fetched where nothing else is said.
const (
	defaultSite    = "https://dl.k8s.io"
	defaultPlugins = "https://github.com/containernetworking/plugins/releases/download/v1.9.0/cni-plugins-linux-amd64-v1.9.0.tgz"
)

// releaseArch is the only architecture that machines here have so far. A release
// of another could not say which images it wants: its kubeadm does not run here.
const releaseArch = "amd64"

func (r Release) withDefaults() Release {
	if r.Client == nil {
		r.Client = http.DefaultClient
	}
	if r.Site == "" {
		r.Site = defaultSite
	}
	if r.Plugins == "" {
		r.Plugins = defaultPlugins
	}
	return r
}

// Newest asks which release of Kubernetes is the newest.
func (r Release) Newest(ctx context.Context) (string, error) {
	r = r.withDefaults()
	text, err := web.New(r.Client, false).Get(ctx, r.Site+"/release/stable.txt", 256)
	if err != nil {
		return "", fmt.Errorf("asking for the newest release of Kubernetes: %w", err)
	}
	version := strings.TrimSpace(string(text))
	if err := CheckVersion(version); err != nil {
		return "", fmt.Errorf("asking for the newest release of Kubernetes: %w", err)
	}
	return version, nil
}

// Pull fetches an official release and stores it: kubeadm and kubelet with the
// checksums that lie beside them, CNI's plugins with theirs, and the images that
// this kubeadm says it wants. kubeadm is run once on this machine to say so,
// after its checksum was found right. All comes over HTTPS, and no signature is
// checked. Progress may be nil.
func (s *Store) Pull(ctx context.Context, version string, from Release, progress func(image.Progress)) (Bundle, error) {
	b, err := s.pull(ctx, version, from.withDefaults(), progress)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // what breaks off then says only that
	}
	if err != nil {
		return Bundle{}, fmt.Errorf("pulling Kubernetes %.32s: %w", version, err)
	}
	return b, nil
}

// pullSize is what a release takes at most, with what it is made of.
const pullSize = 2 << 30

func (s *Store) pull(ctx context.Context, version string, from Release, progress func(image.Progress)) (Bundle, error) {
	if err := CheckVersion(version); err != nil {
		return Bundle{}, err
	}
	if err := s.checkSpace(pullSize); err != nil {
		return Bundle{}, err
	}
	st, err := s.stage()
	if err != nil {
		return Bundle{}, err
	}
	defer st.discard()
	f := fetcher{web: web.New(from.Client, false), dir: filepath.Join(st.dir, "fetched"), progress: inTurn(progress)}
	if err := os.Mkdir(f.dir, 0o700); err != nil {
		return Bundle{}, err
	}
	parts, err := f.parts(ctx, version, from)
	if err != nil {
		return Bundle{}, err
	}
	b, err := Compose(ctx, st.bundle(), parts)
	if err != nil {
		return Bundle{}, err
	}
	return s.commit(st, b)
}

// inTurn makes a report that several downloads may call: layers come at once.
func inTurn(progress func(image.Progress)) func(image.Progress) {
	if progress == nil {
		return func(image.Progress) {}
	}
	var mu sync.Mutex
	return func(p image.Progress) {
		mu.Lock()
		defer mu.Unlock()
		progress(p)
	}
}

// parts fetches all that a bundle is made of.
func (f fetcher) parts(ctx context.Context, version string, from Release) (Parts, error) {
	p := Parts{Version: version, Arch: releaseArch, Origin: OriginOfficial, Addons: []string{AddonDNS, AddonProxy}}
	var programs []Entry
	for _, program := range []string{"kubeadm", "kubelet"} {
		address := fmt.Sprintf("%s/%s/bin/linux/%s/%s", from.Site, version, releaseArch, program)
		path, err := f.file(ctx, address, maxProgram)
		if err == nil {
			err = os.Chmod(path, 0o755)
		}
		if err != nil {
			return Parts{}, err
		}
		programs = append(programs, Entry{Name: "opt/bin/" + program, Source: path})
	}
	plugins, err := f.plugins(ctx, from.Plugins)
	if err != nil {
		return Parts{}, err
	}
	p.Node = nodeEntries(plugins, programs...)
	refs, err := imagesOf(ctx, filepath.Join(f.dir, "kubeadm"), f.dir, version)
	if err != nil {
		return Parts{}, err
	}
	for _, ref := range refs {
		img, err := f.image(ctx, ref, from.Client)
		if err != nil {
			return Parts{}, fmt.Errorf("image %s: %w", ref, err)
		}
		n := Named{Refs: []string{ref}, Image: img}
		if base, _, ok := strings.Cut(ref, "/pause:"); ok {
			p.Pause = ref
			n.Refs = pauseRefs(base, ref)
		}
		p.Images = append(p.Images, n)
	}
	if p.Pause == "" {
		return Parts{}, errors.New("kubeadm wants no pause image, so this is no release that distrolab knows")
	}
	return p, f.addHello(ctx, &p, from.Hello)
}

// pauseRefs are the names by which nodes may ask for pause, with the one that
// kubeadm wants.
func pauseRefs(base, wanted string) []string {
	var refs []string
	for _, tag := range pauseTags() {
		refs = append(refs, base+"/pause:"+tag)
	}
	if !slices.Contains(refs, wanted) {
		refs = append(refs, wanted)
	}
	return refs
}

// addHello adds the probe pod's image, where there is its program.
func (f fetcher) addHello(ctx context.Context, p *Parts, program string) error {
	if program == "" {
		return nil
	}
	pair, err := helloImages(ctx, f.dir, program, p.Arch)
	if err != nil {
		return fmt.Errorf("making the probe pod's image: %w", err)
	}
	p.Hello = helloRef
	p.Images = append(p.Images, Named{Refs: []string{helloRef}, Image: pair.hello})
	return nil
}

// kubeadmTime is how long kubeadm may think about its images.
const kubeadmTime = 30 * time.Second

// imagesOf asks kubeadm which images it wants, in an environment of nothing. It
// knows that without any network.
func imagesOf(ctx context.Context, kubeadm, dir, version string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, kubeadmTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, kubeadm, "config", "images", "list", "--kubernetes-version", version)
	cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir, "PATH=/nowhere"}
	cmd.WaitDelay = time.Second
	var text, complaint bounded
	cmd.Stdout, cmd.Stderr = &text, &complaint
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("asking kubeadm for its images: %w: %.300q", err, complaint.text.String())
	}
	refs := strings.Fields(text.text.String())
	if len(refs) == 0 || len(refs) > maxImages {
		return nil, fmt.Errorf("asking kubeadm for its images: it names %d", len(refs))
	}
	for _, ref := range refs {
		if _, err := name.NewTag(ref, name.StrictValidation); err != nil {
			return nil, fmt.Errorf("asking kubeadm for its images: %.100q is none", ref)
		}
	}
	return refs, nil
}

// bounded keeps the beginning of what a program says.
type bounded struct{ text bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	b.text.Write(p[:min(len(p), max(0, 1<<16-b.text.Len()))])
	return len(p), nil
}

// image asks a registry for an image of this machine's kind. Its layers come
// when they are written, each checked against its digest.
func (f fetcher) image(ctx context.Context, ref string, client *http.Client) (v1.Image, error) {
	tag, err := name.NewTag(ref, name.StrictValidation)
	if err != nil {
		return nil, err
	}
	transport := client.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	return remote.Image(tag, remote.WithContext(ctx), remote.WithAuth(authn.Anonymous), remote.WithTransport(counting{transport, f, tag.RepositoryStr()}),
		remote.WithPlatform(v1.Platform{OS: "linux", Architecture: releaseArch}))
}
