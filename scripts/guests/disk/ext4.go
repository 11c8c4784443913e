package main

import (
	"archive/tar"
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// mke2fsConf fixes every default of mke2fs, so that the host's own
// /etc/mke2fs.conf does not decide what the guest gets. The features are those
// that GRUB 2.06 and Linux 5.10 already read. The empty types are those that
// mke2fs picks by size; without them it warns.
const mke2fsConf = `[defaults]
	base_features = sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr
	default_mntopts = acl,user_xattr
	enable_periodic_fsck = 0
	blocksize = 4096
	inode_size = 256
	inode_ratio = 16384
	lazy_itable_init = 0
	lazy_journal_init = 0
	discard = 0
[fs_types]
	ext4 = {
		features = has_journal,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize
	}
	floppy = {
	}
	small = {
	}
	big = {
	}
	huge = {
	}
`

// makeExt4 writes a file system of the partition's content to file, size bytes
// long. debugfs fills it in sorted order, which needs no rights and leaves
// nothing to the order of directories on the host, as mke2fs -d would.
func makeExt4(ctx context.Context, p Partition, size, epoch int64, dir, file string) error {
	if err := makeSparse(file, size); err != nil {
		return err
	}
	conf := filepath.Join(dir, "mke2fs.conf")
	if err := os.WriteFile(conf, []byte(mke2fsConf), 0o600); err != nil {
		return fmt.Errorf("writing mke2fs configuration: %w", err)
	}
	tools := toolbox{env: []string{
		"E2FSPROGS_FAKE_TIME=" + strconv.FormatInt(epoch, 10), "MKE2FS_CONFIG=" + conf,
	}}
	args := []string{"-q", "-F", "-t", "ext4", "-U", p.UUID, "-m", "1",
		"-E", "hash_seed=" + p.UUID + ",root_owner=0:0"}
	if p.Label != "" {
		args = append(args, "-L", p.Label)
	}
	if _, err := tools.run(ctx, "mke2fs", append(args, file)...); err != nil {
		return err
	}
	blobs := filepath.Join(dir, "blobs")
	if err := os.Mkdir(blobs, 0o700); err != nil {
		return fmt.Errorf("making work directory: %w", err)
	}
	defer os.RemoveAll(blobs)
	t, err := readTree(p, size, epoch, blobs)
	if err != nil {
		return err
	}
	if err := fillExt4(ctx, tools, t, dir, file); err != nil {
		return err
	}
	_, err = tools.run(ctx, "e2fsck", "-f", "-n", file)
	return err
}

func fillExt4(ctx context.Context, tools toolbox, t *tree, dir, file string) error {
	script := filepath.Join(dir, "debugfs.script")
	f, err := os.Create(script)
	if err != nil {
		return fmt.Errorf("writing debugfs script: %w", err)
	}
	w := bufio.NewWriter(f)
	if err := t.script(w); err != nil {
		f.Close()
		return fmt.Errorf("writing debugfs script: %w", err)
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return fmt.Errorf("writing debugfs script: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("writing debugfs script: %w", err)
	}
	stderr, err := tools.run(ctx, "debugfs", "-w", "-f", script, file)
	if err != nil {
		return err
	}
	// debugfs ends with 0 whatever happens; what it says besides its own
	// version is an error.
	for line := range strings.Lines(stderr) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "debugfs ") {
			return fmt.Errorf("filling file system of %s: debugfs says %q", path.Base(file), line)
		}
	}
	return nil
}

// script writes the commands that make debugfs build the tree: first all names,
// then hard links, then owners, modes and times, directories last among equals
// since adding names may touch them.
func (t *tree) script(w io.Writer) error {
	var links []*node
	for _, group := range t.byDirectory() {
		fmt.Fprintf(w, "cd %s\n", quote(path.Dir(group[0].path)))
		for _, n := range group {
			if n.typ == tar.TypeLink {
				links = append(links, n)
				continue
			}
			fmt.Fprintln(w, n.create())
		}
	}
	for _, n := range links {
		fmt.Fprintf(w, "ln %s %s\n", quote(n.link), quote(n.path))
	}
	for _, name := range t.paths() {
		if n := t.nodes[name]; n.typ != tar.TypeLink {
			if err := t.attributes(w, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// create is the command that makes one name in the current directory.
func (n *node) create() string {
	base := quote(path.Base(n.path))
	switch n.typ {
	case tar.TypeDir:
		return "mkdir " + base
	case tar.TypeSymlink:
		return "symlink " + base + " " + quote(n.link)
	case tar.TypeFifo:
		return "mknod " + base + " p"
	case tar.TypeChar:
		return fmt.Sprintf("mknod %s c %d %d", base, n.major, n.minor)
	case tar.TypeBlock:
		return fmt.Sprintf("mknod %s b %d %d", base, n.major, n.minor)
	default:
		return "write " + quote(n.blob) + " " + base
	}
}

func (t *tree) attributes(w io.Writer, n *node) error {
	name := quote(n.path)
	fmt.Fprintf(w, "sif %s mode %#o\n", name, n.mode|fileType(n.typ))
	if n.uid != 0 {
		fmt.Fprintf(w, "sif %s uid %d\n", name, n.uid)
	}
	if n.gid != 0 {
		fmt.Fprintf(w, "sif %s gid %d\n", name, n.gid)
	}
	fmt.Fprintf(w, "sif %s mtime @%d\n", name, n.mtime)
	if n.links > 1 {
		fmt.Fprintf(w, "sif %s links_count %d\n", name, n.links)
	}
	attrs := make([]string, 0, len(n.xattrs))
	for attr := range n.xattrs {
		attrs = append(attrs, attr)
	}
	sort.Strings(attrs)
	for _, attr := range attrs {
		value, err := t.store(strings.NewReader(n.xattrs[attr]))
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "ea_set -f %s %s %s\n", quote(value), name, quote(attr))
	}
	return nil
}

func fileType(typ byte) int64 {
	switch typ {
	case tar.TypeDir:
		return 0o040000
	case tar.TypeSymlink:
		return 0o120000
	case tar.TypeFifo:
		return 0o010000
	case tar.TypeChar:
		return 0o020000
	case tar.TypeBlock:
		return 0o060000
	default:
		return 0o100000
	}
}

// quote writes an argument as libss reads it: in double quotes, where a double
// quote is written twice.
func quote(s string) string {
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}
