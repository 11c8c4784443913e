package report

import (
	"encoding/json"
	"fmt"
	"io"

	"distrolab/labs/results"
)

// WriteJSONLines writes the session in the first line and then each of its
// runs. The field schema tells which is which.
func WriteJSONLines(w io.Writer, s results.Session, runs []results.Run) error {
	out := json.NewEncoder(w)
	if err := out.Encode(s); err != nil {
		return fmt.Errorf("writing session %s: %w", s.ID, err)
	}
	for _, r := range runs {
		if err := out.Encode(r); err != nil {
			return fmt.Errorf("writing run %s of session %s: %w", r.RunID, s.ID, err)
		}
	}
	return nil
}

// writeJSON writes the comparison as -o json prints it.
func writeJSON(w io.Writer, c results.Comparison) error {
	data, err := c.JSON()
	if err == nil {
		_, err = w.Write(append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("writing comparison of session %s: %w", c.Session, err)
	}
	return nil
}
