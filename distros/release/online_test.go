package release

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	"distrolab/distros/image"
)

// TestOnline asks the vendors' real indexes for what the imitations are tested
// with, and has the signatures of indexes checked; it downloads no image. Run it
// by DISTROLAB_ONLINE=1 go test ./distros/release -run Online -v
func TestOnline(t *testing.T) {
	if os.Getenv("DISTROLAB_ONLINE") != "1" {
		t.Skip("set DISTROLAB_ONLINE=1 to ask the vendors' servers")
	}
	store, err := image.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	src := Source{Client: http.DefaultClient, Store: store}
	for _, d := range indexed(t) {
		for _, arch := range []string{"amd64", "arm64"} {
			t.Run(d.Name+" "+arch, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute) // the Image Factory may have to build
				defer cancel()
				if err := src.Reachable(ctx, d, Query{Arch: arch}); err != nil {
					t.Fatal(err)
				}
				r, err := src.Resolve(ctx, d, Query{Arch: arch})
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%s: %s (%s)", r.Version, r.Artifacts[0].URL, r.Verdict)
				if r.Trust != carriedTrust(d) {
					t.Errorf("trust is %s, want %s", r.Trust, carriedTrust(d))
				}
				all, err := src.Releases(ctx, d, Query{Arch: arch})
				if err != nil || len(all) == 0 {
					t.Errorf("its releases: %v, %v", all, err)
				}
			})
		}
	}
}
