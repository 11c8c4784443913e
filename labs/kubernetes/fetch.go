package kubernetes

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"distrolab/distros/image"
	"distrolab/distros/web"
)

// What files of a release may take. They are a third of it.
const (
	maxProgram = 512 << 20
	maxPlugins = 256 << 20
)

// fetcher brings the files of a release into a directory.
type fetcher struct {
	web      *web.Client
	dir      string
	progress func(image.Progress)
}

// file fetches a file with the checksum that lies beside it, named by the last
// part of its address.
func (f fetcher) file(ctx context.Context, address string, limit int64) (string, error) {
	want, err := f.checksum(ctx, address+".sha256")
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", fmt.Errorf("asking a server: %w", err)
	}
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := f.web.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	if resp.StatusCode != http.StatusOK {
		return "", &web.StatusError{URL: address, Code: resp.StatusCode}
	}
	local := filepath.Join(f.dir, path.Base(req.URL.Path))
	m := f.meter(path.Base(req.URL.Path), resp.ContentLength)
	body := patient(resp.Body)
	defer body.stop()
	got, size, err := writeFile(local, func(w io.Writer) error {
		_, err := io.Copy(io.MultiWriter(w, m), io.LimitReader(body, limit+1))
		return err
	})
	switch {
	case err != nil:
		return "", fmt.Errorf("fetching %s: %w", address, err)
	case size > limit:
		return "", fmt.Errorf("fetching %s: longer than %d bytes, so it is not what was asked for", address, limit)
	case resp.ContentLength >= 0 && size != resp.ContentLength:
		return "", fmt.Errorf("fetching %s: it ended after %d of %d bytes", address, size, resp.ContentLength)
	case got != want:
		return "", fmt.Errorf("fetching %s: %w", address, &DigestError{File: path.Base(address), Want: want, Got: got})
	}
	return local, nil
}

// checksum fetches a file that begins with a SHA-256.
func (f fetcher) checksum(ctx context.Context, address string) (string, error) {
	text, err := f.web.Get(ctx, address, 4096)
	if err != nil {
		return "", fmt.Errorf("fetching a checksum: %w", err)
	}
	words := strings.Fields(string(text))
	if len(words) == 0 || len(words) > 2 || !isSHA256(strings.ToLower(words[0])) {
		return "", fmt.Errorf("fetching a checksum: %s holds none", address)
	}
	return strings.ToLower(words[0]), nil
}

// pluginNames are the CNI plugins that a node needs, of some twenty.
func pluginNames() []string { return []string{"bridge", "host-local", "loopback", "portmap"} }

// plugins fetches the archive of CNI's plugins and takes out those that a node
// needs.
func (f fetcher) plugins(ctx context.Context, address string) ([]string, error) {
	archive, err := f.file(ctx, address, maxPlugins)
	if err != nil {
		return nil, err
	}
	in, err := os.Open(archive)
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // only read
	dir := filepath.Join(f.dir, "cni")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	if err := unpackPlugins(ctx, in, dir); err != nil {
		return nil, fmt.Errorf("unpacking %s: %w", path.Base(address), err)
	}
	var files []string
	for _, name := range pluginNames() {
		file := filepath.Join(dir, name)
		if _, err := os.Stat(file); err != nil {
			return nil, fmt.Errorf("unpacking %s: it holds no %s", path.Base(address), name)
		}
		files = append(files, file)
	}
	return files, nil
}

// unpackPlugins writes the plain files that have the names of plugins. No other
// name becomes a path.
func unpackPlugins(ctx context.Context, in io.Reader, dir string) error {
	plain, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	var left int64 = maxPlugins
	for archive := tar.NewReader(io.LimitReader(plain, maxPlugins)); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		name := path.Base(h.Name)
		if h.Typeflag != tar.TypeReg || path.Clean(h.Name) != name || !slices.Contains(pluginNames(), name) {
			continue
		}
		if left -= h.Size; left < 0 {
			return fmt.Errorf("more than %d bytes", int64(maxPlugins))
		}
		if _, _, err := writeFile(filepath.Join(dir, name), func(w io.Writer) error {
			_, err := io.Copy(w, archive)
			return err
		}); err != nil {
			return err
		}
	}
}

// meter counts the bytes of one file and reports them.
type meter struct {
	report func(image.Progress)
	at     image.Progress
}

func (f fetcher) meter(file string, total int64) *meter {
	m := &meter{f.progress, image.Progress{Phase: "downloading", File: file, Total: max(total, 0)}}
	m.report(m.at)
	return m
}

func (m *meter) Write(p []byte) (int, error) {
	m.at.Done += int64(len(p))
	m.report(m.at)
	return len(p), nil
}

// counting reports the layers that come from a registry, and refuses what is not
// HTTPS: registries may send clients on to other servers.
type counting struct {
	next       http.RoundTripper
	fetcher    fetcher
	repository string
}

// minCounted is the length below which an answer is not worth a report.
const minCounted = 64 << 10

// RoundTrip sends one request.
func (c counting) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" {
		return nil, &web.AddressError{URL: redacted(req.URL), Reason: "is not https, which is the only way this is fetched"}
	}
	resp, err := c.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body := patient(resp.Body)
	resp.Body = body
	if resp.ContentLength > minCounted {
		resp.Body = counted{body, c.fetcher.meter(c.repository, resp.ContentLength)}
	}
	return resp, nil
}

func redacted(u *url.URL) string { return u.Scheme + "://" + u.Host + u.Path }

type counted struct {
	io.ReadCloser
	meter *meter
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.meter.Write(p[:n]) //nolint:errcheck // it cannot fail
	return n, err
}

// silence is how long a server may say nothing in the middle of an answer.
const silence = 60 * time.Second

// watched is a body that is closed when its server falls silent.
type watched struct {
	io.ReadCloser
	timer *time.Timer
}

func patient(body io.ReadCloser) watched {
	return watched{body, time.AfterFunc(silence, func() { body.Close() })} //nolint:errcheck // the reader sees it
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if !w.timer.Reset(silence) && err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("the server said nothing for %s: %w", silence, err)
	}
	return n, err
}

func (w watched) stop() { w.timer.Stop() }

// Close ends the watch and closes the body.
func (w watched) Close() error {
	w.timer.Stop()
	return w.ReadCloser.Close()
}
