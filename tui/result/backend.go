package result

import (
	"context"

	"distrolab/labs/results"
)

// Contents is one session, read and compared.
type Contents struct {
	Session    results.Session
	Runs       []results.Run
	Warnings   []string // lines that could not be read
	Comparison results.Comparison
}

// Format is a form in which a session can be written for others.
type Format string

// The formats, in the order in which they are offered.
const (
	HTML     Format = "html"  // the report: one file, pictures and all
	Markdown Format = "md"    // answer, limits and tables
	CSV      Format = "csv"   // a line for each run
	JSON     Format = "json"  // the comparison
	JSONL    Format = "jsonl" // the runs as they were recorded
)

func formats() []Format { return []Format{HTML, Markdown, CSV, JSON, JSONL} }

// words say what a format holds.
func (f Format) words() string {
	switch f {
	case HTML:
		return "report with pictures, one file"
	case Markdown:
		return "answer, limits and tables, for an issue or a chat"
	case CSV:
		return "a line for each run, for a spreadsheet"
	case JSON:
		return "the comparison, as -o json prints it"
	}
	return "every run as it was recorded"
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
	Export(ctx context.Context, id string, format Format, path string, overwrite bool) (string, error)
	// Report makes sure that the session has its HTML report, and says where.
	Report(ctx context.Context, id string) (string, error)
	// Delete removes a session with all its logs.
	Delete(ctx context.Context, id string) error
}
