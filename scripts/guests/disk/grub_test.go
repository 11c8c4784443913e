package main

import (
	"encoding/binary"
	"strings"
	"testing"
)

func TestBootSectorLoadsCoreFromItsPlace(t *testing.T) {
	boot := testBoot()
	code, err := patchBoot(boot, 48)
	if err != nil {
		t.Fatal(err)
	}
	if got := binary.LittleEndian.Uint64(code[0x5c:]); got != 48 {
		t.Errorf("kernel sector is %d, want 48", got)
	}
	if code[0x66] != 0x90 || code[0x67] != 0x90 {
		t.Error("the drive check is still a jump")
	}
	if len(code) != 440 {
		t.Errorf("%d bytes of boot code would overwrite the partition record", len(code))
	}
	if boot[0x66] != 0xeb {
		t.Error("the caller's bytes were changed")
	}
}

func TestCoreLoadsItsOwnRest(t *testing.T) {
	for _, c := range []struct {
		name    string
		size    int
		sectors uint16
	}{
		{"whole sectors", 512 * 10, 9},
		{"a partial last sector", 512*10 + 1, 10},
		{"one byte more than the first sector", 513, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			core, err := patchCore(testCore(c.size), 48)
			if err != nil {
				t.Fatal(err)
			}
			if got := binary.LittleEndian.Uint64(core[0x1f4:]); got != 49 {
				t.Errorf("the rest begins at sector %d, want 49", got)
			}
			if got := binary.LittleEndian.Uint16(core[0x1fc:]); got != c.sectors {
				t.Errorf("the rest has %d sectors, want %d", got, c.sectors)
			}
		})
	}
}

func TestImagesThatAreNotGRUBs(t *testing.T) {
	noJump := testBoot()
	noJump[0x66] = 0
	for name, err := range map[string]error{
		"short":   second(patchBoot(make([]byte, 100), 48)),
		"no jump": second(patchBoot(noJump, 48)),
		"zeros":   second(patchCore(make([]byte, 2048), 48)),
		"empty":   second(patchCore(nil, 48)),
		"huge":    second(patchCore(testCore(0x10001*512), 48)),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "patching ") {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func second(_ []byte, err error) error { return err }

func testBoot() []byte {
	boot := make([]byte, 512)
	boot[0x66], boot[0x67], boot[510], boot[511] = 0xeb, 0x05, 0x55, 0xaa
	return boot
}

func testCore(size int) []byte {
	core := make([]byte, size)
	binary.LittleEndian.PutUint16(core[0x1fe:], 0x820)
	return core
}
