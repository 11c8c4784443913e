package main

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGUIDOfTheTableIsMixedEndian(t *testing.T) {
	got, err := parseGUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
	if err != nil {
		t.Fatal(err)
	}
	// The bytes of an EFI system partition as any other tool writes them.
	want := [16]byte{0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestGUIDsThatAreNone(t *testing.T) {
	for _, text := range []string{"", "c12a7328", "c12a7328-f81f-11d2-ba4b-00a0c93ec93", "c12a7328f81f-11d2-ba4b-00a0-c93ec93b", "g12a7328-f81f-11d2-ba4b-00a0c93ec93b"} {
		if _, err := parseGUID(text); err == nil {
			t.Errorf("parseGUID(%q) took it", text)
		}
	}
}

func TestDerivedIdentifiersDependOnBothWords(t *testing.T) {
	ids := map[string]bool{}
	for _, seed := range []string{"a", "ab"} {
		for _, name := range []string{"b", "c", "bb"} {
			id := deriveUUID(seed, name)
			if _, err := parseGUID(id); err != nil {
				t.Error(err)
			}
			ids[id] = true
		}
	}
	if len(ids) != 6 {
		t.Errorf("6 pairs gave %d identifiers", len(ids))
	}
	first, second := deriveUUID("a", "b"), deriveUUID("a", "b")
	if first != second {
		t.Error("the same pair gave two identifiers")
	}
}

func TestTableIsWrittenTwiceWithItsChecksums(t *testing.T) {
	const sectors = 16384
	parts := []extent{{number: 15, name: "esp", typ: typeGUIDs()["esp"], guid: deriveUUID("t", "esp"), first: 2048, last: 4095}}
	image := writeTestTable(t, sectors, parts)
	for _, at := range []int64{1, sectors - 1} {
		header := image[at*sectorSize:][:92]
		if string(header[:8]) != "EFI PART" {
			t.Fatalf("sector %d holds no header", at)
		}
		sum := binary.LittleEndian.Uint32(header[16:])
		clean := append([]byte(nil), header...)
		binary.LittleEndian.PutUint32(clean[16:], 0)
		if got := crc32.ChecksumIEEE(clean); got != sum {
			t.Errorf("header in sector %d: checksum %#x, want %#x", at, sum, got)
		}
		if self := binary.LittleEndian.Uint64(header[24:]); int64(self) != at {
			t.Errorf("header in sector %d says it is in %d", at, self)
		}
		table := int64(binary.LittleEndian.Uint64(header[72:])) * sectorSize
		entries := image[table:][:gptEntries*gptEntrySize]
		if got, want := crc32.ChecksumIEEE(entries), binary.LittleEndian.Uint32(header[88:]); got != want {
			t.Errorf("entries of the header in sector %d: checksum %#x, want %#x", at, want, got)
		}
		esp := entries[14*gptEntrySize:]
		if got := binary.LittleEndian.Uint64(esp[32:]); got != 2048 {
			t.Errorf("partition 15 begins at %d", got)
		}
	}
	if image[510] != 0x55 || image[511] != 0xaa || image[446+4] != 0xee {
		t.Error("sector 0 is no protective boot record")
	}
}

func TestLongPartitionNamesAreRefused(t *testing.T) {
	name := "a name of more than thirty-six characters"
	_, err := gptEntryArray([]extent{{number: 1, name: name, typ: deriveUUID("a", "b"), guid: deriveUUID("a", "c")}})
	if err == nil {
		t.Error("taken")
	}
}

func writeTestTable(t *testing.T, sectors int64, parts []extent) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "disk")
	if err := makeSparse(name, sectors*sectorSize); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := writeGPT(f, deriveUUID("t", "disk"), sectors, parts); err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return image
}
