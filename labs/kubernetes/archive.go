package kubernetes

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

// Entry is one file of an archive. With a link it is a symbolic one, else its
// content is that of a file of this machine.
type Entry struct {
	Name   string // in the archive: opt/bin/kubelet
	Source string // path here
	Link   string // what a symbolic link leads to
	Text   string // content, in place of Source
	Mode   int64  // 0: 0755
}

// entryTime is the time stamp of everything in an archive: the same content
// gives the same bytes. It is not 1970, which tar warns of.
func entryTime() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

// writeTar writes entries, and no directories: what unpacks it makes those that
// are missing, and /opt, which is a link on some systems, stays what it is.
func writeTar(ctx context.Context, w io.Writer, entries []Entry) error {
	out := tar.NewWriter(w)
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if err := writeEntry(out, e); err != nil {
			return fmt.Errorf("packing %s: %w", e.Name, err)
		}
	}
	return out.Close()
}

func writeEntry(out *tar.Writer, e Entry) error {
	h := tar.Header{Name: e.Name, Mode: e.Mode, ModTime: entryTime(), Format: tar.FormatUSTAR, Typeflag: tar.TypeReg, Size: int64(len(e.Text))}
	if h.Mode == 0 {
		h.Mode = 0o755
	}
	if e.Link != "" {
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, e.Link, 0o777
		return out.WriteHeader(&h)
	}
	if e.Source == "" {
		if err := out.WriteHeader(&h); err != nil {
			return err
		}
		_, err := io.WriteString(out, e.Text)
		return err
	}
	f, err := os.Open(e.Source)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a plain file", e.Source)
	}
	h.Size = info.Size()
	if err := out.WriteHeader(&h); err != nil {
		return err
	}
	_, err = io.Copy(out, f)
	return err
}
