package image

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"distrolab/distros/web"
)

// bigDisk is a qcow2 image of three connections that does not compress away.
func bigDisk() []byte {
	disk := make([]byte, 768<<10)
	random := rand.NewChaCha8([32]byte{1})
	random.Read(disk) //nolint:errcheck // never fails
	copy(disk, qcow2Bytes(nil)[:104])
	return disk
}

// specOf describes one served disk.
func specOf(url, compression string, served []byte) Spec {
	return Spec{
		PlainHTTP: true,
		Manifest:  Manifest{Distro: "flatcar", Version: "1.2.3", Arch: "amd64", Origin: url, Verdict: "test"},
		Remotes:   []Remote{{Role: RoleDisk, URL: url, Format: "qcow2", Compression: compression, SHA256: hexSum(served)}},
	}
}

// served answers with a file that knows ranges and has an ETag, as vendors'
// servers do.
func served(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"`+hexSum(content)[:8]+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}
}

func serve(t testing.TB, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func compressed(t *testing.T, how string, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	switch how {
	case "":
		return content
	case "gz":
		z := gzip.NewWriter(&out)
		z.Write(content) //nolint:errcheck // into memory
		z.Close()        //nolint:errcheck // into memory
	case "zst":
		z, err := zstd.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		z.Write(content) //nolint:errcheck // into memory
		z.Close()        //nolint:errcheck // into memory
	default:
		tool := map[string]string{"xz": "xz", "bz2": "bzip2", "lz4": "lz4"}[how]
		cmd := exec.Command(tool, "-c")
		cmd.Stdin, cmd.Stdout = bytes.NewReader(content), &out
		if err := cmd.Run(); err != nil {
			t.Skipf("%s cannot be run: %v", tool, err)
		}
	}
	return out.Bytes()
}

func TestFetchUnpacksAndStores(t *testing.T) {
	disk := bigDisk()
	for _, how := range Compressions() {
		t.Run("compression "+how, func(t *testing.T) {
			file := compressed(t, how, disk)
			url := serve(t, served(file)) + "/image.img"
			if how != "" {
				url += "." + how
			}
			s := open(t)
			spec := specOf(url, how, file)
			spec.Remotes[0].UnpackedSHA256 = hexSum(disk)
			sum := sha512.Sum512(file)
			spec.Remotes[0].SHA512 = strings.ToUpper(hex.EncodeToString(sum[:]))
			var last Progress
			i, err := s.Fetch(context.Background(), http.DefaultClient, spec, func(p Progress) { last = p })
			if err != nil {
				t.Fatal(err)
			}
			want := File{Name: "image.img", SHA256: hexSum(disk), Size: int64(len(disk)), Format: "qcow2"}
			if diff := cmp.Diff(want, i.Manifest.Files[RoleDisk]); diff != "" {
				t.Error(diff)
			}
			if err := s.VerifyFiles(context.Background(), i.ID); err != nil {
				t.Error(err)
			}
			if last.Phase != "downloading" || last.Done != int64(len(file)) || last.Total != int64(len(file)) {
				t.Errorf("last progress is %+v", last)
			}
			if left := append(leftovers(t, s, "partial"), leftovers(t, s, "staging")...); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// A version that the store has costs neither the network nor a look into its
// files: here they are gone.
func TestFetchedVersionCostsNothing(t *testing.T) {
	s := open(t)
	var requests atomic.Int32
	file := bigDisk()
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		served(file)(w, r)
	})) + "/a.img"
	first, err := s.Fetch(t.Context(), http.DefaultClient, specOf(url, "", file), nil)
	if err != nil {
		t.Fatal(err)
	}
	remove(t, first.Path(RoleDisk))
	s.now = func() time.Time { return time.Now().Add(time.Hour) }
	again, err := s.Fetch(t.Context(), http.DefaultClient, specOf(url, "", file), nil)
	if err != nil || again.ID != first.ID || requests.Load() != 1 {
		t.Errorf("%s after %d requests, %v; want %s after 1", again.ID, requests.Load(), err, first.ID)
	}
	if i, err := s.Get(first.ID); err != nil || i.Used.Sub(i.Added) < 59*time.Minute {
		t.Errorf("used %v, added %v, %v", i.Used, i.Added, err)
	}
}

// cutter serves a file but ends each connection after some bytes.
type cutter struct {
	content []byte
	every   int
	ranges  []string
	bare    bool // no ETag, no ranges: the whole file, always
	mu      sync.Mutex
}

func (c *cutter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.ranges = append(c.ranges, r.Header.Get("Range"))
	c.mu.Unlock()
	start := 0
	if got := r.Header.Get("Range"); got != "" && !c.bare {
		start, _ = strconv.Atoi(strings.Trim(got, "bytes=-"))
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, len(c.content)-1, len(c.content)))
	}
	if !c.bare {
		w.Header().Set("ETag", `"v1"`)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(c.content)-start))
	if start > 0 {
		w.WriteHeader(http.StatusPartialContent)
	}
	w.Write(c.content[start:min(len(c.content), start+c.every)]) //nolint:errcheck // the client may be gone
}

