// Package screen says what a screen of the app is, and the words in which
// screens speak to the frame around them: actions with their keys, news,
// failures, questions, and where to go next. Each screen is a package of its
// own (catalog, compare, config, lab, bench, result); package tui frames them.
// This one imports nothing of ours but the look, the catalog and the intent, and
// has no effects.
package screen
