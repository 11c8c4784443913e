package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// node is one file of a tree. Content of regular files lies in blob, a file of
// the work directory, because debugfs copies from files.
type node struct {
	path   string // absolute in the new file system
	typ    byte   // as in [tar.Header.Typeflag]
	mode   int64  // permission bits with set-id and sticky
	uid    int
	gid    int
	mtime  int64
	link   string // target of a symbolic or hard link
	blob   string
	major  int64
	minor  int64
	links  int               // names of a file with hard links, itself counted; 0 otherwise
	xattrs map[string]string // name to value
}

// tree is what one partition will hold, by path. The root is "/".
type tree struct {
	nodes map[string]*node
	dir   string // work directory of the blobs
	blobs int    // how many it holds
	room  int64  // bytes that regular files may still take
}

const xattrPrefix = "SCHILY.xattr."

// readTree reads the part of an archive that a partition of size bytes wants,
// and keeps the content of files in dir.
func readTree(p Partition, size, epoch int64, dir string) (*tree, error) {
	t := &tree{nodes: map[string]*node{}, dir: dir, room: size}
	t.nodes["/"] = &node{path: "/", typ: tar.TypeDir, mode: 0o755, mtime: epoch}
	if p.Tar == "" {
		return t, nil
	}
	f, err := os.Open(p.Tar)
	if err != nil {
		return nil, fmt.Errorf("reading archive: %w", err)
	}
	defer f.Close()
	r := tar.NewReader(f)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return t, t.finish(epoch)
		}
		if err != nil {
			return nil, fmt.Errorf("reading archive %s: %w", p.Tar, err)
		}
		name, ok := p.place(h.Name)
		if !ok {
			continue
		}
		if err := t.add(p, name, h, r); err != nil {
			return nil, fmt.Errorf("reading archive %s: %w", p.Tar, err)
		}
	}
}

// place says where a file of the archive goes in this partition, if it does.
func (p *Partition) place(name string) (string, bool) {
	name = path.Clean("/" + name)
	for _, x := range p.Exclude {
		if strings.HasPrefix(name, path.Clean("/"+x)+"/") {
			return "", false
		}
	}
	sub := path.Clean("/" + p.Subtree)
	if sub == "/" {
		return name, true
	}
	if name == sub {
		return "/", true
	}
	rest, ok := strings.CutPrefix(name, sub+"/")
	return "/" + rest, ok
}

func (t *tree) add(p Partition, name string, h *tar.Header, r io.Reader) error {
	if err := speakable(name); err != nil {
		return err
	}
	n := &node{
		path: name, typ: h.Typeflag, mode: h.Mode & 0o7777, uid: h.Uid, gid: h.Gid,
		mtime: h.ModTime.Unix(), link: h.Linkname, major: h.Devmajor, minor: h.Devminor,
	}
	for key, value := range h.PAXRecords {
		if attr, ok := strings.CutPrefix(key, xattrPrefix); ok {
			if n.xattrs == nil {
				n.xattrs = map[string]string{}
			}
			n.xattrs[attr] = value
		}
	}
	switch h.Typeflag {
	case tar.TypeReg:
		// A sparse file of the archive may claim any size.
		if t.room -= h.Size; t.room < 0 {
			return fmt.Errorf("unpacking %s: the files do not fit the partition; give it more size_mib", name)
		}
		blob, err := t.store(r)
		if err != nil {
			return fmt.Errorf("unpacking %s: %w", name, err)
		}
		n.blob = blob
	case tar.TypeLink:
		target, ok := p.place(h.Linkname)
		if !ok {
			return fmt.Errorf("linking %s: its other name %s is not in the same partition", name, h.Linkname)
		}
		n.link = target
	case tar.TypeSymlink:
		if err := speakable(h.Linkname); err != nil {
			return err
		}
	case tar.TypeDir, tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
	default:
		return fmt.Errorf("adding %s: file type %q is not supported", name, h.Typeflag)
	}
	t.nodes[name] = n
	return nil
}

// speakable refuses names that debugfs cannot be told.
func speakable(name string) error {
	if strings.ContainsAny(name, "\x00\n\r") {
		return fmt.Errorf("adding %q: line breaks in names are not supported", name)
	}
	if base := path.Base(name); strings.HasPrefix(base, "<") {
		return fmt.Errorf("adding %q: names that begin with < are not supported", name)
	}
	return nil
}

func (t *tree) store(r io.Reader) (string, error) {
	t.blobs++
	name := filepath.Join(t.dir, strconv.Itoa(t.blobs))
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	if _, err := io.Copy(f, r); err != nil {
		f.Close()
		return "", err
	}
	return name, f.Close()
}

// finish adds directories that the archive only implies, and counts hard links.
func (t *tree) finish(epoch int64) error {
	for _, name := range t.paths() {
		for dir := path.Dir(name); t.nodes[dir] == nil; dir = path.Dir(dir) {
			t.nodes[dir] = &node{path: dir, typ: tar.TypeDir, mode: 0o755, mtime: epoch}
		}
		if dir := t.nodes[path.Dir(name)]; dir.typ != tar.TypeDir {
			return fmt.Errorf("adding %s: %s is not a directory", name, dir.path)
		}
		n := t.nodes[name]
		if n.typ != tar.TypeLink {
			continue
		}
		target := t.nodes[n.link]
		if target == nil || target.typ == tar.TypeLink || target.typ == tar.TypeDir {
			return fmt.Errorf("linking %s: %s is not a file of the archive", name, n.link)
		}
		target.links = max(target.links, 1) + 1
	}
	return nil
}

func (t *tree) paths() []string {
	names := make([]string, 0, len(t.nodes))
	for name := range t.nodes {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// byDirectory groups the paths by their directory; both levels are sorted, and
// a directory comes before those inside it.
func (t *tree) byDirectory() [][]*node {
	groups := map[string][]*node{}
	for _, name := range t.paths() {
		if name != "/" {
			groups[path.Dir(name)] = append(groups[path.Dir(name)], t.nodes[name])
		}
	}
	dirs := make([]string, 0, len(groups))
	for dir := range groups {
		dirs = append(dirs, dir)
	}
	slices.Sort(dirs)
	list := make([][]*node, 0, len(dirs))
	for _, dir := range dirs {
		list = append(list, groups[dir])
	}
	return list
}