func TestFetchContinuesAfterEachCut(t *testing.T) {
	disk := bigDisk()
	for _, how := range []string{"", "zst"} {
		file := compressed(t, how, disk)
		c := &cutter{content: file, every: 256 << 10}
		s := open(t)
		url := serve(t, c) + "/a.img"
		if how != "" {
			url += "." + how
		}
		if _, err := s.Fetch(context.Background(), http.DefaultClient, specOf(url, how, file), nil); err != nil {
			t.Fatal(err)
		}
		want := []string{"", "bytes=262144-", "bytes=524288-"}
		if diff := cmp.Diff(want, c.ranges[:3]); diff != "" {
			t.Errorf("compression %q: %s", how, diff)
		}
	}
}

func TestFetchGivesUpOnADeadServer(t *testing.T) {
	var requests atomic.Int32
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	})) + "/a.img"
	_, err := open(t).Fetch(context.Background(), http.DefaultClient, specOf(url, "", []byte("x")), nil)
	var status *web.StatusError
	if !errors.As(err, &status) || status.Code != http.StatusServiceUnavailable {
		t.Errorf("error is %v", err)
	}
	if requests.Load() != maxFailures {
		t.Errorf("%d requests, want %d", requests.Load(), maxFailures)
	}
}

func TestInterruptedFetchContinuesInAnotherProcess(t *testing.T) {
	file := bigDisk()
	s := open(t)
	ctx, cancel := context.WithCancel(context.Background())
	c := &cutter{content: file, every: 256 << 10}
	url := serve(t, c) + "/a.img"
	s.retry = func(context.Context, int) error { cancel(); return ctx.Err() } // Ctrl-C at the first cut
	if _, err := s.Fetch(ctx, http.DefaultClient, specOf(url, "", file), nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v, want Canceled", err)
	}
	again, err := Open(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	c.every = len(file)
	var phases []string
	_, err = again.Fetch(context.Background(), http.DefaultClient, specOf(url, "", file), func(p Progress) {
		if len(phases) == 0 || phases[len(phases)-1] != p.Phase {
			phases = append(phases, p.Phase)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"checking what is already here", "downloading"}, phases); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"", "bytes=262144-"}, c.ranges); diff != "" {
		t.Error(diff)
	}
}

func TestServerWithoutRangesIsReadAgain(t *testing.T) {
	file := bigDisk()
	c := &cutter{content: file, every: 256 << 10, bare: true}
	s := open(t)
	s.retry = func(context.Context, int) error { c.every = len(file); return nil }
	if _, err := s.Fetch(context.Background(), http.DefaultClient, specOf(serve(t, c)+"/a.img", "", file), nil); err != nil {
		t.Fatal(err)
	}
}

func TestChangedFileIsFetchedFromItsBeginning(t *testing.T) {
	grown := append(bigDisk(), "more"...)
	for name, current := range map[string][]byte{"as long": grown[:768<<10], "longer": grown, "shorter": grown[:700<<10]} {
		t.Run(name, func(t *testing.T) {
			current = bytes.Clone(current)
			current[len(current)-1]++
			old := bigDisk()
			first := true
			url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !first {
					served(current)(w, r)
					return
				}
				first = false
				w.Header().Set("ETag", `"old"`)
				w.Header().Set("Content-Length", strconv.Itoa(len(old)))
				w.Write(old[:256<<10]) //nolint:errcheck // cut on purpose
			})) + "/a.img"
			wantStored(t, open(t), specOf(url, "", current), current)
		})
	}
}

