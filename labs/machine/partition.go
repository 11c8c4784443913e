package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"distrolab/provision/seed"
)

// maxPartition bounds the partition that is written anew. Bottlerocket's has 42 MiB.
const maxPartition = 512 << 20

// ext4Features are what every kernel and loader of this decade reads; the
// host's own mke2fs.conf is not asked.
const ext4Features = "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,sparse_super,large_file"

// fillPartition replaces a partition of the machine's disk by a new ext4 file
// system with the files. It needs no root and writes to the overlay alone.
func (m *Machine) fillPartition(ctx context.Context, p seed.Partition) error {
	if m.spec.Files.Disk == "" {
		return fmt.Errorf("writing partition %s: this machine has no disk of its own", p.Name)
	}
	work := filepath.Join(m.directory, "partition")
	if err := os.Mkdir(work, 0o700); err != nil {
		return fmt.Errorf("writing partition %s: %w", p.Name, err)
	}
	err := m.writePartition(ctx, work, p)
	if err = errors.Join(err, os.RemoveAll(work)); err != nil {
		return fmt.Errorf("writing partition %s of image %s: %w", p.Name, m.spec.Image, err)
	}
	return nil
}

func (m *Machine) writePartition(ctx context.Context, work string, p seed.Partition) error {
	place, err := m.locate(ctx, work, p.Name)
	if err != nil {
		return err
	}
	root, system := filepath.Join(work, "root"), filepath.Join(work, "ext4")
	if err := writeTree(root, p); err != nil {
		return err
	}
	if err := makeSparse(system, place.size); err != nil {
		return err
	}
	if err := m.env.Run(ctx, administrative("mke2fs"), "-q", "-F", "-t", "ext4", "-O", ext4Features, "-m", "0",
		"-E", "root_owner=0:0", "-d", root, system); err != nil {
		return err
	}
	target := fmt.Sprintf("driver=raw,offset=%d,size=%d,file.driver=qcow2,file.file.driver=file,file.file.filename=%s",
		place.offset, place.size, strings.ReplaceAll(m.overlayPath(), ",", ",,"))
	return m.env.Run(ctx, "qemu-img", "convert", "-n", "-f", "raw", system, "--target-image-opts", target)
}

// locate reads the partition table of the image.
func (m *Machine) locate(ctx context.Context, work, name string) (extent, error) {
	head := filepath.Join(work, "head")
	err := m.env.Run(ctx, "qemu-img", "dd", "-f", m.spec.Files.DiskFormat, "-O", "raw",
		"bs="+fmt.Sprint(gptHeadBytes), "count=1", "if="+m.spec.Files.Disk, "of="+head)
	if err != nil {
		return extent{}, err
	}
	f, err := os.Open(head)
	if err != nil {
		return extent{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, gptHeadBytes))
	if err != nil {
		return extent{}, err
	}
	place, err := findPartition(data, name)
	switch {
	case err != nil:
		return extent{}, err
	case place.size > maxPartition:
		return extent{}, fmt.Errorf("the partition has %d bytes, more than the limit of %d", place.size, maxPartition)
	case place.offset+place.size > m.spec.Files.DiskVirtual:
		return extent{}, errors.New("the partition ends beyond the disk")
	}
	return place, nil
}

// writeTree writes the files for their owner alone.
func writeTree(root string, p seed.Partition) error {
	for _, doc := range p.Files {
		path := filepath.Join(root, filepath.FromSlash(doc.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(doc.Content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func makeSparse(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Close())
}

// administrative finds a program that an ordinary user's PATH may lack.
func administrative(program string) string {
	path := "/usr/sbin/" + program
	if _, err := os.Stat(path); err == nil {
		return path
	}
	return program
}
