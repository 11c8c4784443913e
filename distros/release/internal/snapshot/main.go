// Command snapshot asks every vendor's index and writes what it offers now to
// distros/release/snapshot.json, which distrolab carries for those without a
// network. Run it from the module's root: go run ./distros/release/internal/snapshot
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"time"

	"distrolab/distros"
	"distrolab/distros/release"
)

// file is what is rewritten.
const file = "distros/release/snapshot.json"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "snapshot: %v\n", err)
		os.Exit(1)
	}
}

// run writes what could be asked, also when some indexes did not answer.
func run(ctx context.Context) error {
	catalog, err := distros.Load()
	if err != nil {
		return err
	}
	old, err := release.Snapshot()
	if err != nil {
		return err
	}
	source := release.Source{Client: http.DefaultClient}
	fresh, asking := source.Refresh(ctx, catalog, old, time.Now())
	text, err := lines(fresh)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return fmt.Errorf("writing the snapshot: %w; run this from the module's root", err)
	}
	return asking
}

// lines writes a JSON list with one release in each line, so that a change is
// easy to review.
func lines(all []release.Known) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("[\n")
	for i, k := range all {
		line, err := json.Marshal(k)
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", k.Distro, err)
		}
		out.Write(line)
		if i < len(all)-1 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
	}
	out.WriteString("]\n")
	return out.Bytes(), nil
}
