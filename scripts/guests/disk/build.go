package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Numbers of the loader's partitions, as in Debian's cloud images.
const (
	biosNumber = 14
	espNumber  = 15
)

// biosFirst is the first sector of the BIOS boot partition; it ends where the
// second MiB begins.
const biosFirst = 34 + 14

// Build makes the disk that spec describes and writes it to out, which exists
// only when all went well. Intermediate files go to dir.
func Build(ctx context.Context, spec *Spec, dir, out string) error {
	sectors := spec.SizeMiB * mib / sectorSize
	parts, err := layOut(spec, sectors)
	if err != nil {
		return err
	}
	raw := filepath.Join(dir, "disk.raw")
	if err := makeSparse(raw, spec.SizeMiB*mib); err != nil {
		return err
	}
	disk, err := os.OpenFile(raw, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("opening disk: %w", err)
	}
	defer disk.Close()
	if err := writeGPT(disk, deriveUUID(spec.Seed, "disk"), sectors, parts); err != nil {
		return err
	}
	if err := writeLoader(ctx, spec, dir, disk, parts); err != nil {
		return err
	}
	at := parts[len(parts)-len(spec.Partitions):]
	for i, p := range spec.Partitions {
		file := filepath.Join(dir, "part-"+strconv.Itoa(p.Number))
		size := (at[i].last - at[i].first + 1) * sectorSize
		if err := makeExt4(ctx, p, size, spec.Epoch, dir, file); err != nil {
			return fmt.Errorf("making partition %s: %w", p.Name, err)
		}
		if err := copySparse(disk, file, at[i].first*sectorSize); err != nil {
			return err
		}
		if err := os.Remove(file); err != nil {
			return fmt.Errorf("removing partition %s: %w", p.Name, err)
		}
	}
	return convert(ctx, spec, raw, out)
}

// layOut gives every partition its place: the loader's first, then the others
// in their order, on whole MiB.
func layOut(spec *Spec, sectors int64) ([]extent, error) {
	types := typeGUIDs()
	var parts []extent
	next := int64(alignSectors)
	end := sectors - 1 - gptSectors // last usable sector
	if g := spec.GRUB; g != nil {
		parts = append(parts, extent{biosNumber, "bios", types["bios"], deriveUUID(spec.Seed, "part-bios"), biosFirst, alignSectors - 1})
		last := next + g.ESPMiB*mib/sectorSize - 1
		parts = append(parts, extent{espNumber, "esp", types["esp"], deriveUUID(spec.Seed, "part-esp"), next, last})
		next = last + 1
	}
	for _, p := range spec.Partitions {
		last := next + p.SizeMiB*mib/sectorSize - 1
		if p.SizeMiB == 0 {
			last = (end+1)/8*8 - 1 // whole blocks of the file system
		}
		if last > end || last-next < alignSectors {
			return nil, fmt.Errorf("placing partition %s: the disk of %d MiB is too small", p.Name, spec.SizeMiB)
		}
		parts = append(parts, extent{p.Number, p.Name, types[p.Type], p.GUID, next, last})
		next = last + 1
	}
	return parts, nil
}

// writeLoader puts GRUB where firmware finds it: the boot sector and the BIOS
// boot partition, and the EFI system partition.
func writeLoader(ctx context.Context, spec *Spec, dir string, disk *os.File, parts []extent) error {
	if spec.GRUB == nil {
		return nil
	}
	boot, err := os.ReadFile(spec.GRUB.Boot)
	if err != nil {
		return fmt.Errorf("reading boot.img: %w", err)
	}
	core, err := os.ReadFile(spec.GRUB.Core)
	if err != nil {
		return fmt.Errorf("reading core.img: %w", err)
	}
	if boot, err = patchBoot(boot, biosFirst); err != nil {
		return err
	}
	if core, err = patchCore(core, biosFirst); err != nil {
		return err
	}
	if room := (alignSectors - biosFirst) * sectorSize; len(core) > room {
		return fmt.Errorf("writing core.img: %d bytes do not fit the %d of the BIOS boot partition", len(core), room)
	}
	if _, err := disk.WriteAt(boot, 0); err != nil {
		return fmt.Errorf("writing boot sector: %w", err)
	}
	if _, err := disk.WriteAt(core, biosFirst*sectorSize); err != nil {
		return fmt.Errorf("writing core.img: %w", err)
	}
	esp := filepath.Join(dir, "esp")
	if err := makeESP(ctx, spec, dir, esp); err != nil {
		return err
	}
	return copySparse(disk, esp, parts[1].first*sectorSize)
}

