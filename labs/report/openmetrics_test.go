package report_test

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"distrolab/labs/report"
	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
)

func metricsText(t *testing.T, s results.Session, runs []results.Run) string {
	t.Helper()
	var b strings.Builder
	if err := report.WriteOpenMetrics(&b, s, results.Summarise(s, runs)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// series reads samples by the grammar of OpenMetrics 1.0, without time stamps.
func series(t *testing.T, text string) map[string]float64 {
	t.Helper()
	sample := regexp.MustCompile(`^([a-z_]+(?:\{(?:[a-z0-9_]+="(?:[^"\\\n]|\\["\\n])*",?)*\})?) (\S+)$`)
	values := map[string]float64{}
	lines := strings.Split(text, "\n")
	if len(lines) < 2 || lines[len(lines)-2] != "# EOF" || lines[len(lines)-1] != "" {
		t.Error("the text does not end with # EOF")
	}
	for _, line := range lines[:len(lines)-1] {
		if strings.HasPrefix(line, "# ") {
			continue
		}
		m := sample.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("no sample: %q", line)
			continue
		}
		v, err := strconv.ParseFloat(m[2], 64)
		if _, again := values[m[1]]; again || err != nil {
			t.Errorf("%q: again %v, %v", line, again, err)
		}
		values[m[1]] = v
	}
	return values
}

func TestMetricsAreTheComparison(t *testing.T) {
	for _, session := range []func() (results.Session, []results.Run){
		func() (results.Session, []results.Run) { return resultstest.Session(10) },
		func() (results.Session, []results.Run) { return resultstest.JoinSession(10, results.JoinCold) },
	} {
		s, runs := session()
		milestone := "boot_complete"
		if s.Scenario.Joins() {
			milestone = "node_ready"
		}
		found := 0
		values := series(t, metricsText(t, s, runs))
		for _, row := range results.Summarise(s, runs).Tables[0].Rows {
			for key, v := range values {
				is := func(name string, labels ...string) bool {
					for _, l := range append(labels, fmt.Sprintf("os=%q", row.Subject.OS)) {
						if !strings.Contains(key, l) {
							return false
						}
					}
					return strings.HasPrefix(key, name+"{")
				}
				var want float64
				iv := row.Primary()
				switch {
				case is("distrolab_median_seconds", `milestone="`+milestone+`"`):
					want = iv.Median
				case is("distrolab_median_low_seconds", `milestone="`+milestone+`"`):
					want = iv.Low
				case is("distrolab_median_high_seconds", `milestone="`+milestone+`"`):
					want = iv.High
				case is("distrolab_runs", `outcome="unfinished"`):
					want = float64(row.Unfinished)
				case is("distrolab_time_ratio"):
					want = row.Ratio.Ratio
				default:
					continue
				}
				found++
				if v != want {
					t.Errorf("%s is %v, want %v", key, v, want)
				}
			}
		}
		if found != 3*5-1 { // the baseline has no ratio
			t.Errorf("%d samples were found", found)
		}
	}
}

// TestPrometheusReadsTheMetrics hands hostile and ordinary sessions to the
// reference parser of the format.
func TestPrometheusReadsTheMetrics(t *testing.T) {
	const check = `import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
print(sum(len(f.samples) for f in parse(sys.stdin.read())))`
	if err := exec.Command("/usr/bin/python3", "-c", "import prometheus_client.openmetrics.parser").Run(); err != nil {
		t.Skip("python3-prometheus-client is not installed")
	}
	for name, session := range map[string]func() (results.Session, []results.Run){
		"hostile": hostileSession, "boots": func() (results.Session, []results.Run) { return resultstest.Session(10) },
		"joins":   func() (results.Session, []results.Run) { return resultstest.JoinSession(6, results.JoinWarm) },
		"nothing": func() (results.Session, []results.Run) { return results.Session{ID: "x"}, nil },
	} {
		s, runs := session()
		text := metricsText(t, s, runs)
		cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", "-c", check)
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.CombinedOutput()
		if want := len(series(t, text)); err != nil || strings.TrimSpace(string(out)) != strconv.Itoa(want) {
			t.Errorf("%s: %v, it read %s samples of %d", name, err, out, want)
		}
	}
}

func TestMetricsOfUnknownTimesAreNotThere(t *testing.T) {
	s, runs := resultstest.Session(3) // too few for intervals
	text := metricsText(t, s, runs)
	if strings.Contains(text, "NaN") || strings.Contains(text, "distrolab_median_low_seconds{") || !strings.Contains(text, "distrolab_median_seconds{") {
		t.Errorf("metrics of three blocks:\n%s", text)
	}
}
