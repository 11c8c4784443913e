// Package results keeps what was measured: one session of an experiment is a
// directory with session.json (the design, written first) and runs.jsonl (one
// line per finished run, appended and synced, so that a killed program loses no
// finished run). It reads such directories, also hostile or torn ones, and
// summarises them.
//
// It touches only the directory it is given and, for the facts of the host, an
// [io/fs.FS] rooted at /.
package results