func TestFetchRefuses(t *testing.T) {
	disk := bigDisk()
	packed := compressed(t, "gz", disk)
	other := func(http.ResponseWriter, *http.Request) {}
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		file    string
		change  func(s *Spec)
		want    string
	}{
		{"another digest", served(disk), "/a.img", func(s *Spec) { s.Remotes[0].SHA256 = strings.Repeat("0", 64) }, "it was changed or damaged on the way and was thrown away"},
		{"another unpacked digest", served(packed), "/a.img.gz", func(s *Spec) {
			s.Remotes[0].Compression, s.Remotes[0].SHA256, s.Remotes[0].UnpackedSHA256 = "gz", hexSum(packed), strings.Repeat("0", 64)
		}, "sha256 of the unpacked file"},
		{"no digest", served(disk), "/a.img", func(s *Spec) { s.Remotes[0].SHA256 = "" }, "has no published digest and no signature"},
		{"truncated with its right digest", served(packed[:len(packed)-100]), "/a.img.gz", func(s *Spec) {
			s.Remotes[0].Compression, s.Remotes[0].SHA256 = "gz", hexSum(packed[:len(packed)-100])
		}, "decompressing gz: unexpected EOF"},
		{"not compressed at all", served(disk), "/a.img.xz", func(s *Spec) { s.Remotes[0].Compression = "xz" }, "it does not start as a stream compressed by xz does"},
		{"truncated and not the digest", served(packed[:1000]), "/a.img.gz", func(s *Spec) {
			s.Remotes[0].Compression, s.Remotes[0].SHA256 = "gz", hexSum(packed)
		}, "was thrown away"},
		{"not a qcow2", served([]byte("<html>hello</html>")), "/a.img", func(s *Spec) { s.Remotes[0].SHA256 = hexSum([]byte("<html>hello</html>")) }, "it is a web page"},
		{"404", http.NotFound, "/a.img", nil, "404 Not Found; this version, channel or architecture may not exist there"},
		{"more than the index says", served(disk), "/a.img", func(s *Spec) { s.Remotes[0].Size = 10 }, "the file on the server changed"},
		{"more than any image", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.FormatInt(maxServedBytes+1, 10))
		}, "/a.img", nil, "more than the 17179869184 this image may have"},
		{"more than the disk holds", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.FormatInt(maxServedBytes, 10))
		}, "/a.img.xz", func(s *Spec) { s.Remotes[0].Compression = "xz"; s.Remotes[0].Size = maxServedBytes }, "no room in"},
		{"a file URL", other, "", func(s *Spec) { s.Remotes[0].URL = "file:///etc/passwd" }, "is not an address of a server"},
		{"a redirect to a file", http.RedirectHandler("file:///etc/passwd", http.StatusFound).ServeHTTP, "/a.img", nil, "is not an address of a server"},
		{"a redirect without end", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/again.img", http.StatusFound)
		}, "/a.img", nil, "sent us on more than 5 times"},
		{"plain HTTP unasked", served(disk), "/a.img", func(s *Spec) { s.PlainHTTP = false }, "is not https"},
		{"no file name", served(disk), "/", nil, "does not end in a plain file name"},
		{"an unknown compression", served(disk), "/a.img.rar", func(s *Spec) { s.Remotes[0].Compression = "rar" }, `compression "rar" is not known`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			s.free = func(string) (int64, error) { return 40 << 30, nil }
			spec := specOf(serve(t, tt.handler)+tt.file, "", disk)
			if tt.change != nil {
				tt.change(&spec)
			}
			_, err := s.Fetch(context.Background(), http.DefaultClient, spec, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want it to say %q", err, tt.want)
			}
			if left := append(leftovers(t, s, "images"), leftovers(t, s, "staging")...); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestDamagedDownloadIsNotContinued(t *testing.T) {
	disk := bigDisk()
	damaged := bytes.Clone(disk)
	damaged[2000]++
	good := false
	s := open(t)
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if good {
			served(disk)(w, r)
		} else {
			served(damaged)(w, r)
		}
	})) + "/a.img"
	var wrong *DigestError
	if _, err := s.Fetch(context.Background(), http.DefaultClient, specOf(url, "", disk), nil); !errors.As(err, &wrong) {
		t.Fatalf("error is %v, want DigestError", err)
	}
	good = true
	if _, err := s.Fetch(context.Background(), http.DefaultClient, specOf(url, "", disk), nil); err != nil {
		t.Errorf("the second attempt: %v", err)
	}
}

func TestRedirectAcrossServersIsFollowed(t *testing.T) {
	disk := bigDisk()
	far := serve(t, served(disk))
	url := serve(t, http.RedirectHandler(far+"/x/a.img", http.StatusFound)) + "/a.img"
	if _, err := open(t).Fetch(context.Background(), http.DefaultClient, specOf(url, "", disk), nil); err != nil {
		t.Error(err)
	}
}

func TestTwoFetchesOfOneImageShareTheDownload(t *testing.T) {
	disk := bigDisk()
	s := open(t)
	var requests atomic.Int32
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		served(disk)(w, r)
	})) + "/a.img"
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if _, err := s.Fetch(context.Background(), http.DefaultClient, specOf(url, "", disk), nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if requests.Load() != 1 {
		t.Errorf("%d downloads, want 1", requests.Load())
	}
	if images, err := s.List(); err != nil || len(images) != 1 {
		t.Errorf("%d images, %v", len(images), err)
	}
	if left := leftovers(t, s, "partial"); len(left) > 0 {
		t.Errorf("left behind: %v", filepath.Join(left...))
	}
}
