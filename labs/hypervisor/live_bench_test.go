package hypervisor

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkCreateToResume is the time from the request to running processors;
// BenchmarkVirshCreate is the same domain by virsh, to compare in one run.
func BenchmarkCreateToResume(b *testing.B) {
	c := live(b)
	for b.Loop() {
		m, err := c.Create(b.Context(), firmwareOnly(b, "bench"), CreateOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if err := m.Resume(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := m.Destroy(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func BenchmarkVirshCreate(b *testing.B) {
	c := live(b)
	d := firmwareOnly(b, "bench")
	document, err := d.XML()
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "domain.xml")
	if err := os.WriteFile(path, []byte(document), 0o644); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if output, err := exec.Command("virsh", "-c", c.URI(), "create", path).CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, output)
		}
		b.StopTimer()
		m, err := c.Lookup(b.Context(), d.Name)
		if err != nil {
			b.Fatal(err)
		}
		if err := m.Destroy(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
