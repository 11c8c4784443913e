package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hugeDisk is a qcow2 image of several spans.
func hugeDisk(spans int) []byte {
	disk := make([]byte, spans*spanBytes+12345)
	random := rand.NewChaCha8([32]byte{2})
	random.Read(disk) //nolint:errcheck // never fails
	copy(disk, qcow2Bytes(nil)[:104])
	return disk
}

// many is specOf with several connections, which loopback has only when asked.
func many(url string, content []byte) Spec {
	s := specOf(url, "", content)
	s.Connections = manyConnections
	return s
}

// asked notes what a handler was asked for.
type asked struct {
	mu     sync.Mutex
	ranges []string
	next   http.Handler
}

func (a *asked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.ranges = append(a.ranges, r.Header.Get("Range"))
	a.mu.Unlock()
	a.next.ServeHTTP(w, r)
}

func spansOf(from, size int) []string {
	var want []string
	for ; from < size; from += spanBytes {
		want = append(want, fmt.Sprintf("bytes=%d-%d", from, min(from+spanBytes, size)-1))
	}
	return want
}

func sameRanges(t *testing.T, want, got []string) {
	t.Helper()
	want, got = slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// wantStored fetches and compares what is stored.
func wantStored(t *testing.T, s *Store, spec Spec, disk []byte) Image {
	t.Helper()
	i, err := s.Fetch(t.Context(), http.DefaultClient, spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := i.Manifest.Files[RoleDisk]; got.SHA256 != hexSum(disk) || got.Size != int64(len(disk)) {
		t.Errorf("stored %+v", got)
	}
	if err := s.VerifyFiles(t.Context(), i.ID); err != nil {
		t.Error(err)
	}
	return i
}

func TestRangesComeAtTheSameTimeAndInOrder(t *testing.T) {
	disk := hugeDisk(6)
	var mu sync.Mutex
	busy, enough := 0, make(chan struct{})
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Range"), "bytes=0-") {
			mu.Lock()
			if busy++; busy == manyConnections {
				close(enough) // would wait for ever if they came one after the other
			}
			mu.Unlock()
			select {
			case <-enough:
			case <-r.Context().Done():
			}
		}
		served(disk)(w, r)
	}))
	wantStored(t, open(t), many(url+"/a.img", disk), disk)
}

func TestEverySpanIsAskedForOnce(t *testing.T) {
	disk := hugeDisk(9)
	a := &asked{next: served(disk)}
	for _, how := range []string{"", "zst"} {
		a.ranges = nil
		file := compressed(t, how, disk)
		a.next = served(file)
		url := serve(t, a) + "/a.img"
		if how != "" {
			url += "." + how
		}
		spec := many(url, file)
		spec.Remotes[0].Compression = how
		wantStored(t, open(t), spec, disk)
		sameRanges(t, spansOf(0, len(file)), a.ranges)
	}
}

func TestOneConnectionWhereSeveralBringNothing(t *testing.T) {
	disk := hugeDisk(2)
	a := &asked{next: served(disk)}
	spec := specOf(serve(t, a)+"/a.img", "", disk)
	wantStored(t, open(t), spec, disk)
	sameRanges(t, []string{""}, a.ranges) // this very machine

	small := bigDisk()
	a.next, a.ranges = served(small), nil
	spec = many(serve(t, a)+"/a.img", small)
	spec.Remotes[0].Size = int64(len(small))
	wantStored(t, open(t), spec, small)
	sameRanges(t, []string{""}, a.ranges)

	a.ranges = nil
	a.next = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { // knows no ranges
		w.Header().Set("Content-Length", fmt.Sprint(len(disk)))
		w.Write(disk) //nolint:errcheck // the client may be gone
	})
	wantStored(t, open(t), many(serve(t, a)+"/a.img", disk), disk)
	if len(a.ranges) != 1 {
		t.Errorf("asked for %v", a.ranges)
	}

	for _, tt := range []struct {
		address string
		want    int
	}{{"http://localhost:80/a", 1}, {"https://127.0.0.9/a", 1}, {"https://[::1]:1/a", 1}, {"https://example.com/a", manyConnections}} {
		if got := connections(tt.address); got != tt.want {
			t.Errorf("%s: %d connections, want %d", tt.address, got, tt.want)
		}
	}
}

func TestBrokenAndSlowRangesAreCompleted(t *testing.T) {
	disk := hugeDisk(8)
	var mu sync.Mutex
	tries := map[string]int{}
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var from, to int
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to) //nolint:errcheck // zero is right for none
		mu.Lock()
		tries[r.Header.Get("Range")]++
		first := tries[r.Header.Get("Range")] == 1
		mu.Unlock()
		switch (from / spanBytes) % 4 {
		case 1: // cut in the middle, each time
			w.Header().Set("ETag", `"1"`)
			w.Header().Set("Content-Length", fmt.Sprint(to+1-from))
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(disk)))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(disk[from:min(to+1, from+1<<20)]) //nolint:errcheck // cut on purpose
			return
		case 2: // slow
			w = slowly{w}
		case 3: // busy at first
			if first {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
		}
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(disk))
	}))
	wantStored(t, open(t), many(url+"/a.img", disk), disk)
}

