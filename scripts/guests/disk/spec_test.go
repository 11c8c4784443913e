package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProblemsOfASpecificationAreReportedTogether(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"an empty one", `{}`, []string{"seed", "size_mib", "epoch"}},
		{"an unknown field", `{"seeed":"x"}`, []string{"seeed"}},
		{"not JSON", `disk`, []string{"invalid character"}},
		{"partitions", `{"seed":"x","size_mib":64,"epoch":1,"partitions":[
			{"number":0,"name":"a","type":"swap","size_mib":0},
			{"number":3,"name":"b","type":"root","label":"longer than sixteen","size_mib":-1},
			{"number":3,"name":"c","type":"root","uuid":"0","size_mib":0}]}`,
			[]string{"partitions[0].number", "partitions[0].type", "partitions[0].size_mib",
				"partitions[1].label", "partitions[1].size_mib", "partitions[2].number", "partitions[2].uuid"}},
		{"a loader's number", `{"seed":"x","size_mib":64,"epoch":1,"grub":{"boot":"b","core":"c","efi":"e"},
			"partitions":[{"number":15,"name":"a","type":"root","size_mib":0}]}`, []string{"partitions[0].number"}},
		{"half a loader", `{"seed":"x","size_mib":64,"epoch":1,"grub":{"boot":"b","esp_id":"../x"}}`, []string{"grub:", "esp_id"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "spec.json")
			if err := os.WriteFile(name, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := ReadSpec(name)
			if err == nil {
				t.Fatal("taken")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %v", want, err)
				}
			}
		})
	}
}

func TestPartitionsFollowEachOtherAndFitTheDisk(t *testing.T) {
	spec := &Spec{Seed: "x", SizeMiB: 64, GRUB: &GRUB{ESPMiB: 16}, Partitions: []Partition{
		{Number: 3, Name: "usr", Type: "usr", SizeMiB: 20}, {Number: 9, Name: "root", Type: "root"},
	}}
	sectors := spec.SizeMiB * mib / sectorSize
	parts, err := layOut(spec, sectors)
	if err != nil {
		t.Fatal(err)
	}
	next := int64(34) // first sector after the table
	for _, p := range parts {
		if p.first < next || p.last < p.first {
			t.Errorf("partition %d takes %d to %d after %d", p.number, p.first, p.last, next)
		}
		next = p.last + 1
	}
	if next > sectors-33 {
		t.Errorf("the last partition ends at %d, in the backup table of a disk of %d sectors", next-1, sectors)
	}
	if size := next - parts[3].first; size%8 != 0 || size < 26*2048 {
		t.Errorf("the last partition has %d sectors", size)
	}
	spec.Partitions[0].SizeMiB = 48
	if _, err := layOut(spec, sectors); err == nil {
		t.Error("a partition larger than the disk was placed")
	}
}
