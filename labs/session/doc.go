// Package session says what an experiment that runs tells of itself and how it
// is held: its events, the order of its blocks, when it has seen enough, and a
// gate between runs. It is what the command line and the app know of a session;
// labs/bench runs it. The package does nothing but wait at its gate.
package session
