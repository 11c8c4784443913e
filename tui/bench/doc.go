// Package bench is the screen on which an experiment is designed and followed:
// which systems, boot or join, how many blocks; then what runs now, what has
// been measured so far, and what went wrong. The session itself runs behind the
// screen's Backend, whichever screen is shown; this package only tells it to
// pause or to stop, and computes no statistic of its own.
package bench
