package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"distrolab/labs/results"
)

// The elements of JUnit XML that CI systems read.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Timestamp  string          `xml:"timestamp,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
		Output     string          `xml:"system-out,omitempty"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Class   string       `xml:"classname,attr"`
		Name    string       `xml:"name,attr"`
		Time    string       `xml:"time,attr,omitempty"`
		Failure *junitReason `xml:"failure"`
		Skipped *junitReason `xml:"skipped"`
	}
	junitReason struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the session as JUnit XML: a suite for each set of
// conditions, and in it two gates for each system. "every run finishes" fails
// when a run did not, and is skipped when none was valid. "not slower" is the
// rule of regressions, by v: against another session, or against the baseline
// in the same blocks. It is skipped where runs cannot tell, and not there where
// v is nil.
func WriteJUnit(w io.Writer, s results.Session, runs []results.Run, c results.Comparison, v *results.Versus) error {
	top := junitSuites{Name: printable("distrolab " + s.ID)}
	for _, t := range c.Tables {
		suite := suiteOf(s, t, runs, v)
		if len(top.Suites) == 0 {
			suite.Output = printable(strings.Join(append([]string{c.Answer}, slices.Concat(c.Banners, c.Warnings, c.Notes)...), " "))
		}
		top.Tests, top.Failures, top.Skipped = top.Tests+suite.Tests, top.Failures+suite.Failures, top.Skipped+suite.Skipped
		top.Suites = append(top.Suites, suite)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("writing test report of session %s: %w", s.ID, err)
	}
	out := xml.NewEncoder(w)
	out.Indent("", "  ")
	if err := out.Encode(top); err != nil {
		return fmt.Errorf("writing test report of session %s: %w", s.ID, err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func suiteOf(s results.Session, t results.Table, runs []results.Run, v *results.Versus) junitSuite {
	suite := junitSuite{Name: printable(conditions(t)), Timestamp: s.Started.UTC().Format("2006-01-02T15:04:05")}
	for _, f := range slices.Concat(designFacts(s, runs), environmentFacts(s)) {
		suite.Properties = append(suite.Properties, junitProperty{f.Name, printable(f.Value)})
	}
	for _, r := range t.Rows {
		suite.Cases = append(suite.Cases, finishes(t, r, runs))
		if v != nil {
			if gate, ok := notSlower(t, r, *v); ok {
				suite.Cases = append(suite.Cases, gate)
			}
		}
	}
	for _, k := range suite.Cases {
		suite.Tests++
		if k.Failure != nil {
			suite.Failures++
		}
		if k.Skipped != nil {
			suite.Skipped++
		}
	}
	return suite
}

func newCase(t results.Table, r results.Row, name string) junitCase {
	k := junitCase{Class: printable("distrolab." + string(t.Scenario) + "." + strings.ReplaceAll(r.Label, ".", "_")), Name: printable(name)}
	if iv := r.Primary(); !math.IsNaN(iv.Median) && !math.IsInf(iv.Median, 0) {
		k.Time = fmt.Sprintf("%.3f", iv.Median)
	}
	return k
}

// finishes is the gate that every valid run got to its end.
func finishes(t results.Table, r results.Row, runs []results.Run) junitCase {
	k := newCase(t, r, "every run finishes")
	switch {
	case r.Unfinished > 0:
		var causes []string
		for _, run := range runs {
			unfinished := run.Outcome == results.OutcomeTimeout || run.Outcome == results.OutcomeFailed
			if unfinished && slices.ContainsFunc(r.Points, func(p results.Point) bool { return p.RunID == run.RunID }) {
				causes = append(causes, printable(run.RunID+": "+run.Cause))
			}
		}
		k.Failure = &junitReason{
			Message: fmt.Sprintf("%d of %d runs did not finish", r.Unfinished, r.Total), Type: "unfinished", Text: strings.Join(causes, "\n"),
		}
	case r.OK == 0:
		k.Skipped = &junitReason{Message: fmt.Sprintf("none of %d runs is valid", r.Total)}
	}
	return k
}

// notSlower is the gate of regressions, where the row was compared.
func notSlower(t results.Table, r results.Row, v results.Versus) (junitCase, bool) {
	i := slices.IndexFunc(v.Rows, func(x results.VersusRow) bool { // the same row, not one like it under other conditions
		return len(x.B.Points) > 0 && len(r.Points) > 0 && x.B.Points[0].RunID == r.Points[0].RunID
	})
	if i < 0 {
		return junitCase{}, false
	}
	row, than := v.Rows[i], "in session "+v.A
	if v.Baseline != "" {
		than = "than " + v.Baseline
	}
	k := newCase(t, r, "not slower "+than)
	switch row.Judgement {
	case results.JudgedRegression:
		k.Failure = &junitReason{Message: printable(row.Verdict), Type: "regression"}
	case results.JudgedOpen, results.JudgedNot:
		k.Skipped = &junitReason{Message: printable(strings.TrimSpace(row.Verdict + " " + v.Unjudged))}
	}
	return k, true
}

// within is what a session's own baseline says, or nil where none was named.
func within(s results.Session, runs []results.Run) *results.Versus {
	if s.Baseline == "" {
		return nil
	}
	v, err := results.Within(s, runs, "")
	if err != nil {
		return nil // one system only, or no measured run: nothing to compare
	}
	return &v
}
