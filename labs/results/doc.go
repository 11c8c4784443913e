// Package results keeps what was measured and says what it means. The store is
// one SQLite database with raw logs beside it: a run is on the disk when it was
// appended, whatever ends the program after that. Sessions leave and enter the
// store as directories of JSON Lines, also hostile or torn ones. Summaries and
// comparisons are computed from the runs, never stored.
//
// It touches only the directories that it is given and, for the facts of the
// host, an [io/fs.FS] rooted at /.
package results
