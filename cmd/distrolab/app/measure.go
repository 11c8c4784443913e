package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"distrolab/labs/bench"
	"distrolab/labs/hypervisor"
	"distrolab/labs/report"
	"distrolab/labs/results"
	"distrolab/labs/session"
	"distrolab/tui/chart"
)

// measure runs the session and reports whatever it has, also after an error.
func (a *application) measure(ctx context.Context, e experiment) error {
	store, err := a.results(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	id, err := a.session(ctx, store, e, nil, a.benchPrinter())
	if id == "" {
		return err
	}
	return errors.Join(err, a.reportSession(context.WithoutCancel(ctx), store, id, e.directory))
}

// session runs an experiment and gives the id of its session, also with an
// error when it had begun.
func (a *application) session(ctx context.Context, store *results.Store, e experiment, gate *session.Gate, tell func(session.Progress)) (string, error) {
	id, err := bench.Run(ctx, bench.Options{
		Home: e.home, URI: a.libvirtURI(), RuntimeDir: a.world.Getenv("XDG_RUNTIME_DIR"), Store: store,
		Host: os.DirFS("/"), Key: e.key, Run: runner, Log: a.log(),
		Tool: results.Tool{Version: version(), Commit: version()}, OnProgress: tell, Gate: gate, Earlier: e.earlier,
	}, e.design)
	var unavailable *hypervisor.UnavailableError
	if errors.As(err, &unavailable) {
		err = cannot(err)
	}
	return id, err
}

// reportSession prints the comparison and writes the report, and a copy of it
// and the session into a directory that was asked for.
func (a *application) reportSession(ctx context.Context, store *results.Store, id, directory string) error {
	if directory != "" {
		if err := store.Export(ctx, id, directory, true); err != nil {
			return err
		}
	}
	s, runs, warnings, err := store.Read(ctx, id)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		fmt.Fprintln(a.world.Err, w)
	}
	if len(runs) == 0 {
		return nil
	}
	comparison := results.Summarise(s, runs)
	path, err := a.reportPath(id)
	if err != nil {
		return err
	}
	paths := []string{path}
	if directory != "" {
		paths = append(paths, filepath.Join(directory, reportFile))
	}
	for _, p := range paths {
		if err := writeReport(p, s, runs, comparison); err != nil {
			return err
		}
	}
	if a.json() {
		return json.NewEncoder(a.world.Out).Encode(comparison)
	}
	v := a.view()
	lines := append([]string{""}, chart.Comparison(comparison, v.width, v.glyphs, v.styles)...)
	if err := printLines(a.world.Out, append(lines, a.joinSteps(comparison, runs)...)); err != nil {
		return err
	}
	fmt.Fprintf(a.world.Out, "\nreport   %s\nresults  distrolab results show %s\n", paths[len(paths)-1], id)
	return nil
}

// joinSteps draws one typical join of each system as steps: what waited for what.
func (a *application) joinSteps(c results.Comparison, runs []results.Run) []string {
	v := a.view()
	var lines []string
	for _, t := range c.Tables {
		for _, row := range t.Rows {
			i := slices.IndexFunc(runs, func(r results.Run) bool { return row.Join != nil && r.RunID == row.Join.Typical })
			if i < 0 {
				continue
			}
			lines = append(lines, "", row.Label+", a typical join ("+runs[i].RunID+")")
			lines = append(lines, chart.Join(runs[i].Timeline(), v.width, v.glyphs, v.styles)...)
		}
	}
	return lines
}

// reportFile is the report in a directory with the results of a session.
const reportFile = "report.html"

// reportPath is where the report of a session of the store is kept: it can be
// made again at any time.
func (a *application) reportPath(id string) (string, error) {
	h, err := a.home()
	if err != nil {
		return "", err
	}
	return filepath.Join(h.Results(), "reports", id+".html"), nil
}

func writeReport(path string, s results.Session, runs []results.Run, c results.Comparison) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("writing report: %w", err)
	}
	return writeWhole(path, true, func(w io.Writer) error { return report.WriteHTML(w, s, runs, c) })
}
