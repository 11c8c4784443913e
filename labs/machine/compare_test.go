package machine_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distrolab/distros"
	"distrolab/labs/probe"
	"distrolab/provision"
)

// compareBoot looks for every byte of every load where its delivery puts it,
// and for what nobody has sent.
func compareBoot(t *testing.T, b *boot, got probe.Report) {
	t.Helper()
	used := map[string]bool{} // devices that were found to be a load's
	sent := map[distros.DeliveryKind]int{}
	for _, l := range b.loads {
		sent[l.kind()] += len(l.config.Documents)
		for _, wrong := range compareLoad(l, got, used) {
			t.Errorf("%s: %s", strings.Join(l.systems, ", "), wrong)
		}
	}
	if n := len(got.FWCfg.Entries); n != sent[distros.DeliverFWCfg] {
		t.Errorf("the guest saw %d fw_cfg entries, %d were sent", n, sent[distros.DeliverFWCfg])
	}
	for _, d := range got.Storage.Devices {
		if d.FileSystem == "iso9660" && !used[d.Name] {
			t.Errorf("the guest saw a volume %s on %s that nobody sent", d.Label, d.Name)
		}
	}
}

// compareLoad says what differs for one load.
func compareLoad(l *load, got probe.Report, used map[string]bool) []string {
	var wrong []string
	add := func(what, diff string) {
		if diff != "" {
			wrong = append(wrong, what+" differs (-rendered +seen):\n"+diff)
		}
	}
	d := l.config.Delivery
	if serial := l.serial(); serial != "" {
		add("SMBIOS serial", cmp.Diff(serial, got.SMBIOS.System.Serial))
	}
	if words := l.words(); words != "" && !strings.Contains(" "+got.Kernel.CommandLine+" ", " "+words+" ") {
		wrong = append(wrong, "kernel words "+words+" are not in "+got.Kernel.CommandLine)
	}
	switch d.Kind {
	case distros.DeliverFWCfg:
		for _, doc := range l.config.Documents {
			entry, _ := got.FWCfg.Entry(doc.Name)
			add("fw_cfg "+doc.Name, cmp.Diff(doc.Content, string(entry.Data)))
			if doc.Name != d.Key {
				wrong = append(wrong, "the document "+doc.Name+" is not the delivery's key "+d.Key)
			}
		}
	case distros.DeliverVolume:
		add("volume "+d.Label, compareVolume(l, got.Storage, used))
	case distros.DeliverDisk:
		disk, ok := got.Storage.WithSerial(d.Serial)
		if !ok || !disk.ReadOnly {
			wrong = append(wrong, "no read-only disk has the serial "+d.Serial)
		}
		add("disk "+d.Serial, cmp.Diff(l.config.Documents[0].Content, strings.TrimRight(string(disk.Data), "\x00")))
	case distros.DeliverPartition:
		partition, ok := got.Storage.Partition(d.Label)
		if !ok || partition.FileSystem != "ext4" || !strings.HasPrefix(partition.Name, "vda") {
			wrong = append(wrong, "no ext4 partition of the boot disk is called "+d.Label)
		}
		add("partition "+d.Label, cmp.Diff(asMap(l.config.Documents), regular(partition)))
	case distros.DeliverHTTP:
		wrong = append(wrong, compareFetched(l, got)...)
	case distros.DeliverKernel: // the words are all of it
	default:
		wrong = append(wrong, "no comparison for delivery "+string(d.Kind))
	}
	return wrong
}

// compareVolume looks for the volume among those of its label and medium, and
// shows the difference to the last one when none is it.
func compareVolume(l *load, storage probe.Storage, used map[string]bool) string {
	prefix, diff := "vd", "no volume has that label and medium"
	if l.config.Delivery.Media == distros.MediaCDROM {
		prefix = "sr"
	}
	for _, d := range storage.Devices {
		if d.Label != l.config.Delivery.Label || d.FileSystem != "iso9660" || used[d.Name] || !strings.HasPrefix(d.Name, prefix) {
			continue
		}
		if diff = cmp.Diff(asMap(l.config.Documents), regular(d)); diff == "" && (d.ReadOnly || prefix == "sr") {
			used[d.Name] = true
			return ""
		}
	}
	return diff
}

// compareFetched looks for every document at its address. A guest that is told
// the place of a seed also asks for files that need not be there.
func compareFetched(l *load, got probe.Report) []string {
	var wrong []string
	for _, doc := range l.config.Documents {
		f, ok := got.Fetched(machineURL + doc.Name)
		switch {
		case !ok:
			wrong = append(wrong, "the guest was not told of "+doc.Name)
		case f.Status != 200 || f.Error != "" || string(f.Data) != doc.Content:
			wrong = append(wrong, f.URL+" differs: status, error "+f.Error+cmp.Diff(doc.Content, string(f.Data)))
		}
	}
	return wrong
}

func asMap(docs []provision.Document) map[string]string {
	files := map[string]string{}
	for _, doc := range docs {
		files[doc.Name] = doc.Content
	}
	return files
}

// regular are the regular files of a device.
func regular(d probe.Device) map[string]string {
	files := map[string]string{}
	for _, f := range d.Files {
		if strings.HasPrefix(f.Mode, "-") {
			files[f.Path] = string(f.Data)
		}
	}
	return files
}

// drawTable shows which boot carried which system's config by which way.
func drawTable(t *testing.T, boots []*boot) {
	t.Helper()
	rows := map[string]int{}
	for i, b := range boots {
		for _, l := range b.loads {
			for _, system := range l.systems {
				rows[system] = i + 1
			}
		}
	}
	var table strings.Builder
	for _, system := range slices.Sorted(maps.Keys(rows)) {
		fields := strings.Fields(system)
		fmt.Fprintf(&table, "%-18s %-13s %-16s boot %d\n", fields[0], fields[1], fields[3], rows[system])
	}
	t.Logf("%d configs in %d boots\n%s", len(rows), len(boots), table.String())
}