// slowly gives its answer in small pieces.
type slowly struct{ http.ResponseWriter }

func (s slowly) Write(p []byte) (int, error) {
	done := 0
	for len(p) > done {
		n, err := s.ResponseWriter.Write(p[done:min(len(p), done+16<<10)])
		if done += n; err != nil {
			return done, err
		}
		time.Sleep(time.Millisecond)
	}
	return done, nil
}

func TestFileThatChangesBetweenRangesIsNeverMixed(t *testing.T) {
	old, current := hugeDisk(6), hugeDisk(6)
	current[len(current)-1]++
	for _, want := range [][]byte{current, old} {
		first := true
		var mu sync.Mutex
		url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			content := current
			if first {
				content = old
			}
			first = false
			mu.Unlock()
			served(content)(w, r)
		}))
		s := open(t)
		i, err := s.Fetch(t.Context(), http.DefaultClient, many(url+"/a.img", want), nil)
		var wrong *DigestError
		switch {
		case bytes.Equal(want, current) && (err != nil || i.Manifest.Files[RoleDisk].SHA256 != hexSum(current)):
			t.Errorf("the current file: %v", err)
		case bytes.Equal(want, old) && !errors.As(err, &wrong):
			t.Errorf("the old file: error is %v, want DigestError", err)
		case err != nil:
			untouchedStore(t, s)
		}
	}
}

// untouchedStore says that a refused image left nothing.
func untouchedStore(t *testing.T, s *Store) {
	t.Helper()
	for _, sub := range []string{"images", "staging", "partial"} {
		if left := leftovers(t, s, sub); len(left) > 0 {
			t.Errorf("left in %s: %v", sub, left)
		}
	}
}

func TestServerWithWrongRangesIsAskedForTheWhole(t *testing.T) {
	disk := hugeDisk(3)
	for name, answer := range map[string]string{
		"another range":       fmt.Sprintf("bytes 7-%d/%d", spanBytes+6, len(disk)),
		"too long a range":    fmt.Sprintf("bytes 0-%d/%d", len(disk)-1, len(disk)),
		"no range":            "",
		"no size":             fmt.Sprintf("bytes 0-%d/*", spanBytes-1),
		"not a number":        "bytes x-y/z",
		"a negative size":     fmt.Sprintf("bytes 0-%d/-1", spanBytes-1),
		"smaller than itself": fmt.Sprintf("bytes 0-%d/5", spanBytes-1),
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Range") == "" {
					served(disk)(w, r)
					return
				}
				w.Header().Set("Content-Range", answer)
				w.WriteHeader(http.StatusPartialContent)
				w.Write(disk[:spanBytes]) //nolint:errcheck // the client may be gone
			}))
			wantStored(t, open(t), many(url+"/a.img", disk), disk)
		})
	}
}

func TestRangesGoStraightToWhereTheFirstWasSent(t *testing.T) {
	disk := hugeDisk(8)
	far := &asked{next: served(disk)}
	farURL := serve(t, far)
	front := &asked{next: http.RedirectHandler(farURL+"/x/a.img?signed=1", http.StatusFound)}
	wantStored(t, open(t), many(serve(t, front)+"/a.img", disk), disk)
	sameRanges(t, spansOf(0, len(disk)), far.ranges)
	if len(front.ranges) != 1 {
		t.Errorf("the first server was asked %d times, want once", len(front.ranges))
	}
}

func TestSeveralConnectionsContinueAPart(t *testing.T) {
	disk := hugeDisk(9)
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	c := &cutter{content: disk, every: 3 << 20}
	s.retry = func(context.Context, int) error { cancel(); return ctx.Err() }
	if _, err := s.Fetch(ctx, http.DefaultClient, specOf(serve(t, c)+"/a.img", "", disk), nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v, want Canceled", err)
	}
	a := &asked{next: served(disk)}
	wantStored(t, s, many(serve(t, a)+"/mirror/a.img", disk), disk)
	sameRanges(t, spansOf(3<<20, len(disk)), a.ranges)
}

// Addresses of content networks are often good for minutes only.
func TestExpiredAddressIsAskedForAgain(t *testing.T) {
	disk := hugeDisk(8)
	var mu sync.Mutex
	tickets, uses := 0, map[string]int{}
	far := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		uses[r.URL.RawQuery]++
		expired := uses[r.URL.RawQuery] > 1
		mu.Unlock()
		if expired {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		served(disk)(w, r)
	}))
	front := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		tickets++
		ticket := fmt.Sprint(tickets)
		mu.Unlock()
		http.Redirect(w, r, far+"/a.img?"+ticket, http.StatusFound)
	}))
	wantStored(t, open(t), many(front+"/a.img", disk), disk)
}
