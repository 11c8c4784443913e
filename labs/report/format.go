package report

import (
	"fmt"
	"io"
	"slices"

	"distrolab/labs/results"
)

// Format is a form in which a session can be written.
type Format string

// The formats.
const (
	HTML        Format = "html"        // the report: one file, pictures and data
	Markdown    Format = "md"          // answer, limits and tables, for a pull request
	CSV         Format = "csv"         // a line for each run
	JSON        Format = "json"        // the comparison
	JSONLines   Format = "jsonl"       // the session and its runs, one record a line
	JUnit       Format = "junit"       // a test case for each system and gate
	Benchfmt    Format = "benchfmt"    // Go's benchmark format, for benchstat
	OpenMetrics Format = "openmetrics" // medians and intervals, for Prometheus
)

// Formats lists all formats.
func Formats() []Format {
	return []Format{HTML, Markdown, CSV, JSON, JSONLines, JUnit, Benchfmt, OpenMetrics}
}

// Known says whether f is one of [Formats].
func (f Format) Known() bool { return slices.Contains(Formats(), f) }

// Words says what a format is for.
func (f Format) Words() string {
	switch f {
	case HTML:
		return "report in one HTML file: pictures, every run, environment, method, data"
	case Markdown:
		return "Markdown for a pull request or an issue: answer, limits and tables"
	case CSV:
		return "CSV with a line for each run and a column for each milestone"
	case JSON:
		return "JSON of the comparison: medians, intervals, ratios, points"
	case JSONLines:
		return "JSON Lines: the session, then each run as it was recorded"
	case JUnit:
		return "JUnit XML: a test case for each system and gate"
	case Benchfmt:
		return "Go's benchmark format, for benchstat"
	case OpenMetrics:
		return "OpenMetrics text, for Prometheus"
	}
	return ""
}

// Extension is how the name of a file in the format ends.
func (f Format) Extension() string {
	switch f {
	case JUnit:
		return ".xml"
	case Benchfmt:
		return ".bench.txt"
	case OpenMetrics:
		return ".om.txt"
	}
	return "." + string(f)
}

// Write writes a session in a format. The comparison is that of the runs.
func Write(w io.Writer, f Format, s results.Session, runs []results.Run, c results.Comparison) error {
	switch f {
	case HTML:
		return WriteHTML(w, s, runs, c)
	case Markdown:
		return WriteMarkdown(w, s, runs, c)
	case CSV:
		return WriteCSV(w, s, runs)
	case JSON:
		return writeJSON(w, c)
	case JSONLines:
		return WriteJSONLines(w, s, runs)
	case JUnit:
		return WriteJUnit(w, s, runs, c, within(s, runs))
	case Benchfmt:
		return WriteBenchfmt(w, s, runs, c)
	case OpenMetrics:
		return WriteOpenMetrics(w, s, c)
	}
	return fmt.Errorf("writing report of session %s: format %.20q is not known", s.ID, string(f))
}
