package app

import (
	"slices"
	"strings"

	"distrolab/distros"
	"distrolab/provision"
)

// handStep is one thing to type to deliver a config without distrolab, in the
// directory into which --out wrote it.
type handStep struct {
	With    string `json:"with"`    // program, such as virt-install
	Command string `json:"command"` // a whole command, or the options to add to one
}

// byHand says what to type instead of `distrolab up`. Words in capitals stand
// for what only the person knows.
func byHand(cfg provision.Config) []handStep {
	d := cfg.Delivery
	var names []string
	for _, doc := range cfg.Documents {
		names = append(names, doc.Name)
	}
	if len(names) == 0 {
		return nil
	}
	var steps []handStep
	switch d.Kind {
	case distros.DeliverFWCfg:
		steps = fwcfgByHand(names)
	case distros.DeliverVolume:
		steps = volumeByHand(d, names)
	case distros.DeliverDisk:
		name := word(names[0])
		steps = []handStep{
			{"QEMU", "-drive if=none,id=config,format=raw,readonly=on,file=" + name + " -device virtio-blk-pci,drive=config,serial=" + d.Serial},
			{"virt-install", "--disk format=raw,bus=virtio,readonly=on,serial=" + d.Serial + ",path=" + name},
		}
	case distros.DeliverPartition:
		steps = partitionByHand(d, names)
	case distros.DeliverHTTP:
		return httpByHand(d)
	case distros.DeliverKernel:
		line := `"` + strings.TrimSpace("$(cat "+word(names[0])+") "+d.Kernel) + `"`
		return []handStep{
			{"QEMU", "-kernel KERNEL -initrd INITRD -append " + line},
			{"virt-install", "--boot kernel=KERNEL,initrd=INITRD,kernel_args=" + line},
		}
	case distros.DeliverAPI:
		if cfg.Format == "talos" {
			steps = []handStep{{"talosctl", "talosctl apply-config --insecure --nodes ADDRESS --file " + word(names[0])}}
		}
	}
	if len(cfg.Sources) > 0 && cfg.Format == "linuxkit" {
		steps = append([]handStep{{"linuxkit", "linuxkit build --format kernel+initrd " + word(cfg.Sources[0].Name)}}, steps...)
	}
	if d.Kernel != "" {
		steps = append(steps, handStep{"boot loader", "add to the kernel's line: " + d.Kernel})
	}
	return steps
}

func fwcfgByHand(names []string) []handStep {
	var entries []string
	for _, n := range names {
		entries = append(entries, "-fw_cfg name="+n+",file="+n)
	}
	return []handStep{
		{"QEMU", strings.Join(entries, " ")},
		{"virt-install", `--qemu-commandline="` + strings.Join(entries, " ") + `"`},
	}
}

func volumeByHand(d distros.Delivery, names []string) []handStep {
	const image = "config.iso"
	grafts := ""
	for _, n := range names {
		grafts += " " + word(n+"="+n)
	}
	volume := handStep{"xorriso", "xorriso -as mkisofs -V " + d.Label + " -J -r -o " + image + " -graft-points" + grafts}
	if d.Media == distros.MediaCDROM {
		return []handStep{
			volume,
			{"QEMU", "-drive media=cdrom,format=raw,readonly=on,file=" + image},
			{"virt-install", "--disk device=cdrom,path=" + image},
		}
	}
	return []handStep{
		volume,
		{"QEMU", "-drive if=virtio,format=raw,readonly=on,file=" + image},
		{"virt-install", "--disk bus=virtio,format=raw,readonly=on,path=" + image},
	}
}

// partitionByHand needs no root: the partition is made beside the image and
// copied to its place. The image is a raw one.
func partitionByHand(d distros.Delivery, names []string) []handStep {
	return []handStep{
		{"sfdisk", "sfdisk -l -o Name,Start,Sectors DISK   # START and SECTORS of " + d.Label},
		{"mkfs.ext4", "mkdir part && cp " + words(names) + " part/ && mkfs.ext4 -d part part.img $((SECTORS/2))k"},
		{"dd", "dd if=part.img of=DISK bs=512 seek=START conv=notrunc"},
	}
}

// httpByHand serves the files to a machine whose way to this one is QEMU's
// user network or libvirt's default network.
func httpByHand(d distros.Delivery) []handStep {
	const qemu, libvirt = "http://10.0.2.2:8000/", "http://192.168.122.1:8000/"
	at := func(text, url string) string { return strings.ReplaceAll(text, distros.URLPlace, url) }
	steps := []handStep{{"Python", "python3 -m http.server 8000"}}
	if d.SMBIOS != "" {
		steps = append(steps,
			handStep{"QEMU", "-smbios " + word("type=1,serial="+strings.ReplaceAll(at(d.SMBIOS, qemu), ",", ",,"))},
			handStep{"virt-install", "--sysinfo " + word("system.serial="+at(d.SMBIOS, libvirt))})
	}
	if d.Kernel != "" {
		steps = append(steps,
			handStep{"QEMU", "-kernel KERNEL -initrd INITRD -append " + word(at(d.Kernel, qemu))},
			handStep{"virt-install", "--boot " + word("kernel=KERNEL,initrd=INITRD,kernel_args="+at(d.Kernel, libvirt))})
	}
	return steps
}

// word is a word for a shell, quoted only where it must be.
func word(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=,:@%+", r)
	}
	if text != "" && !slices.ContainsFunc([]rune(text), func(r rune) bool { return !plain(r) }) {
		return text
	}
	return quoteShell(text)
}

func words(texts []string) string {
	var list []string
	for _, t := range texts {
		list = append(list, word(t))
	}
	return strings.Join(list, " ")
}

// foldCommand breaks a command at spaces into lines that can be copied
// together: all but the last end in a backslash. What is quoted stays whole.
func foldCommand(command string, width int) []string {
	var lines []string
	line := ""
	for _, part := range unquotedFields(command) {
		if line != "" && cells(line)+1+cells(part)+2 > width {
			lines, line = append(lines, line+` \`), ""
		}
		if line != "" {
			line += " "
		}
		line += part
	}
	return append(lines, line)
}

// unquotedFields cuts a command at the spaces outside of quotes.
func unquotedFields(command string) []string {
	quote := rune(0)
	return strings.FieldsFunc(command, func(r rune) bool {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		}
		return quote == 0 && r == ' '
	})
}
