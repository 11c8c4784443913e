package result

import (
	"context"

	"distrolab/labs/report"
	"distrolab/labs/results"
)

// Contents is one session, read and compared.
type Contents struct {
	Session    results.Session
	Runs       []results.Run
	Warnings   []string // lines that could not be read
	Comparison results.Comparison
}

// Backend reads and keeps sessions. Its methods are called from commands and
// may wait. Sessions are named by their ids.
type Backend interface {
	// List returns the newest sessions, the newest first.
	List(ctx context.Context) ([]results.Listed, error)
	// Read reads one session with its runs.
	Read(ctx context.Context, id string) (Contents, error)
	// Export writes a session to a path and says where that is. It answers with
	// an error that is fs.ErrExist when something is there and overwrite is false.
	Export(ctx context.Context, id string, format report.Format, path string, overwrite bool) (string, error)
	// Import takes in an exported session, a directory or an archive, and says
	// which it is and how many runs of it were new.
	Import(ctx context.Context, path string) (id string, runs int, err error)
	// Report makes sure that the session has its HTML report, and says where.
	Report(ctx context.Context, id string) (string, error)
	// Delete removes a session with all its logs.
	Delete(ctx context.Context, id string) error
}
