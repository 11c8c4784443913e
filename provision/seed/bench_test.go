package seed_test

import (
	"math/rand/v2"
	"testing"

	"distrolab/provision"
	"distrolab/provision/seed"
)

// BenchmarkVolume packs a config of 1 MB; the aim is below 5 ms.
func BenchmarkVolume(b *testing.B) {
	content := make([]byte, 1<<20)
	for i := range content {
		content[i] = byte(rand.IntN(256))
	}
	cfg := volume("cidata", provision.Document{Name: "user-data", Content: string(content)},
		provision.Document{Name: "meta-data", Content: "instance-id: a\n"})
	b.SetBytes(1 << 20)
	for b.Loop() {
		if _, err := seed.Pack(cfg, ""); err != nil {
			b.Fatal(err)
		}
	}
}
