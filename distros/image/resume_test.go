package image

import (
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
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Names of the environment by which a test starts this test binary as another
// process that fetches.
const (
	childStore = "DISTROLAB_TEST_STORE"
	childURL   = "DISTROLAB_TEST_URL"
	childSum   = "DISTROLAB_TEST_SHA256"
	childPack  = "DISTROLAB_TEST_COMPRESSION"
	childMount = "DISTROLAB_TEST_TMPFS"
)

// TestFetchInChild is the other process; alone it has nothing to do.
func TestFetchInChild(t *testing.T) {
	dir := os.Getenv(childStore)
	if dir == "" {
		return
	}
	if size := os.Getenv(childMount); size != "" {
		if err := syscall.Mount("distrolab-test", dir, "tmpfs", 0, "size="+size); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv(childMount) != "" {
		s.free = func(string) (int64, error) { return 1 << 40, nil } // full all the same, as when others write meanwhile
	}
	spec := specOf(os.Getenv(childURL), os.Getenv(childPack), nil)
	spec.Remotes[0].SHA256 = os.Getenv(childSum)
	_, err = s.Fetch(t.Context(), http.DefaultClient, spec, nil)
	fmt.Printf("child: %v; left: %v %v %v\n", err, leftovers(t, s, "images"), leftovers(t, s, "staging"), leftovers(t, s, "partial"))
}

// child prepares another process that fetches.
func child(t *testing.T, dir, url, how string, file []byte) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFetchInChild$", "-test.v")
	cmd.Env = append(os.Environ(), childStore+"="+dir, childURL+"="+url, childSum+"="+hexSum(file), childPack+"="+how)
	return cmd
}

// stopping serves the beginning of a file, then calls and hangs.
func stopping(file []byte, after int, then func()) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(file)))
		w.Write(file[:after])                 //nolint:errcheck // the client will be gone
		http.NewResponseController(w).Flush() //nolint:errcheck // the same
		then()
		<-r.Context().Done()
	}
}

