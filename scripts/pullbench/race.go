package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"distrolab/distros/image"
)

// race runs both arms on one file.
type race struct {
	format format
	file   made
	disk   made
	url    string
	work   string
}

// run measures pairs, after one that is not counted.
func (r race) run(ctx context.Context, pairs int) (sample, error) {
	s := sample{Format: r.format.name, Target: r.format.target, Disk: r.disk.size, Served: r.file.size}
	for i := range pairs + 1 {
		var row [2]float64
		var memory int64
		for turn := range 2 {
			var err error
			arm := (i + turn) % 2
			if arm == 0 {
				row[0], memory, err = r.distrolab(ctx)
			} else {
				row[1], err = r.tools(ctx, i == 0)
			}
			if err != nil {
				return s, err
			}
		}
		if i > 0 {
			s.Seconds, s.Memory = append(s.Seconds, row), append(s.Memory, memory)
		}
	}
	return s, nil
}

// distrolab fetches the file in a process of its own, so that its memory is
// its own; its start counts as those of the tools do.
func (r race) distrolab(ctx context.Context) (seconds float64, peak int64, err error) {
	dir, err := os.MkdirTemp(r.work, "store-")
	if err != nil {
		return 0, 0, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // of no matter
	self, err := os.Executable()
	if err != nil {
		return 0, 0, err
	}
	cmd := exec.CommandContext(ctx, self, childName, dir, r.url, r.format.compression, r.file.sha512)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, 0, fmt.Errorf("distrolab: %w: %s", err, log.String())
	}
	seconds = time.Since(began).Seconds()
	var got image.File
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		return 0, 0, err
	}
	if got.SHA256 != r.disk.sha256 || got.Size != r.disk.size {
		return 0, 0, fmt.Errorf("distrolab made another disk: %+v", got)
	}
	usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return seconds, usage.Maxrss << 10, nil
}

// pipe is the same with standard tools; the FIFO is what >(…) makes of it, but
// its end can be waited for.
const pipe = `set -o pipefail
mkfifo "$DIR/fifo"
sha512sum <"$DIR/fifo" >"$DIR/sum" &
curl -sSf "$URL" | tee "$DIR/fifo" | %s >"$DIR/disk" && wait $! && grep -q "^$SUM " "$DIR/sum"`

func (r race) tools(ctx context.Context, compare bool) (float64, error) {
	dir, err := os.MkdirTemp(r.work, "tools-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // of no matter
	cmd := exec.CommandContext(ctx, "bash", "-c", fmt.Sprintf(pipe, r.format.unpack))
	cmd.Env = append(os.Environ(), "DIR="+dir, "URL="+r.url, "SUM="+r.file.sha512)
	var log strings.Builder
	cmd.Stderr = &log
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("the tools: %w: %s", err, log.String())
	}
	seconds := time.Since(began).Seconds()
	if compare {
		got, err := describe(filepath.Join(dir, "disk"))
		if err != nil {
			return 0, err
		}
		if got.sha256 != r.disk.sha256 {
			return 0, fmt.Errorf("the tools made another disk")
		}
	}
	return seconds, nil
}

// childName is the first argument of the process that fetches.
const childName = "fetch-one"

// child fetches one file into a store and prints its description.
func child(ctx context.Context, args []string, out, log io.Writer) int {
	if len(args) != 4 {
		return exitUsage
	}
	f, err := fetch(ctx, args[0], args[1], args[2], args[3])
	if err == nil {
		err = json.NewEncoder(out).Encode(f)
	}
	if err != nil {
		fmt.Fprintln(log, err)
		return exitFailed
	}
	return exitDone
}

func fetch(ctx context.Context, dir, url, compression, sum string) (image.File, error) {
	store, err := image.Open(dir)
	if err != nil {
		return image.File{}, err
	}
	spec := image.Spec{
		Manifest: image.Manifest{
			Distro: "bench", Version: "1", Arch: "amd64", Origin: "this machine",
			Verdict: "Made by bench-pull.", Created: time.Now(),
		},
		Remotes:   []image.Remote{{Role: image.RoleDisk, URL: url, Format: "raw", Compression: compression, SHA512: sum}},
		PlainHTTP: true,
	}
	i, err := store.Fetch(ctx, &http.Client{}, spec, nil)
	if err != nil {
		return image.File{}, err
	}
	return i.Manifest.Files[image.RoleDisk], nil
}
