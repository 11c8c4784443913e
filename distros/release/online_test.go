package release

import (
	"context"
	"os"
	"testing"
	"time"
)

// TestOnline asks the vendors' real indexes; it downloads no image. Run it by
// DISTROLAB_ONLINE=1 go test ./distros/release -run Online -v
func TestOnline(t *testing.T) {
	if os.Getenv("DISTROLAB_ONLINE") != "1" {
		t.Skip("set DISTROLAB_ONLINE=1 to ask the vendors' servers")
	}
	for _, name := range []string{"flatcar", "fedora-coreos", "debian"} {
		for _, arch := range []string{"amd64", "arm64"} {
			t.Run(name+" "+arch, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				src := source(t)
				if err := src.Reachable(ctx, entry(t, name), Query{Arch: arch}); err != nil {
					t.Fatal(err)
				}
				r, err := src.Resolve(ctx, entry(t, name), Query{Arch: arch})
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%s %s: %s (%s)", r.Distro, r.Version, r.Artifacts[0].URL, r.Verdict)
			})
		}
	}
}