func TestKilledFetchContinuesFromAnotherMirror(t *testing.T) {
	disk := hugeDisk(4)
	for _, how := range []string{"", "zst", "gz"} {
		t.Run("compression "+how, func(t *testing.T) {
			file := compressed(t, how, disk)
			dir := t.TempDir()
			suffix := "/a.img"
			if how != "" {
				suffix += "." + how
			}
			sent := make(chan struct{})
			half := len(file) / 2
			cmd := child(t, dir, serve(t, stopping(file, half, func() { close(sent) }))+suffix, how, file)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-sent
			waitHeld(t, dir, int64(half-2*blockBytes))
			if err := cmd.Process.Kill(); err != nil { // SIGKILL
				t.Fatal(err)
			}
			cmd.Wait() //nolint:errcheck // killed

			a := &asked{next: served(file)}
			spec := specOf(serve(t, a)+"/mirror"+suffix, how, file)
			s, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			var phases []string
			if _, err := s.Fetch(t.Context(), http.DefaultClient, spec, func(p Progress) { phases = append(phases, p.Phase) }); err != nil {
				t.Fatal(err)
			}
			var from int
			if len(a.ranges) == 1 {
				fmt.Sscanf(a.ranges[0], "bytes=%d-", &from) //nolint:errcheck // zero is wrong below
			}
			if from < half-2*blockBytes || from > half {
				t.Errorf("asked for %v, want about %d", a.ranges, half)
			}
			if diff := cmp.Diff([]string{"checking what is already here", "downloading"}, slices.Compact(phases)); diff != "" {
				t.Error(diff)
			}
			wantStored(t, s, spec, disk)
			if left := leftovers(t, s, "partial"); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// waitHeld waits until an unfinished download has a size.
func waitHeld(t *testing.T, dir string, want int64) {
	t.Helper()
	for t.Context().Err() == nil {
		parts, err := filepath.Glob(filepath.Join(dir, "partial", "*.part"))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range parts {
			if info, err := os.Stat(p); err == nil && info.Size() >= want {
				return
			}
		}
	}
}

func TestTwoProcessesShareOneDownload(t *testing.T) {
	disk := hugeDisk(2)
	var requests atomic.Int32
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		served(disk)(w, r)
	})) + "/a.img"
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if out, err := child(t, dir, url, "", disk).CombinedOutput(); err != nil || !strings.Contains(string(out), "child: <nil>") {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	if requests.Load() != 1 {
		t.Errorf("%d downloads, want 1", requests.Load())
	}
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if images, err := s.List(); err != nil || len(images) != 1 {
		t.Errorf("%d images, %v", len(images), err)
	}
}

func TestDamagedPartIsFetchedAgain(t *testing.T) {
	disk := hugeDisk(3)
	for _, how := range []string{"", "zst"} {
		file := compressed(t, how, disk)
		suffix := "/a.img"
		if how != "" {
			suffix += "." + how
		}
		s := open(t)
		spec := specOf(serve(t, served(file))+suffix, how, file)
		held := slices.Clone(file[:spanBytes])
		held[spanBytes/2]++
		write(t, filepath.Join(s.dir, "partial", partKey(spec.Remotes[0])+".part"), held)
		wantStored(t, s, spec, disk)
	}
}

func TestWholePartNeedsNoByteOfTheNetwork(t *testing.T) {
	disk := hugeDisk(1)
	s := open(t)
	a := &asked{next: served(disk)}
	spec := specOf(serve(t, a)+"/a.img", "", disk)
	write(t, filepath.Join(s.dir, "partial", partKey(spec.Remotes[0])+".part"), disk)
	wantStored(t, s, spec, disk)
	sameRanges(t, []string{fmt.Sprintf("bytes=%d-", len(disk))}, a.ranges) // the size was not known

	s = open(t)
	spec.Remotes[0].Size = int64(len(disk))
	a.ranges = nil
	write(t, filepath.Join(s.dir, "partial", partKey(spec.Remotes[0])+".part"), disk)
	wantStored(t, s, spec, disk)
	sameRanges(t, nil, a.ranges)
}

func TestPartWithoutDigestNeedsTheServersWord(t *testing.T) {
	disk := hugeDisk(2)
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.retry = func(context.Context, int) error { cancel(); return ctx.Err() }
	file := &cutter{content: disk, every: 1 << 20}
	url := serve(t, file) + "/a.img"
	spec := specOf(url, "", nil)
	spec.Remotes[0].SHA256, spec.Remotes[0].Unverified = "", true
	if _, err := s.Fetch(ctx, http.DefaultClient, spec, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v, want Canceled", err)
	}
	file.ranges, file.every = nil, len(disk)
	i := wantStored(t, s, spec, disk)
	if diff := cmp.Diff([]string{"bytes=1048576-"}, file.ranges); diff != "" {
		t.Error(diff)
	}
	if i.Manifest.Trust != TrustNone {
		t.Errorf("trust is %q", i.Manifest.Trust)
	}

	other := open(t) // the same beginning, but of nobody knows which version
	write(t, filepath.Join(other.dir, "partial", partKey(spec.Remotes[0])+".part"), disk[:1<<20])
	file.ranges = nil
	wantStored(t, other, spec, disk)
	if diff := cmp.Diff([]string{""}, file.ranges); diff != "" {
		t.Error(diff)
	}
}

// TestFullDisk gives the store a real file system that is too small.
func TestFullDisk(t *testing.T) {
	disk := hugeDisk(4)
	for _, how := range []string{"", "gz"} {
		file := compressed(t, how, disk)
		suffix := "/a.img"
		if how != "" {
			suffix += "." + how
		}
		cmd := child(t, t.TempDir(), serve(t, served(file))+suffix, how, file)
		cmd.Env = append(cmd.Env, childMount+"=8m")
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		}
		out, err := cmd.CombinedOutput()
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
			t.Skipf("user namespaces are not allowed here: %v", err)
		}
		// What came so far stays, for when there is room.
		for _, want := range []string{"no room in", "free some space", "left: [] [] ["} {
			if err != nil || !strings.Contains(string(out), want) {
				t.Errorf("compression %q: %v, want %q in: %s", how, err, want, out)
			}
		}
	}
}