// makeESP makes the EFI system partition with GRUB as the removable-media
// loader, which needs no variable in the firmware.
func makeESP(ctx context.Context, spec *Spec, dir, file string) error {
	if err := makeSparse(file, spec.GRUB.ESPMiB*mib); err != nil {
		return err
	}
	epoch := strconv.FormatInt(spec.Epoch, 10)
	tools := toolbox{env: []string{"SOURCE_DATE_EPOCH=" + epoch, "MTOOLS_SKIP_CHECK=1", "MTOOLSRC=/dev/null"}}
	steps := [][]string{
		{"mkfs.vfat", "--invariant", "-F", "16", "-n", "ESP", "-i", spec.GRUB.ESPID, file},
		{"mmd", "-i", file, "::/EFI", "::/EFI/BOOT"},
		{"mcopy", "-i", file, spec.GRUB.EFI, "::/EFI/BOOT/BOOTX64.EFI"},
	}
	for _, s := range steps {
		if _, err := tools.run(ctx, s[0], s[1:]...); err != nil {
			return err
		}
	}
	return nil
}

func convert(ctx context.Context, spec *Spec, raw, out string) error {
	part := out + ".part"
	defer os.Remove(part)
	args := []string{"convert", "-f", "raw", "-O", spec.Format}
	if spec.Compress {
		args = append(args, "-c")
	}
	if _, err := (toolbox{}).run(ctx, "qemu-img", append(args, raw, part)...); err != nil {
		return err
	}
	if err := os.Rename(part, out); err != nil {
		return fmt.Errorf("finishing %s: %w", out, err)
	}
	return nil
}

func makeSparse(name string, size int64) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("making %s: %w", name, err)
	}
	if err := errors.Join(f.Truncate(size), f.Close()); err != nil {
		return fmt.Errorf("making %s: %w", name, err)
	}
	return nil
}

// copySparse copies a file into the disk at an offset and leaves out blocks of
// zeros, which the new disk has anyway.
func copySparse(disk *os.File, name string, at int64) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("copying partition: %w", err)
	}
	defer f.Close()
	block, zero := make([]byte, 256<<10), make([]byte, 256<<10)
	for {
		n, err := io.ReadFull(f, block)
		if n > 0 && !bytes.Equal(block[:n], zero[:n]) {
			if _, err := disk.WriteAt(block[:n], at); err != nil {
				return fmt.Errorf("copying partition: %w", err)
			}
		}
		at += int64(n)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("copying partition: %w", err)
		}
	}
}

// toolbox runs the host's programs with a fixed environment, so that locale and
// time zone do not reach the image.
type toolbox struct {
	env []string
}

// run runs a program and returns what it wrote to standard error.
func (t toolbox) run(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	// mke2fs and mkfs.vfat are not in the search path of ordinary users.
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin", "LC_ALL=C", "TZ=UTC"}, t.env...)
	if cmd.Err != nil {
		if found := lookSbin(name); found != "" {
			cmd.Path, cmd.Err = found, nil
		}
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("running %s: %w\n%s", strings.Join(cmd.Args, " "), err, tail(stdout.String()+stderr.String()))
	}
	return stderr.String(), nil
}

func lookSbin(name string) string {
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode()&0o111 != 0 {
			return filepath.Join(dir, name)
		}
	}
	return ""
}

// tail keeps the end of a long output: the error is there.
func tail(s string) string {
	const most = 2000
	if len(s) > most {
		return "…" + s[len(s)-most:]
	}
	return s
}
